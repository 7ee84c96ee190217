"""
Where a release begins: what the last one left, and all that can be checked before anything is done.

Nothing is changed by it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import config, credentials, destination, releaserecord, sources, tagging
from wheeldock.errors import DeploymentRefusedError, TagRefusedError, UsageError
from wheeldock.gathering import Place
from wheeldock.phrases import some
from wheeldock.releaserecord import Record, Step
from wheeldock.sources import DirectorySource
from wheeldock.state import State
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheeldock.candidate import Candidate
    from wheeldock.destination import Destination

    Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command line asks to release."""

    version: str = ""
    """"" for the one that the project says."""
    sign: bool = False
    yes: bool = False
    """Whether nobody is asked."""
    dry_run: bool = False
    """Whether all that can be is checked and shown, and nothing is done."""
    repository: str = ""
    repository_url: str = ""
    index_url: str = ""


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where a release begins."""

    candidate: Candidate
    record: Record
    """How far it has come already."""
    output: Path
    """The folder that is built and deployed."""
    left_over: bool
    """Whether there is a tag of this name, of a release that was given up, and it is here alone."""


def find(asked: Asked, environ: Mapping[str, str], say: Say) -> Start:
    """
    Find out where to begin, and what is in the way.

    Raises TagRefusedError, DeploymentRefusedError, UsageError, or what `tagging.find` raises.
    """
    place = Place.here()
    _check_source(place)
    last = releaserecord.read(State.here().released)
    version = asked.version or _version_of(last, place)
    candidate = tagging.find(version, push=True, building=True)
    to = destination.resolve(asked.repository, asked.repository_url, asked.index_url, environ)
    fresh = Record(
        version=candidate.version, tag=candidate.tag, commit=candidate.commit, to=to.upload_url
    )
    goes_on = last if last and last.is_of(fresh) and candidate.is_tagged_here else None
    left_over = _is_left_over(last, candidate)
    if left_over:
        tags = {name: at for name, at in candidate.tags.items() if name != candidate.tag}
        candidate = replace(candidate, tags=tags)
    if not goes_on:
        tagging.check(candidate, say)
    elif candidate.changes:
        raise TagRefusedError(f"not committed: {some(candidate.changes)}")
    output = place.settings.output_dir
    record = _with_files_as_built(goes_on, output, say) if goes_on else fresh
    if Step.DEPLOY not in record.done:
        _check_credentials(to, environ)
    return Start(candidate=candidate, record=record, output=output, left_over=left_over)


def _version_of(last: Record | None, place: Place) -> str:
    """The version of a release of this commit that stopped, "" where there is none."""
    return last.version if last and last.commit == place.repository.head() else ""


def _check_source(place: Place) -> None:
    """Raise UsageError when a build here is of another project than the one that is tagged."""
    downloads = State.here().downloads
    text = config.source_text(os.environ)
    built = sources.open_source(text, cwd=Path.cwd(), download_dir=downloads)
    if not isinstance(built, DirectorySource) or built.path != place.source.path.resolve():
        raise UsageError(
            f"a release here would tag {place.project.name} ({place.source.path}), "
            f"and build {built.path}",
            cure="Release from the folder of the project that is built.",
        )


def _is_left_over(last: Record | None, candidate: Candidate) -> bool:
    return (
        last is not None
        and (last.tag, Step.TAG in last.done) == (candidate.tag, True)
        and Step.PUSH not in last.done
        and last.commit != candidate.commit
        and candidate.tags.get(candidate.tag) == last.commit
        and candidate.remote.tag is None
    )


def _with_files_as_built(record: Record, output: Path, say: Say) -> Record:
    """The record, from the build on if what was built is not there as it was."""
    for name, sha256 in record.files.items():
        path = output / name
        distribution = read_distribution(path) if path.is_file() else None
        if distribution is None or distribution.sha256() != sha256:
            say(f"note: {path} is not as it was built: building again")
            return record.before(Step.BUILD)
    return record


def _check_credentials(to: Destination, environ: Mapping[str, str]) -> None:
    """Raise DeploymentRefusedError when nobody could deploy, now and not after the build."""
    given = credentials.given(to, environ)
    if given is not None:
        problem = credentials.flaw(given, to)
    else:
        problem = "" if _is_trusted(to, environ) else credentials.missing(to)
    if problem:
        raise DeploymentRefusedError([problem], cure="Nothing was done.")


def _is_trusted(to: Destination, environ: Mapping[str, str]) -> bool:
    """Whether a CI says who this is, and the repository takes that."""
    from wheeldock import sessions  # noqa: PLC0415 - requests takes long to import
    from wheeldock.trustedpublishing import TrustedPublisher  # noqa: PLC0415

    bundle = sessions.certificates(to, environ)
    with sessions.session(bundle, to.client_cert) as session:
        return TrustedPublisher(to.upload_url, session, lambda _: None).offered()
