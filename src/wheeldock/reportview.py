"""What became of each target of a run, as people are told: a table, and a line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.text import Text

from wheeldock.console import columns
from wheeldock.phrases import counted
from wheeldock.report import SDIST, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console
    from rich.table import Table

    from wheeldock.report import RunReport, TargetReport


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
    what = [f"{counted(wheels, 'wheel')}{whom}"] if wheels else []
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
