"""The record of a release, `.wheeldock/release.json`: how far it has come, and of which commit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING

from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = 1
"""The version of the record's format."""


class Step(str, Enum):
    """A step of a release; the order is theirs."""

    TAG = "tag"
    BUILD = "build"
    TEST = "test"
    VERIFY = "verify"
    PUSH = "push"
    DEPLOY = "deploy"


@dataclass(frozen=True, kw_only=True)
class Record:
    """How far a release has come."""

    version: str
    tag: str
    commit: str
    to: str
    """The upload URL of the repository that it goes to."""
    done: tuple[Step, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    """The sha256 of what was built, by file name."""

    def is_of(self, other: Record) -> bool:
        """Whether it is of the same release, however far that has come."""
        return replace(self, done=other.done, files=other.files) == other

    def with_done(self, step: Step, files: Mapping[str, str] | None = None) -> Record:
        """The record once a step is done, which may have made files."""
        return replace(
            self,
            done=(*self.done, step),
            files=self.files if files is None else files,
        )

    def before(self, step: Step) -> Record:
        """The record with a step, and all after it, to be done again."""
        steps = list(Step)
        earlier = steps[: steps.index(step)]
        return replace(self, done=tuple(each for each in self.done if each in earlier))


def read(path: Path) -> Record | None:
    """The last release's record, None where there is none that can be read."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content.pop("schema") != SCHEMA:
            return None
        done = tuple(map(Step, content.pop("done")))
        return Record(**content, done=done)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return None


def write(record: Record, path: Path) -> None:
    """Write a record, all at once. Raises OSError."""
    text = json.dumps({"schema": SCHEMA, **asdict(record)}, indent=2)
    write_whole(path, f"{text}\n")
