"""What became of each target of a run: the report file, and its table for people."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

SCHEMA = 1
"""The version of the report file's format; it grows when a reader must know."""

SDIST = "sdist"
"""The name of the target that is no wheel."""


@dataclass(frozen=True, kw_only=True)
class TargetReport:
    """What became of one target."""

    name: str
    """A build identifier, or `sdist`."""
    file: str | None
    """The name of what was built; None when the build failed."""
    size: int | None
    """Its size in bytes."""
    sha256: str | None
    """The hexadecimal digest of its bytes."""
    stages: Mapping[str, float]
    """Seconds spent in each Dockerfile stage, in the order in which they began."""
    seconds: float
    """What it took by the clock."""
    cached: bool
    """Whether every step came from the cache."""
    error: str = ""
    """Why it failed: a line that names the stage, then the last lines of its log."""
    exit_code: int = 0
    """The exit code of that failure; 0 when there is none."""


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
    targets: tuple[TargetReport, ...]


def write(report: RunReport, path: Path) -> None:
    """Write the report as JSON, all at once: a reader sees the old file or the new one."""
    text = json.dumps(as_json(report), indent=2) + "\n"
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="ascii")
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def read(path: Path) -> RunReport:
    """
    Read a report file.

    Raises OSError, or ValueError when it is no report or one of another schema.
    """
    raise NotImplementedError


def as_json(report: RunReport) -> dict[str, Any]:
    """The report as JSON's own types, as `write` writes it."""
    return {"schema": SCHEMA, **asdict(report)}


def table(report: RunReport, columns: Sequence[str] = ()) -> Table:
    """A row for each target, with those columns, or all."""
    raise NotImplementedError


def closing_line(report: RunReport, output: Path) -> str:
    """The run in a line, e.g. `5 wheels and the sdist in dist/, 4 cached, 12.3 s`."""
    raise NotImplementedError


def show(report: RunReport, output: Path, console: Console) -> None:
    """Print the table, in two parts where the console is narrow, and the closing line."""
    raise NotImplementedError
