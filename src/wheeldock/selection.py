"""
Which build identifiers a run is for, and why not the others. Pure.

An identifier is selected when each filter lets it pass: `archs`, `enable`, `build`, `skip` and the
project's requires-python, with cibuildwheel's meaning. What images have is not asked here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING

from wheeldock.identifier import Group, known_identifiers, matched, matching
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from packaging.specifiers import SpecifierSet

    from wheeldock.identifier import BuildIdentifier
    from wheeldock.tags import Platform


class Reason(str, Enum):
    """What leaves an identifier out: an option, the project, or its base image."""

    ARCHS = "archs"
    BUILD = "build"
    ENABLE = "enable"
    SKIP = "skip"
    REQUIRES_PYTHON = "requires-python"
    ONLY = "only"
    INTERPRETER = "interpreter"
    """The base image lacks it."""
    IMAGE = "image"
    """There is no base image here, and nobody asked for what it is for."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class LeftOut:
    """An identifier that is not built."""

    identifier: BuildIdentifier
    reason: Reason
    why: str
    """The reason for people, e.g. `skip has 'cp39-*'`."""


@dataclass(frozen=True, kw_only=True)
class Selector:
    """What is asked for."""

    build: tuple[str, ...] = ("*",)
    """Globs of what to build."""
    skip: tuple[str, ...] = ()
    """Globs of what to leave out of that."""
    archs: tuple[str, ...] = ("auto",)
    """The words that named the architectures."""
    architectures: frozenset[Architecture] = frozenset([Architecture.X86_64])
    """What they mean on this machine."""
    enable: frozenset[Group] = frozenset()
    """Groups of interpreters that are built for, too."""
    requires_python: SpecifierSet | None = None
    only: tuple[str, ...] = ()
    """Identifiers, which overrule all the rest."""

    @cached_property
    def built(self) -> frozenset[str]:
        """The identifiers that `build` matches."""
        return matched(self.build)

    @cached_property
    def skipped(self) -> frozenset[str]:
        """The identifiers that `skip` matches."""
        return matched(self.skip)

    def allows(self, identifier: BuildIdentifier) -> bool:
        """Whether requires-python has the identifier's Python."""
        # The newest patch release stands for the minor version: `>=3.9.2` does not exclude 3.9.
        version = f"{identifier.python_version}.99"
        return self.requires_python is None or self.requires_python.contains(version)

    def against(self, identifier: BuildIdentifier) -> LeftOut | None:
        """What leaves the identifier out, or None."""
        obstacles = self._names(identifier) if self.only else self._filters(identifier)
        return next((LeftOut(identifier, *obstacle) for obstacle in obstacles), None)

    def _names(self, identifier: BuildIdentifier) -> Iterator[tuple[Reason, str]]:
        if str(identifier) not in self.only:
            yield Reason.ONLY, "--only names others"

    def _filters(self, identifier: BuildIdentifier) -> Iterator[tuple[Reason, str]]:
        name, group = str(identifier), identifier.group
        if identifier.architecture not in self.architectures:
            here = ", ".join(sorted(self.architectures)) or "nothing"
            yield Reason.ARCHS, f"archs = {text(self.archs)} means {here} here"
        if name not in self.built:
            yield Reason.BUILD, f"build = {text(self.build)} has it not"
        if group is not None and group not in self.enable:
            yield Reason.ENABLE, f"enable does not name {group}"
        if name in self.skipped:
            globs = [glob for glob in self.skip if name in matching(glob, [name])]
            yield Reason.SKIP, f"skip has {' and '.join(map(repr, globs))}"
        if not self.allows(identifier):
            yield Reason.REQUIRES_PYTHON, f"requires-python = '{self.requires_python}'"

    def asks_for(self, platform: Platform) -> bool:
        """
        Whether the platform's libc was asked for by name: by `--only`, or by a glob for it alone.

        `*` and `cp313-*` are for whatever there is.
        """
        return bool(self.only) or any(_is_for(glob, platform) for glob in self.build)

    def __str__(self) -> str:
        return (
            f"build = {text(self.build)}, skip = {text(self.skip)}, archs = {text(self.archs)}, "
            f"enable = {text(sorted(map(str, self.enable)))}, "
            f"requires-python = {str(self.requires_python or 'any')!r}"
        )


@dataclass(frozen=True)
class Selection:
    """What was selected."""

    selector: Selector
    identifiers: tuple[BuildIdentifier, ...]
    """In the order of `--only`, else by platform and version."""
    left_out: tuple[LeftOut, ...]


def select(selector: Selector) -> Selection:
    """
    Select identifiers, perhaps none.

    What is asked for in vain is a matter of `wishes.check`.
    """
    verdicts = {identifier: selector.against(identifier) for identifier in known_identifiers()}
    chosen = [identifier for identifier, obstacle in verdicts.items() if obstacle is None]
    if selector.only:
        chosen.sort(key=lambda identifier: selector.only.index(str(identifier)))
    return Selection(selector, tuple(chosen), tuple(filter(None, verdicts.values())))


def text(words: Sequence[str]) -> str:
    """Words as one string in quotes, as an option may have them."""
    return repr(" ".join(words))


def _is_for(glob: str, platform: Platform) -> bool:
    meant = matched((glob,))
    platforms = {i.platform for i in known_identifiers() if str(i) in meant}
    return platform in platforms and {other.libc for other in platforms} == {platform.libc}
