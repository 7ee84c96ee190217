"""What the user sees while it builds: a live display, a log, JSON lines, or nothing."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from rich.console import Console

    from wheeldock.events import Event
    from wheeldock.record import BuildRecord
    from wheeldock.report import RunReport, TargetReport


class ProgressMode(str, Enum):
    """How to show progress: the values of `--progress`."""

    AUTO = "auto"
    """Live in a terminal, else plain."""
    PLAIN = "plain"
    """A line when a stage begins and when it ends."""
    JSON = "json"
    """Objects on the standard output, one a line, and nothing else there."""
    QUIET = "quiet"
    """Nothing: errors are not the display's."""


class Progress(Protocol):
    """A display. Its methods may be called from several threads at once."""

    def __enter__(self) -> Progress:
        """Begin to show."""

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Show no more, and leave the terminal as it was."""

    def say(self, text: str) -> None:
        """Show a message for people."""

    def started(self, name: str) -> None:
        """Show that the target of that name is being built from now on."""

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Show what a target's build said; the record has it already."""

    def finished(self, report: TargetReport) -> None:
        """Show what became of a target."""

    def summary(self, report: RunReport, output: Path) -> None:
        """Show what became of the run, whose files are in that folder."""


def open_progress(mode: ProgressMode, console: Console) -> Progress:
    """The display of that mode. People's text goes to the console, JSON to standard output."""
    raise NotImplementedError
