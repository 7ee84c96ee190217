"""What became of each target of a run: the report file, and its table for people."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from rich.filesize import decimal
from rich.text import Text

from wheeldock.columns import columns
from wheeldock.errors import StoppedError
from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from rich.console import Console
    from rich.table import Table

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


def reason(target: TargetReport) -> str:
    """The first line of why it failed, without the target's name."""
    line = target.error.partition("\n")[0]
    return line.removeprefix(target.name).strip(",: ")


def file(target: TargetReport) -> str:
    """The name of what was built, or `by` what it is served, or ""."""
    return target.file or (f"by {target.served_by}" if target.served_by else "")


def seconds(value: float) -> str:
    """A duration for people."""
    return f"{value:.1f} s"


STYLES = {
    **dict.fromkeys(("built", "given", "passed"), "green"),
    **dict.fromkeys(("cached", "served"), "cyan"),
    **dict.fromkeys(("failed", "stopped"), "red"),
}
"""rich's style for each outcome."""

_WORTH_NAMING = 0.05
"""Seconds below which a stage is not in the table."""


def _stages(target: TargetReport) -> str:
    named = {stage: spent for stage, spent in target.stages.items() if spent >= _WORTH_NAMING}
    return ", ".join(f"{stage} {spent:.1f}" for stage, spent in named.items())


def _reused(target: TargetReport) -> str:
    """How much of what it compiled and linked came from the caches, e.g. `3/4 compiles`."""
    counts = (target.compiler_cache or {}).items()
    sums = ((kind, count["hits"], count["hits"] + count["misses"]) for kind, count in counts)
    return ", ".join(f"{hits}/{total} {kind}" for kind, hits, total in sums if total)


_COLUMNS: dict[str, Callable[[TargetReport], str]] = {
    "target": lambda target: target.name,
    "result": outcome,
    "time": lambda target: seconds(target.seconds),
    "file": file,
    "size": lambda target: "" if target.size is None else decimal(target.size),
    "sha256": lambda target: (target.sha256 or "")[:12],
    "seconds by stage": _stages,
    "reused": _reused,
}
_HOW = ("target", "result", "time", "seconds by stage", "reused")
_WHAT = ("file", "size", "sha256")


def table(report: RunReport) -> Table:
    """The run's targets, one in a row."""
    return _table(report.targets, tuple(_COLUMNS))


def _table(targets: Sequence[TargetReport], names: Sequence[str]) -> Table:
    if not any(map(_reused, targets)):
        names = [name for name in names if name != "reused"]
    made = columns(*names, whole="target")
    for target in targets:
        cells = (_COLUMNS[name](target) for name in names)
        made.add_row(*(Text(cell, style=STYLES.get(cell, "")) for cell in cells))
    return made


def closing_line(report: RunReport, output: Path) -> str:
    """The run in a line, e.g. `5 wheels and the sdist in dist/, 4 cached, 12.3 s`."""
    made = [target for target in report.targets if target.file]
    served = sum(bool(target.served_by) for target in report.targets)
    wheels = sum(target.name != SDIST for target in made)
    failed = len(report.targets) - len(made) - served
    cached = sum(target.cached for target in made)
    whom = f" for {wheels + served} interpreters" if served else ""
    what = [f"{wheels} wheel{'s' * (wheels != 1)}{whom}"] if wheels else []
    what += ["the sdist"] if len(made) > wheels else []
    parts = [f"{' and '.join(what)} in {_short(output)}"]
    if failed:
        parts = [f"{failed} of {len(report.targets)} failed"]
    if cached:
        parts.append(f"{'all' if cached == len(made) and not failed else cached} cached")
    return ", ".join([*parts, seconds(report.seconds)])


def _short(folder: Path) -> str:
    """The folder as a person would type it."""
    here = Path.cwd()
    return f"{folder.relative_to(here) if folder.is_relative_to(here) else folder}/"


def show(report: RunReport, output: Path, console: Console) -> None:
    """Print the table, in two parts where the console is too narrow for one, and a line."""
    whole = table(report)
    anything = console.options.update(max_width=sys.maxsize)
    if console.measure(whole, options=anything).maximum <= console.width:
        parts = [whole]
    else:
        files = [target for target in report.targets if target.file]
        parts = [_table(report.targets, _HOW), *([_table(files, _WHAT)] if files else [])]
    for part in parts:
        console.print()
        console.print(part)
    console.print()
    console.print(
        closing_line(report, output),
        markup=False,
        highlight=False,
        soft_wrap=not console.is_terminal,
    )
