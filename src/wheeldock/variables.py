"""
Reading environment variables: `WHEELDOCK_BEFORE_ALL`, and `…_LINUX`, which is stronger.

A variable that is empty empties its option, but for those that cannot be empty. `…_INHERIT` says
which variables join what is there before them.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from wheeldock.dialects import FOREIGN, FOREIGN_VARIABLES, OTHER_PLATFORMS, PLATFORM
from wheeldock.settings import Inherit, Place
from wheeldock.tables import INHERIT, read_inherit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.dialects import Dialect
    from wheeldock.settings import Findings


def read(environ: Mapping[str, str], dialect: Dialect, findings: Findings) -> list[str]:
    """Read a dialect's environment variables; return the names of those that set something."""
    texts = {name: text for name, text in environ.items() if name.startswith(dialect.prefix)}
    place = dialect.variable(INHERIT)
    platforms = (PLATFORM, *OTHER_PLATFORMS)
    rules = read_inherit(texts.get(place, {}), place, findings, dialect, platforms)
    used: list[str] = []
    for suffix in ("", f"-{PLATFORM}"):
        given = {name: texts.get(dialect.variable(name + suffix)) for name in dialect.options}
        values = {
            name: from_text(name, text, dialect)
            for name, text in given.items()
            if text or (text is not None and not dialect.options[name].empty_is_unset)
        }
        names = {option: dialect.variable(option + suffix) for option in values}
        inherit = {
            option: rules.get(option + suffix, Inherit.APPEND)
            for option in values
            if option + suffix in rules or dialect.options[option].environment_adds
        }
        findings.add_all(
            values,
            Place(
                dialect=dialect, place=names.__getitem__, origin=names.__getitem__, inherit=inherit
            ),
        )
        used += names.values()
    _read_rest(texts, dialect, findings)
    return used


_NOTHING_ASKED = {"", "0", "false", "no", "auto", PLATFORM}


def _read_rest(texts: Mapping[str, str], dialect: Dialect, findings: Findings) -> None:
    """Say what the variables that are none of an option have no meaning for."""
    known = {
        dialect.variable(name + suffix): name
        for name in (*dialect.options, *FOREIGN, INHERIT)
        for suffix in ("", f"-{PLATFORM}")
    }
    for name, why in FOREIGN_VARIABLES.items() if not dialect.strict else ():
        if texts.get(dialect.variable(name), "").lower() not in _NOTHING_ASKED:
            findings.meaningless(dialect.variable(name), why, dialect)
    others = tuple(f"_{platform.upper()}" for platform in OTHER_PLATFORMS)
    for variable, text in texts.items():
        option = known.get(variable, "")
        if option in FOREIGN and text:
            findings.meaningless(variable, FOREIGN[option], dialect)
        if option or not text or variable.endswith(others):
            continue
        # Other programs may have variables of that prefix: only a near miss is one of ours.
        if close := get_close_matches(variable, known, n=1, cutoff=0.9):
            if dialect.strict:
                findings.unread.add(known[close[0]])
            meant = f"unknown option; did you mean {known[close[0]]!r}?"
            findings.meaningless(variable, meant, dialect)


def from_text(option: str, text: str, dialect: Dialect) -> object:
    """What TOML would have for an option's text."""
    return dialect.options[option].kind.from_text(text) if option in dialect.options else text
