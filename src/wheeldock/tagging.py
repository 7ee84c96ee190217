"""
`invoke tag`: an annotated tag of a version, once every check has passed, pushed alone.

Nothing is changed before all that the checks look at is known.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock import gathering, tagchecks
from wheeldock.candidate import DIGITS
from wheeldock.errors import RepositoryError, TagRefusedError
from wheeldock.gathering import Place
from wheeldock.git import GitError
from wheeldock.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheeldock.candidate import Candidate

    Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command line asks to tag."""

    version: str = ""
    """"" for the one that the project says."""
    sign: bool = False
    """Whether to sign it, whatever Git's configuration says."""
    push: bool = True
    dry_run: bool = False
    """Whether all of it is checked and nothing is tagged."""


def run(asked: Asked, say: Say) -> None:
    """
    Tag the commit that is checked out, and push the tag unless told otherwise.

    A tag that is there already, of the same commit, is left as it is. Raises TagRefusedError with
    all that is in the way, UsageError when the version is not known, RepositoryError when Git
    fails, ConfigurationError, or what `open_source` raises.
    """
    candidate = find(asked.version, push=asked.push)
    if candidate.is_tagged_here and (candidate.is_tagged_there or not asked.push):
        say(f"The tag {candidate.tag} is there already, of this commit.")
        return
    check(candidate, say)
    if asked.dry_run:
        where = f"{candidate.tag} at {candidate.commit[:DIGITS]}"
        say(f"Nothing is in the way of {where}, and nothing was tagged.")
        return
    make(candidate, say, sign=asked.sign)
    if asked.push:
        push(candidate, say)


def find(version: str, *, push: bool, building: bool = False) -> Candidate:
    """
    Find out what there is to know of the commit that is checked out.

    It is tagged as `version`, or as what the project says. With `building` the output folder is
    made anew from the tag, so that what is in it does not matter. Raises what `run` raises.
    """
    with _explained("Git failed"):
        return gathering.candidate(Place.here(), version, push=push, building=building)


def check(candidate: Candidate, say: Say) -> None:
    """Say what is to be noted. Raises TagRefusedError with all that is in the way of the tag."""
    findings = tagchecks.check(replace(candidate, index=gathering.index(candidate)))
    for finding in findings:
        if finding.is_note:
            say(f"note: {finding.text}")
    problems = [finding.text for finding in findings if not finding.is_note]
    if problems:
        lines = "".join(f"\n  {problem}" for problem in problems)
        name = candidate.tag or candidate.version
        raise TagRefusedError(f"{name} was not tagged:{lines}")


def make(candidate: Candidate, say: Say, *, sign: bool) -> None:
    """Make the tag, if it is not there yet. Raises RepositoryError."""
    if candidate.is_tagged_here:
        return
    # What is released, and what the changelog says of it.
    title = f"{candidate.project} {candidate.version}".strip()
    message = "\n\n".join(filter(None, [title, candidate.changelog.section]))
    with _explained(f"the tag {candidate.tag} could not be made"):
        Repository(candidate.root).tag(candidate.tag, candidate.commit, message, sign=sign)
    say(f"Tagged {candidate.commit[:DIGITS]} as {candidate.tag}.")


def push(candidate: Candidate, say: Say) -> None:
    """Push the tag and nothing else, if it is not there yet. Raises RepositoryError."""
    tag, remote = candidate.tag, candidate.remote.name
    if candidate.is_tagged_there:
        say(f"{remote} has {tag} already.")
        return
    cure = (
        f"The tag is here: `invoke tag {candidate.version}` pushes it, "
        f"`git tag -d {tag}` takes it back."
    )
    with _explained(f"{remote} did not take the tag {tag}", cure):
        Repository(candidate.root).push(remote, tag)
    say(f"Pushed {tag} to {remote}.")


def take_back(candidate: Candidate, say: Say) -> None:
    """Take a tag away that is here alone. Raises RepositoryError."""
    with _explained(f"the tag {candidate.tag} could not be taken back"):
        Repository(candidate.root).untag(candidate.tag)
    say(f"Took back the tag {candidate.tag}, which was here alone.")


@contextlib.contextmanager
def _explained(what: str, cure: str = "") -> Iterator[None]:
    try:
        yield
    except GitError as error:
        raise RepositoryError(f"{what}: {error.said}", cure=cure) from None
