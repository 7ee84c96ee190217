"""
Reading the table of a pyproject.toml: `[tool.wheeldock]`, or `[tool.cibuildwheel]`.

It has options; a table `linux`, which is stronger; and `overrides`, which are for the build
identifiers that they select and stronger still. Each may say in `inherit` that a value joins what
is there before it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import fields, lists
from wheeldock.dialects import FOREIGN, OTHER_PLATFORMS, PLATFORM, meant, unknown
from wheeldock.identifier import matched
from wheeldock.options import OPTIONS
from wheeldock.settings import Inherit, Place
from wheeldock.values import Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.dialects import Dialect
    from wheeldock.settings import Findings

OVERRIDES, SELECT, INHERIT = "overrides", "select", "inherit"
"""The keys that are no options."""

_RULES = ", ".join(rule.value for rule in Inherit)


@dataclass(frozen=True, kw_only=True)
class TableReader:
    """Reads a table, and tells what it finds."""

    findings: Findings
    dialect: Dialect
    path: object
    """The file, as messages name it."""

    def read(self, table: Mapping[str, object]) -> None:
        """Read a whole table."""
        head = f"tool.{self.dialect.name}"
        self._options(_without(table, PLATFORM, OVERRIDES), head)
        linux = table.get(PLATFORM, {})
        if isinstance(linux, dict):
            self._options(linux, f"{head}.{PLATFORM}")
        else:
            self._no_options(f"{head}.{PLATFORM}", linux, "a table")
        overrides = table.get(OVERRIDES, [])
        if not isinstance(overrides, list):
            self._no_options(f"{head}.{OVERRIDES}", overrides, "an array of tables")
            return
        for index, override in enumerate(overrides):
            self._override(override, f"{head}.{OVERRIDES}[{index}]")

    def _override(self, override: object, head: str) -> None:
        if not isinstance(override, dict):
            self._no_options(head, override, "a table")
            return
        place = f"{head}.{SELECT}"
        if SELECT not in override:
            self.findings.problems.append(
                f"{self.path}: {place}: missing; it has the globs of the build identifiers meant"
            )
        select = lists.required_globs(override.get(SELECT, "*"))
        if isinstance(select, Unexpected):
            self._wrong(place, select.value, select.expected)
            select = ()
            self.findings.unread.update(override)
        elif not matched(select):
            if not self.dialect.strict:
                return  # In cibuildwheel's words it may be for another platform.
            self._wrong(place, override[SELECT], "globs that select a build identifier of Linux")
            self.findings.unread.update(override)
        self._options(_without(override, SELECT), head, select)

    def _options(
        self, table: Mapping[str, object], head: str, select: tuple[str, ...] | None = None
    ) -> None:
        inherit = f"{self.path}: {head}.{INHERIT}"
        place = Place(
            dialect=self.dialect,
            place=lambda option: f"{self.path}: {head}.{option}",
            origin=lambda option: f"{self.path} [{head}] {option}",
            inherit=read_inherit(table.get(INHERIT, {}), inherit, self.findings, self.dialect),
            select=select,
        )
        self.findings.add_all(_without(table, INHERIT), place)

    def _no_options(self, place: str, value: object, expected: str) -> None:
        """Note a wrong value where options would be, any of them."""
        self.findings.unread.update(OPTIONS)
        self._wrong(place, value, expected)

    def _wrong(self, place: str, value: object, expected: str) -> None:
        self.findings.wrong(f"{self.path}: {place}", Unexpected(value, expected))


def _without(table: Mapping[str, object], *keys: str) -> dict[str, object]:
    return {key: value for key, value in table.items() if key not in keys}


def read_inherit(
    value: object,
    place: str,
    findings: Findings,
    dialect: Dialect,
    platforms: Sequence[str] = (),
) -> dict[str, Inherit]:
    """
    Read `{environment = "append"}`, or its form as a string: `environment: append; skip`.

    A name may end with one of `platforms`; those for Linux are in the answer with `-linux`.
    """
    table = _rules_of_text(value) if isinstance(value, str) else value
    if not isinstance(table, dict):
        expected = f"a table of options whose values are one of {_RULES}"
        findings.wrong(place, Unexpected(value, expected))
        findings.unread.update(OPTIONS)
        return {}
    read = {}
    for key, rule in table.items():
        platform = next((name for name in platforms if key.endswith(f"-{name}")), "")
        option = key.removesuffix(f"-{platform}")
        if platform in OTHER_PLATFORMS or (option in FOREIGN and not dialect.strict):
            continue
        if option not in OPTIONS:
            findings.unread.update(meant(option, OPTIONS))
            findings.problems.append(f"{place}: {key}: {unknown(option, OPTIONS)}")
        elif OPTIONS[option].kind.join is None and rule != Inherit.NONE:
            findings.problems.append(f"{place}: {key}: this option inherits nothing")
        elif rule not in list(Inherit):
            findings.unread.add(option)
            findings.wrong(f"{place}: {key}", Unexpected(rule, f"one of {_RULES}"))
        else:
            read[key] = Inherit(rule)
    return read


def _rules_of_text(text: str) -> dict[str, object] | None:
    """The rule of each option in a text, None when it cannot be read."""
    read: dict[str, object] = {}
    try:
        found = fields.split(text)
    except ValueError:
        return None
    for words in found:
        name, colon, rest = words[0].partition(":")
        if colon:
            read[name] = " ".join(filter(None, [rest, *words[1:]]))
        else:
            read.update(dict.fromkeys(words, Inherit.APPEND))
    return read
