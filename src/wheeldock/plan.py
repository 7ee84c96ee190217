"""
From configuration to a plan: one build target per wheel. Pure.

A plan says what would be built and why; nothing is fetched, run or written to make one.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock.errors import (
    InterpreterMissingError,
    NothingSelectedError,
    UnknownIdentifierError,
)
from wheeldock.identifier import BuildIdentifier, Selector, known_identifiers, matches

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.specifiers import SpecifierSet

    from wheeldock.tags import Architecture, Libc

_TOOLS_MINORS = range(10, 14)
"""The CPython minors that every pinned tool has a release for."""


@dataclass(frozen=True)
class BuildTarget:
    """One wheel to build."""

    identifier: BuildIdentifier
    platform_tag: str

    def __str__(self) -> str:
        return str(self.identifier)


@dataclass(frozen=True)
class Plan:
    """What a run builds."""

    targets: tuple[BuildTarget, ...]
    tools_interpreter: str
    """The interpreter that runs the tools and builds the sdist, a folder of /opt/python."""
    abis: frozenset[str] = frozenset()
    """The ABIs, e.g. `cp311-abi3`, by which its wheels are likely to serve several targets."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a base image can build: its interpreters for one platform."""

    image: str
    """The image, as errors name it."""
    interpreters: frozenset[str]
    """Folders of /opt/python, e.g. `cp313-cp313`."""
    libc: Libc
    architecture: Architecture
    platform_tag: str


def make_plan(
    offer: Offer,
    selector: Selector,
    *,
    only: Sequence[str] = (),
    requires_python: SpecifierSet | None = None,
    abis: frozenset[str] = frozenset(),
) -> Plan:
    """
    Choose what to build of what the base image can.

    `only` names identifiers outright and overrules the selector and `requires_python`.
    Raises UnknownIdentifierError, InterpreterMissingError or NothingSelectedError.
    """
    available = [i for i in known_identifiers() if _offered(i, offer)]
    if only:
        chosen = [_named(name, offer) for name in dict.fromkeys(only)]
    else:
        wanted = [i for i in known_identifiers() if selector(i) and _allowed(i, requires_python)]
        _check_globs(selector, offer, wanted)
        chosen = [i for i in wanted if _offered(i, offer)]
    if not chosen:
        raise _nothing_selected(offer, selector, requires_python)
    return Plan(
        targets=tuple(BuildTarget(identifier, offer.platform_tag) for identifier in chosen),
        tools_interpreter=_tools_interpreter(available, requires_python),
        abis=abis,
    )


def _offered(identifier: BuildIdentifier, offer: Offer) -> bool:
    return _same_platform(identifier, offer) and identifier.interpreter in offer.interpreters


def _same_platform(identifier: BuildIdentifier, offer: Offer) -> bool:
    return (identifier.libc, identifier.architecture) == (offer.libc, offer.architecture)


def _allowed(identifier: BuildIdentifier, requires_python: SpecifierSet | None) -> bool:
    # The newest patch release stands for the minor version: `>=3.9.2` does not exclude 3.9.
    return requires_python is None or requires_python.contains(f"{identifier.python_version}.99")


def _named(name: str, offer: Offer) -> BuildIdentifier:
    known = {str(identifier): identifier for identifier in known_identifiers()}
    if name not in known:
        raise UnknownIdentifierError(
            f"--only: {name!r} is no build identifier", cure=_suggestion(name, offer)
        )
    if not _same_platform(known[name], offer):
        raise InterpreterMissingError(
            f"--only {name}: the base image {offer.image} is for {offer.platform_tag}",
            cure=_suggestion(name, offer),
        )
    if not _offered(known[name], offer):
        raise _missing(f"--only {name}", [known[name]], offer)
    return known[name]


def _suggestion(name: str, offer: Offer) -> str:
    names = [str(identifier) for identifier in known_identifiers() if _offered(identifier, offer)]
    python = name.partition("-")[0]
    near = [other for other in names if other.partition("-")[0] == python]
    near = near or difflib.get_close_matches(name, names, n=3)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"The base image has {', '.join(names) or 'none'}."


def _check_globs(selector: Selector, offer: Offer, wanted: Sequence[BuildIdentifier]) -> None:
    """Refuse a glob that means nothing, or only what the base image should have and lacks."""
    for glob in selector.build:
        if not any(matches((glob,), identifier) for identifier in known_identifiers()):
            raise UnknownIdentifierError(
                f"build: {glob!r} matches no build identifier",
                cure="Identifiers look like cp313-manylinux_x86_64; globs and {a,b} are allowed.",
            )
        meant = [i for i in wanted if matches((glob,), i) and _same_platform(i, offer)]
        if meant and not any(_offered(identifier, offer) for identifier in meant):
            raise _missing(f"build = {glob!r}", meant, offer)


def _missing(
    wish: str, identifiers: Sequence[BuildIdentifier], offer: Offer
) -> InterpreterMissingError:
    lacks = " or ".join(identifier.interpreter for identifier in identifiers)
    has = ", ".join(sorted(offer.interpreters, key=_by_version)) or "none"
    return InterpreterMissingError(
        f"{wish}: the base image {offer.image} ({offer.platform_tag}) has no {lacks}; it has {has}",
        cure="Choose among those, or another image (manylinux-x86_64-image).",
    )


def _by_version(interpreter: str) -> tuple[int, str]:
    return len(interpreter), interpreter


def _nothing_selected(
    offer: Offer, selector: Selector, requires_python: SpecifierSet | None
) -> NothingSelectedError:
    return NothingSelectedError(
        f"nothing to build: build = {' '.join(selector.build)!r}, "
        f"skip = {' '.join(selector.skip)!r}, requires-python = {str(requires_python or 'any')!r} "
        f"leave none of the interpreters of {offer.image}",
        cure="Widen one of the three; `--dry-run` shows what is selected.",
    )


def _tools_interpreter(
    available: Sequence[BuildIdentifier], requires_python: SpecifierSet | None
) -> str:
    # It builds the sdist, too, so the project should allow it.
    def preference(identifier: BuildIdentifier) -> tuple[bool, bool, bool, int]:
        return (
            identifier.minor >= _TOOLS_MINORS.start,
            _allowed(identifier, requires_python),
            not identifier.free_threaded and identifier.minor in _TOOLS_MINORS,
            identifier.minor,
        )

    return max(available, key=preference).interpreter
