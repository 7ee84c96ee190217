"""
What the user sees while it builds: a live display, a log, JSON lines, or nothing.

A display never shows all that compilers print: it shows where each target is, and the error
that a run ends with has the last lines of the log.
"""

from __future__ import annotations

import json
import sys
import threading
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from wheeldock import report as reports
from wheeldock import reportview, trialreport
from wheeldock.errors import UsageError
from wheeldock.events import Log, Step

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.events import Event
    from wheeldock.record import BuildRecord
    from wheeldock.report import RunReport, TargetReport
    from wheeldock.trialreport import TestingReport


class ProgressMode(str, Enum):
    """How to show progress: the values of `--progress`."""

    AUTO = "auto"
    """Live in a terminal, else plain."""
    PLAIN = "plain"
    """A line when a stage begins and when it ends."""
    JSON = "json"
    """Objects on the standard output, one a line, and nothing else there."""
    QUIET = "quiet"
    """Nothing: the error that a run ends with is not the display's."""

    @classmethod
    def named(cls, name: str) -> ProgressMode:
        """The mode that `--progress` names. Raises UsageError."""
        try:
            return cls(name)
        except ValueError:
            allowed = ", ".join(mode.value for mode in cls)
            message = f"--progress: {name!r} is not one of {allowed}"
            raise UsageError(message) from None


LOG_WIDTH = 140
"""Columns of a log, which no terminal's width limits: a wheel's name stays in one piece."""


class Progress(AbstractContextManager["Progress"]):
    """
    A display, which shows nothing but what its kinds show.

    Its methods may be called from several threads at once.
    """

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind."""

    def say(self, text: str) -> None:
        """Show a message for people."""

    def started(self, name: str) -> None:
        """Show that the target of that name is being built from now on."""

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Show what a target's build said; the record has it already."""

    def finished(self, report: TargetReport) -> None:
        """Show what became of a target."""

    def summary(self, report: RunReport, output: Path) -> None:
        """Show what became of the run, whose files go to that folder."""

    def tested(self, report: TestingReport) -> None:
        """Show what became of all tests."""


def open_console(mode: ProgressMode) -> Console:
    """Where people's text goes: in JSON mode the standard output is for programs."""
    console = Console(stderr=mode is ProgressMode.JSON)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def open_progress(mode: ProgressMode, console: Console) -> Progress:
    """The display of that mode. People's text goes to the console, JSON to standard output."""
    if mode is ProgressMode.QUIET:
        return Progress()
    if mode is ProgressMode.JSON:
        return _JsonLines(console)
    # FORCE_COLOR makes rich take a pipe for a terminal, and CI systems set it.
    if mode is ProgressMode.AUTO and console.is_interactive and console.file.isatty():
        from wheeldock.live import Live  # noqa: PLC0415 - only a terminal needs it

        return Live(console)
    return Plain(console)


class Plain(Progress):
    """A line when a stage begins and when it ends, but none for what comes from the cache."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._running: dict[str, set[str]] = {}
        self._ended: dict[str, set[str]] = {}

    def say(self, text: str) -> None:
        """Print the message."""
        self._print(Text(text))

    def started(self, name: str) -> None:
        """Print nothing: its first stage says it, if there is anything to do."""
        self._running[name] = set()
        self._ended[name] = set()

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Print that a stage begins or ends, if that is what the event says."""
        if not isinstance(event, Step) or event.is_from or not event.stage:
            return
        stage, running, ended = event.stage, self._running[name], self._ended[name]
        if stage not in running | ended and event.started is not None and not event.cached:
            running.add(stage)
            self._print(Text(f"{name} {stage}: started"))
        if stage in running and record.is_done(stage):
            running.remove(stage)
            ended.add(stage)
            spent = reportview.seconds(record.seconds[stage])
            self._print(Text(f"{name} {stage}: done in {spent}"))

    def finished(self, report: TargetReport) -> None:
        """Print what became of the target."""
        outcome, spent = reports.outcome(report), reportview.seconds(report.seconds)
        why = f": {reportview.reason(report)}" if report.error else ""
        how = f"by {report.served_by}" if report.served_by else f"in {spent}"
        line = Text(f"{report.name}: ").append(outcome, reportview.STYLES[outcome])
        self._print(line.append(f" {how}{why}"))

    def summary(self, report: RunReport, output: Path) -> None:
        """Print the table."""
        reportview.show(report, output, self._console)

    def tested(self, report: TestingReport) -> None:
        """Print the table."""
        trialreport.show(report, self._console)

    def _print(self, line: Text) -> None:
        # A pipe's reader wraps lines as it likes; a terminal would do so within words.
        self._console.print(line, soft_wrap=not self._console.is_terminal)


class _JsonLines(Progress):
    """An object a line on standard output, for programs."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()

    def say(self, text: str) -> None:
        """Write a `message`."""
        self._write("message", text=text)

    def started(self, name: str) -> None:
        """Write a `started`."""
        self._write("started", target=name)

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Write a `step`, a `log` or a `notice`."""
        stage = record.stage_of(event)
        if isinstance(event, Step):
            more = {key: value for key, value in asdict(event).items() if key != "name"}
            self._write("step", target=name, stage=stage, text=event.name, **more)
        else:
            kind = "log" if isinstance(event, Log) else "notice"
            self._write(kind, target=name, stage=stage, text=event.text)

    def finished(self, report: TargetReport) -> None:
        """Write a `finished`, with the target's report."""
        self._write(
            "finished", target=report.name, text=reports.outcome(report), report=asdict(report)
        )

    def summary(self, report: RunReport, output: Path) -> None:
        """Write a `report`, with the run's."""
        text = reportview.closing_line(report, output)
        self._write("report", text=text, report=reports.as_json(report))

    def tested(self, report: TestingReport) -> None:
        """Write a `report`, with the tests'."""
        text = trialreport.closing_line(report)
        self._write("report", text=text, report=trialreport.as_json(report))

    def _write(
        self, kind: str, *, target: str = "", stage: str = "", text: str = "", **more: object
    ) -> None:
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        fields = {"time": now, "kind": kind, "target": target, "stage": stage, "text": text}
        line = json.dumps({**fields, **more}) + "\n"
        try:
            with self._lock:
                sys.stdout.write(line)
                sys.stdout.flush()
        except BrokenPipeError:
            self._console.on_broken_pipe()  # ends the run, as it does when people's text is cut off
