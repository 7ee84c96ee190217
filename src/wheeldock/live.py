"""The live display: a line for each target, drawn anew a few times a second."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.constrain import Constrain
from rich.live import Live as Region
from rich.text import Text

from wheeldock import report as reports
from wheeldock import reportview
from wheeldock.events import Step
from wheeldock.progress import Plain

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from wheeldock.events import Event
    from wheeldock.record import BuildRecord
    from wheeldock.report import RunReport, TargetReport
    from wheeldock.trialreport import TestingReport

REFRESHES = 8
"""How often a second the display is drawn, however much the builds say."""


_CTRL_C = "^C "
"""What a terminal echoes at the end of the last line, and must not begin another one with."""


@dataclass
class _Row:
    """What is shown of a target."""

    name: str
    began: float
    stage: str = ""
    line: str = ""
    """The last line of its log."""
    report: TargetReport | None = None
    """Once it has ended."""


class Live(Plain):
    """One line a target; it goes when the run ends, and the table takes its place."""

    def __init__(self, console: Console) -> None:
        super().__init__(console)
        self._rows: dict[str, _Row] = {}
        self._lock = threading.Lock()
        self._region = Region(
            console=console,
            get_renderable=self._render,
            refresh_per_second=REFRESHES,
            transient=True,
            vertical_overflow="crop",
        )

    def __exit__(self, *_: object) -> None:
        """Take the lines away and show the cursor again."""
        self._region.stop()

    def started(self, name: str) -> None:
        """Add a line for the target."""
        with self._lock:
            self._rows[name] = _Row(name, time.monotonic())
        self._region.start()

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Take note of the target's stage and the last line of its log."""
        row = self._rows[name]
        if isinstance(event, Step):
            row.stage = record.stage
        row.line = record.last_line.strip()

    def finished(self, report: TargetReport) -> None:
        """Show what became of the target in its line."""
        self._rows[report.name].report = report

    def summary(self, report: RunReport, output: Path) -> None:
        """Put the table in the place of the lines."""
        self._region.stop()
        super().summary(report, output)

    def tested(self, report: TestingReport) -> None:
        """Put the table in the place of the lines."""
        self._region.stop()
        super().tested(report)

    def _render(self) -> Constrain:
        with self._lock:
            rows = list(self._rows.values())
        shown = Group(*lines(rows, self._console.height - 1))
        return Constrain(shown, self._console.width - len(_CTRL_C))


def lines(rows: list[_Row], height: int) -> list[Text]:
    """
    A line a row.

    Where there is no room for all, those that were made well share one, and come first.
    """
    width = max((len(row.name) for row in rows), default=0)
    if len(rows) <= height:
        return [_line(row, width) for row in rows]
    shown = [row for row in rows if row.report is None or row.report.error]
    made = len(rows) - len(shown)
    head = [Text(f"{made} more are done", style="dim")] if made else []
    return [*head, *(_line(row, width) for row in shown)]


def _line(row: _Row, width: int) -> Text:
    if row.report is None:
        state, style = row.stage or "start", "bold"
        spent, said = time.monotonic() - row.began, row.line
    else:
        state = reports.outcome(row.report)
        style, spent = reportview.STYLES[state], row.report.seconds
        said = reportview.reason(row.report) or reportview.file(row.report)
    line = Text(f"{row.name:{width}}  ", no_wrap=True, overflow="crop")
    line.append(f"{state:10}", style).append(f"{reportview.seconds(spent):>8}  ")
    return line.append(said, "dim")
