"""
Whether a commit may become a release: every check that `invoke tag` makes before it tags.

A check looks at what was found out before and yields what is wrong, or a note that stops nothing.
Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from wheeldock.candidate import DIGITS, Kinship, Versioning
from wheeldock.phrases import some
from wheeldock.tagname import parsed, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from packaging.version import Version

    from wheeldock.candidate import Candidate

DEFAULT_BRANCHES = ("main", "master")


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    text: str
    is_note: bool = False
    """Whether it stops nothing."""


def check(candidate: Candidate) -> list[Finding]:
    """All that is to be said against a release, and notes."""
    return [finding for each in CHECKS for finding in each(candidate)]


def _note(text: str) -> Finding:
    return Finding(text, is_note=True)


def _clean_tree(candidate: Candidate) -> Iterator[Finding]:
    if candidate.changes:
        yield Finding(f"not committed: {some(candidate.changes)}")


def _branch(candidate: Candidate) -> Iterator[Finding]:
    allowed = candidate.branches or tuple(
        dict.fromkeys(filter(None, [candidate.remote.default_branch, *DEFAULT_BRANCHES]))
    )
    names = ", ".join(allowed)
    if not candidate.branch:
        yield Finding(f"no branch is checked out; releases are made on {names}")
    elif not any(fnmatchcase(candidate.branch, glob) for glob in allowed):
        where = f"releases are made on {names} (option release-branches)"
        yield Finding(f"the branch is {candidate.branch}; {where}")


def _in_step(candidate: Candidate) -> Iterator[Finding]:
    remote, branch = candidate.remote, candidate.branch
    if not remote.name:
        if candidate.push:
            yield Finding("there is no remote to push to; `--no-push` tags here alone")
        else:
            yield _note("there is no remote: whether the branch is in step with one is not known")
    elif remote.failure:
        said = f"{remote.name} does not answer: {remote.failure}"
        yield Finding(said) if candidate.push else _note(said)
    elif branch and remote.kinship is not Kinship.SAME:
        told = {
            Kinship.AHEAD: f"{branch} has commits that {remote.name} has not: `git push`",
            Kinship.BEHIND: f"{remote.name} has commits of {branch} that are not here: `git pull`",
            Kinship.DIVERGED: f"{branch} and the one of {remote.name} have different commits",
            Kinship.NONE: f"{branch} follows no branch that {remote.name} has: "
            f"`git push --set-upstream {remote.name} {branch}`",
        }
        yield Finding(told[remote.kinship])


def _canonical_version(candidate: Candidate) -> Iterator[Finding]:
    version = _parsed(candidate)
    if version is None:
        yield Finding(f"{candidate.version!r} is no version (PEP 440), such as 1.0 or 1.0rc1")
        return
    if str(version) != candidate.version:
        yield Finding(f"{candidate.version!r} is not how PEP 440 writes it: {version}")
    if version.local:
        yield Finding(f"{version} has a local part, +{version.local}: no public index takes that")


def _project_version(candidate: Candidate) -> Iterator[Finding]:
    version = _parsed(candidate)
    if version is None:
        return
    if candidate.versioning is Versioning.BUILT:
        yield _note(f"{candidate.place} does not say the version: only the build shows it")
    elif candidate.stated is not None and parsed(candidate.stated) != version:
        yield Finding(f"{candidate.place} has version {candidate.stated}, and not {version}")


def _built_version(candidate: Candidate) -> Iterator[Finding]:
    version = _parsed(candidate)
    others = {path: built for path, built in candidate.built.items() if built != version}
    if version is None or not others:
        return
    are, them = ("is", "it") if len(others) == 1 else ("are", "them")
    what = f"{some(sorted(others))} {are} of {some(sorted({str(v) for v in others.values()}))}"
    if candidate.versioning is Versioning.FROM_TAG:
        yield _note(f"{what}, from before the tag: build again")
    else:
        yield Finding(f"{what}, and not of {version}: build again, or remove {them}")


def _tag_is_free(candidate: Candidate) -> Iterator[Finding]:
    version = _parsed(candidate)
    if version is None:
        return
    here = candidate.tags.get(candidate.tag)
    if here is not None and here != candidate.commit:
        at = f"at {here[:DIGITS]}, and HEAD is {candidate.commit[:DIGITS]}"
        yield Finding(f"there is a tag {candidate.tag} {at}; a tag is not moved")
    there = candidate.remote.tag
    if there not in {None, candidate.commit}:
        yield Finding(f"{candidate.remote.name} has a tag {candidate.tag}, at {there[:DIGITS]}")
    for name in candidate.tags:
        if name != candidate.tag and version_of(name, candidate.tag_format) == version:
            yield Finding(f"there is a tag of that version by another name: {name}")


def _highest_version(candidate: Candidate) -> Iterator[Finding]:
    version = _parsed(candidate)
    tagged = [version_of(name, candidate.tag_format) for name in candidate.tags]
    highest = max(filter(None, tagged), default=None)
    if version is not None and highest is not None and highest > version:
        yield _note(f"a higher version is tagged already: {highest}")


def _changelog(candidate: Candidate) -> Iterator[Finding]:
    changelog = candidate.changelog
    if changelog.file is None:
        yield _note("there is no changelog, such as a CHANGELOG.md")
    elif _parsed(candidate) is None:
        return
    elif changelog.section is None:
        yield Finding(f"{changelog.file} has no section of version {candidate.version}")
    elif not changelog.section:
        yield Finding(f"{changelog.file}: the section of version {candidate.version} is empty")


def _index_is_free(candidate: Candidate) -> Iterator[Finding]:
    index = candidate.index
    if index.failure:
        yield _note(f"whether {candidate.version} is on the index is not known: {index.failure}")
    elif index.files:
        yield Finding(f"{index.url} has {candidate.version} already: {some(index.files)}")


CHECKS: tuple[Callable[[Candidate], Iterator[Finding]], ...] = (
    *(_clean_tree, _branch, _in_step),
    *(_canonical_version, _project_version, _built_version),
    *(_tag_is_free, _highest_version, _changelog, _index_is_free),
)
"""Every check, in the order in which they are told."""


def _parsed(candidate: Candidate) -> Version | None:
    return parsed(candidate.version)
