"""What became of each target of a run, and the file that programs read it from."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from wheeldock.errors import StoppedError
from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.reuse import Counts

SCHEMA = 1
"""The version of the report file's format; it grows when a reader must know."""

SDIST = "sdist"
"""The name of the target that is no wheel."""


@dataclass(frozen=True, kw_only=True)
class TargetReport:
    """What became of one target."""

    made: ClassVar[str] = "built"
    """What a target is called that went well."""

    name: str
    """A build identifier, or `sdist`."""
    file: str | None = None
    """The name of what was built; None when the build failed."""
    size: int | None = None
    """Its size in bytes."""
    sha256: str | None = None
    """The hexadecimal digest of its bytes."""
    stages: Mapping[str, float]
    """Seconds spent in each Dockerfile stage, in the order in which they began."""
    seconds: float
    """What it took by the clock."""
    cached: bool = False
    """Whether every step came from the cache."""
    compiler_cache: Counts | None = None
    """
    The `hits` and `misses` among its `translations` (Cython's), `compiles` and `links`.

    None when it ran none of them.
    """
    build_requirements: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """
    What its build environment had: `version` and `files-sha256` by name; empty if not known.

    The latter is a digest of what the RECORD of the installed requirement says of its files.
    """
    epoch: int | None = None
    """The time that its build was given, in seconds since 1970; None for that of the commit."""
    warning: str = ""
    """What is odd of them: a line for the user."""
    error: str = ""
    """Why it failed: a line that names the stage, then the last lines of its log."""
    exit_code: int = 0
    """The exit code of that failure; 0 when there is none."""
    served_by: str = ""
    """The file name of another target's wheel that serves this one, too, which then has no file."""


@dataclass(frozen=True, kw_only=True)
class RunReport:
    """What became of a run."""

    wheeldock: str
    """The version of wheeldock that ran."""
    project: str
    version: str
    started: str
    """When, in UTC, as ISO 8601 writes it."""
    seconds: float
    base_image: str
    """The reference that FROM was given."""
    stand_in: bool
    """Whether the base image was a stand-in for an official one."""
    base_images: Mapping[str, str] = field(default_factory=dict)
    """The image of each wheel, by target; `base_image` is the sdist's."""
    targets: tuple[TargetReport, ...]


def write(report: RunReport, path: Path) -> None:
    """Write the report as JSON, all at once. Raises OSError."""
    write_whole(path, json.dumps(as_json(report), indent=2) + "\n")


def read(path: Path) -> RunReport:
    """
    Read a report file.

    Raises OSError, or ValueError when it is no report or one of another schema.
    """
    try:
        return parse(json.loads(path.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError) as error:
        message = f"{path}: no report of schema {SCHEMA}: {error}"
        raise ValueError(message) from None


def parse(fields: Any) -> RunReport:  # noqa: ANN401 - what a JSON file holds
    """The report that JSON's own types tell of; raises KeyError, TypeError or ValueError."""
    schema = fields.pop("schema", None) if isinstance(fields, dict) else None
    if schema != SCHEMA:
        message = f"its schema is {schema!r}"
        raise ValueError(message)
    targets = tuple(TargetReport(**target) for target in fields.pop("targets"))
    return RunReport(**fields, targets=targets)


def as_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON's own types, as `write` writes it."""
    return {"schema": SCHEMA, **asdict(report)}


def outcome(target: TargetReport) -> str:
    """The target's end in a word."""
    if target.error:
        return "stopped" if target.exit_code == StoppedError.code else "failed"
    if target.served_by:
        return "served"
    if target.cached:
        return "cached"
    return target.made if target.stages else "given"
