"""The record of a deployment, `.wheeldock/deploy.json`: what was sent, what it was answered."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING

from wheeldock import __version__
from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.destination import Destination
    from wheeldock.wheelhouse import Distribution

SCHEMA = 1
"""The version of the record's format; it grows when a reader must know."""


class Stage(str, Enum):
    """How far a file has come."""

    WAITING = "waiting"
    FAILED = "failed"
    SENT = "sent"
    """The repository was given it, and has not shown it yet."""
    LISTED = "listed"
    """The index lists it with its hash."""
    THERE = "already there"
    """The index listed it with its hash before anything was sent."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One time that a file was sent."""

    at: str
    """When it began, in UTC, as ISO 8601 writes it."""
    seconds: float
    said: str
    """What the repository answered, or what came in place of an answer."""


@dataclass(frozen=True, kw_only=True)
class FileRecord:
    """What became of a file."""

    file: str
    size: int
    sha256: str
    stage: Stage = Stage.WAITING
    url: str = ""
    """Where the index has it."""
    attempts: tuple[Attempt, ...] = ()

    @property
    def is_proven(self) -> bool:
        """Whether the index lists it with its hash."""
        return self.stage in {Stage.LISTED, Stage.THERE}


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """What became of all of them."""

    wheeldock: str
    """The version of wheeldock that ran."""
    project: str
    version: str
    repository: str
    upload_url: str
    index_url: str
    release_url: str
    """The page of the release for people, where that is known."""
    started: str
    """When, in UTC, as ISO 8601 writes it."""
    files: tuple[FileRecord, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the index lists every file with its hash."""
        return all(file.is_proven for file in self.files)


class Ledger:
    """A deployment as it goes on: the file, if there is one, is written anew with each step."""

    def __init__(self, deployment: Deployment, path: Path | None) -> None:
        self.deployment = deployment
        self._path = path

    def note(
        self, name: str, stage: Stage, *, url: str = "", attempt: Attempt | None = None
    ) -> None:
        """Write down how far a file has come."""
        more = (attempt,) if attempt else ()
        files = tuple(
            replace(file, stage=stage, url=url or file.url, attempts=file.attempts + more)
            if file.file == name
            else file
            for file in self.deployment.files
        )
        self.deployment = replace(self.deployment, files=files)
        self.write()

    def write(self) -> None:
        """Write the record, all at once. Raises OSError."""
        if self._path is None:
            return
        content = {"schema": SCHEMA, **asdict(self.deployment)}
        write_whole(self._path, json.dumps(content, indent=2) + "\n")


def begin(destination: Destination, index_url: str, files: tuple[Distribution, ...]) -> Deployment:
    """The record of a deployment of which nothing has been done."""
    project, version = files[0].name, str(files[0].version)
    return Deployment(
        wheeldock=__version__,
        project=project,
        version=version,
        repository=destination.name,
        upload_url=destination.upload_url,
        index_url=index_url,
        release_url=destination.release_url(project, version),
        started=now(),
        files=tuple(
            FileRecord(file=file.path.name, size=file.size, sha256=file.sha256()) for file in files
        ),
    )


def now() -> str:
    """The time in UTC, as ISO 8601 writes it."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
