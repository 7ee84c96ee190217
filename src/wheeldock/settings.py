"""Settings: one option that one place sets. A row of them, weakest first, is a configuration."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

from wheeldock import officialimages, pyproject
from wheeldock.dialects import meant
from wheeldock.identifier import matched
from wheeldock.options import OPTIONS
from wheeldock.values import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheeldock.dialects import Dialect
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.tags import Platform
    from wheeldock.values import Kind


DEFAULT = "default"
"""The origin of what nobody has set."""


class Inherit(str, Enum):
    """What a value does with the one that was there before."""

    NONE = "none"
    """It takes its place."""
    APPEND = "append"
    PREPEND = "prepend"


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One option that one place sets."""

    option: str
    value: object
    place: str
    """Where it is set, as messages name it."""
    origin: str
    """Where it is set, as `Config.origin` names it."""
    inherit: Inherit = Inherit.NONE
    select: tuple[str, ...] | None = None
    """Globs of the build identifiers that it is for; None for all."""


def resolve(
    settings: Iterable[Setting], identifier: BuildIdentifier | None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Each option's value and origin for a build identifier; None where no override counts."""
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for setting in settings:
        option, value, origin = setting.option, setting.value, setting.origin
        if setting.select is not None and str(identifier) not in matched(setting.select):
            continue
        join = OPTIONS[option].kind.join
        if join and setting.inherit is not Inherit.NONE and values.get(option):
            pair = (values[option], value)
            value = join(*(pair if setting.inherit is Inherit.APPEND else pair[::-1]))
            origin = f"{origins[option]} + {origin}"
        values[option], origins[option] = value, origin
    return values, origins


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where options stand: a table, or the environment."""

    dialect: Dialect
    place: Callable[[str], str]
    """How a message names an option there."""
    origin: Callable[[str], str]
    """How a value's origin names it."""
    inherit: Mapping[str, Inherit] = field(default_factory=dict)
    select: tuple[str, ...] | None = None


@dataclass
class Findings:
    """Gathers settings, and everything that is wrong with them."""

    settings: list[Setting] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What has no meaning, where that is no mistake."""
    unread: set[str] = field(default_factory=set)
    """The options that may have another value than the settings say, were nothing wrong."""

    def add_all(self, values: Mapping[str, object], place: Place) -> None:
        """Take in all that stands in one place."""
        for option, value in values.items():
            self._add(option, value, place)

    def _add(self, option: str, value: object, place: Place) -> None:
        where = place.place(option)
        flaw = place.dialect.flaw(option, overriding=place.select is not None)
        if flaw is not None:
            if place.dialect.strict:
                self.unread.update(meant(option, place.dialect.options))
            self.meaningless(where, flaw, place.dialect)
            return
        rule = OPTIONS[option]
        if not place.dialect.strict:
            if rule.empty_is_unset and value in ("", []):
                return
            value = _as_text(value, rule.kind)
        read = value if isinstance(value, Unexpected) else rule.kind.read(value)
        if platform := officialimages.platform_of(option):
            read = _image(read, platform, strict=place.dialect.strict)
        if isinstance(read, Unexpected):
            self.unread.add(option)
            self.wrong(where, read)
            return
        self.settings.append(
            Setting(
                option=option,
                value=read,
                place=where,
                origin=place.origin(option),
                inherit=place.inherit.get(option, Inherit.NONE),
                select=place.select,
            )
        )

    def wrong(self, place: str, value: Unexpected) -> None:
        """Note a wrong value."""
        got = pyproject.shown(value.value)
        self.problems.append(f"{place}: got {got}; expected {value.expected}")

    def meaningless(self, place: str, flaw: str, dialect: Dialect) -> None:
        """Note what has no meaning; `flaw` may be empty where that is nobody's business."""
        if flaw:
            (self.problems if dialect.strict else self.remarks).append(f"{place}: {flaw}")


def _as_text(value: object, kind: Kind) -> object:
    """
    What a value of cibuildwheel's tables is.

    A string there is what it is in a variable, and an empty list is an empty string.
    """
    if isinstance(value, str):
        return kind.from_text(value)
    return (kind.from_text("") or value) if value == [] else value


def _image(read: object, platform: Platform, *, strict: bool) -> object:
    """
    The image that was read for a platform, unless there is no official one of that short name.

    Who is not `strict` may name what nothing is built on: `imagechoice.check` tells of the rest.
    """
    value = read.value if isinstance(read, Unexpected) else read
    is_unknown = strict and officialimages.is_unknown(str(value), platform)
    if is_unknown or isinstance(read, Unexpected):
        return Unexpected(value, officialimages.expected(platform))
    return read
