"""What a selection asks for in vain: what is an error, and what only a warning. Pure."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from wheeldock.architectures import NAMED
from wheeldock.errors import NothingSelectedError, UnknownIdentifierError
from wheeldock.identifier import (
    identifiers_elsewhere,
    interpreters,
    known_identifiers,
    matched,
    matching,
)
from wheeldock.selection import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from wheeldock.selection import Selector


def check(selector: Selector, places: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """
    Return a warning for each glob that has no effect.

    `places` says where `build` and `skip` are set, for messages.

    Raises UnknownIdentifierError with every name that is none, or with every glob of `build` that
    matches nothing that can be built.
    """
    if selector.only:
        _check_names(selector.only)
        return ()
    named = {"build": "build", "skip": "skip", **(places or {})}
    if problems := list(_problems(selector, named["build"])):
        first, *_, last = interpreters()
        raise UnknownIdentifierError(
            problems,
            cure=f"Identifiers look like cp313-manylinux_x86_64, from {first} to {last}; globs and "
            "{a,b} are allowed.",
        )
    return (*_warnings(selector, named["build"]), *in_vain(selector.skip, named["skip"]))


def in_vain(globs: Iterable[str], place: str) -> Iterator[str]:
    """A warning for each glob of what to leave out that matches nothing anywhere."""
    for glob in globs:
        if not matched((glob,)) and not _is_elsewhere(glob):
            yield f"{place}: {glob!r} matches no build identifier and has no effect{_hint(glob)}"


def _problems(selector: Selector, place: str) -> Iterator[str]:
    for glob in selector.build:
        meant = [i for i in known_identifiers() if str(i) in matched((glob,))]
        groups = {identifier.group for identifier in meant}
        if not meant and not _is_elsewhere(glob):
            yield f"{place}: {glob!r} matches no build identifier{_hint(glob)}"
        elif meant and None not in groups and not groups & selector.enable:
            names = " or ".join(sorted(map(str, groups)))
            yield f"{place}: {glob!r} matches only what is off unless enable names {names}"


def _warnings(selector: Selector, place: str) -> Iterator[str]:
    for glob in selector.build:
        meant = matched((glob,))
        if not meant:
            yield f"{place}: {glob!r} is for other systems than Linux and has no effect"
        elif meant <= selector.skipped and len(selector.build) > 1:
            skip = text(selector.skip)
            yield f"{place}: {glob!r} has no effect, since skip = {skip} has all of it"


def _is_elsewhere(glob: str) -> bool:
    return any(True for _ in matching(glob, identifiers_elsewhere()))


def _hint(glob: str) -> str:
    """What may have been meant, as the end of a sentence."""
    glob = _with_usual_architecture(glob)
    python, dash, platform = glob.partition("-")
    platforms = dict.fromkeys(str(identifier.platform) for identifier in known_identifiers())
    candidates = [
        glob.lower(),
        f"{glob.lower()}-*" if not dash else glob,
        *(f"{near}-{platform}" for near in get_close_matches(python, interpreters(), cutoff=0.7)),
        *(f"{python}-{near}" for near in get_close_matches(platform, platforms, cutoff=0.8)),
    ]
    near = next((other for other in candidates if matched((other,))), None)
    return f"; did you mean {near!r}?" if near else ""


def _with_usual_architecture(name: str) -> str:
    """The name with the architecture as platform tags call it."""
    start, _, end = name.rpartition("_")
    return f"{start}_{NAMED[end.lower()]}" if end.lower() in NAMED else name


def _check_names(names: tuple[str, ...]) -> None:
    known = [str(identifier) for identifier in known_identifiers()]
    unknown = [name for name in dict.fromkeys(names) if name not in known]
    if unknown:
        cures = dict.fromkeys(_suggestion(name, known) for name in unknown)
        raise UnknownIdentifierError(
            "\n".join(f"--only: {name!r} is no build identifier" for name in unknown),
            cure=" ".join(cures),
        )


def _suggestion(name: str, known: list[str]) -> str:
    name = _with_usual_architecture(name.lower())
    python, _, platform = name.partition("-")
    near = get_close_matches(name, known, n=1, cutoff=0.9)
    if not near and python in interpreters():
        own = [other for other in known if other.partition("-")[0] == python]
        near = get_close_matches(f"{python}-{platform}", own, n=1, cutoff=0.6) or own[:1]
    if near or (near := get_close_matches(name, known, n=2)):
        return f"Did you mean {' or '.join(near)}?"
    return f"One looks like {known[0]}; `invoke plan --archs all` lists them."


def nothing_selected(selector: Selector, of_what: str = "") -> NothingSelectedError:
    """The error for a selection of nothing; `of_what` says what there was to select from."""
    lines = [f"nothing to build: {selector} leave none{of_what}"]
    if not selector.architectures and not selector.only:
        lines.append(f"archs = {text(selector.archs)} names no architecture on this machine")
    elif contradiction := contradicting(selector):
        lines.append(contradiction)
    elif not selector.built and not selector.only:
        lines.append(f"build = {text(selector.build)} is for other systems than Linux")
    return NothingSelectedError(
        "\n".join(lines),
        cure="Widen one of them: `invoke plan --allow-empty` shows what leaves each identifier "
        "out. `--allow-empty` makes it no error.",
    )


def contradicting(selector: Selector) -> str:
    """How `build` and `skip` contradict each other, where they do; else ""."""
    if selector.only or not selector.built or not selector.built <= selector.skipped:
        return ""
    return (
        f"build and skip contradict each other: skip = {text(selector.skip)} has all that "
        f"build = {text(selector.build)} has"
    )
