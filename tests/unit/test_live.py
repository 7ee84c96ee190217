import contextlib
import io
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console, Group
from rich.text import Text
from tests.unit.reports import run

from wheeldock import live
from wheeldock.events import Event, Log, Step
from wheeldock.live import REFRESHES, Live, _Row, lines
from wheeldock.progress import Progress, ProgressMode, open_progress
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
NOON = 1000.0
MAKE = "[build 1/1] RUN make"


@pytest.fixture
def _noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still."""
    monkeypatch.setattr(live, "time", SimpleNamespace(monotonic=lambda: NOON))


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def terminal(width: int = 80, height: int = 24) -> tuple[Console, Terminal]:
    out = Terminal()
    people = Console(file=out, force_terminal=True, width=width, height=height)
    return people, out


def report(name: str, error: str = "") -> TargetReport:
    return TargetReport(
        name=name,
        file=None if error else f"adder-1.0-{name}.whl",
        size=None if error else 1000,
        sha256=None if error else "0" * 64,
        stages={"build": 1.0},
        seconds=6.25,
        cached=False,
        error=error,
        exit_code=30 if error else 0,
    )


def tell(display: Progress, name: str, *events: Event) -> None:
    record = BuildRecord()
    for event in events:
        record.add(event)
        display.event(name, event, record)


def drawn(*rows: _Row, height: int = 24, width: int = 80) -> list[str]:
    people = Console(width=width, color_system=None)
    with people.capture() as capture:
        people.print(Group(*lines(list(rows), height)))
    return [line.rstrip() for line in capture.get().splitlines()]


def test_auto_is_live_in_a_terminal() -> None:
    people, _ = terminal()
    assert isinstance(open_progress(ProgressMode.AUTO, people), Live)


def test_auto_is_plain_in_a_dumb_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    people, _ = terminal()
    assert not isinstance(open_progress(ProgressMode.AUTO, people), Live)


@pytest.mark.usefixtures("_noon")
def test_a_line_shows_the_stage_the_seconds_and_the_last_line_of_the_log() -> None:
    people, _ = terminal()
    with Live(people) as display:
        display.started("cp313")
        display.started("cp39")
        make = Step("a", MAKE, started=1.0)
        tell(display, "cp313", make, Log("a", "one\n  \x1b[2J\x1b[31mtwo\x07\n"))
        assert drawn(*display._rows.values()) == [
            "cp313  build        0.0 s  two",
            "cp39   start        0.0 s",
        ]
        display.finished(report("cp313"))
        display.finished(report("cp39", "cp39, stage build: exit code 1\n    the log"))
        assert drawn(*display._rows.values()) == [
            "cp313  built        6.2 s  adder-1.0-cp313.whl",
            "cp39   failed       6.2 s  stage build: exit code 1",
        ]


def test_an_echoed_ctrl_c_has_room_at_the_end_of_each_line() -> None:
    people, out = terminal(width=40)
    with Live(people) as display:
        display.started("cp313")
        tell(display, "cp313", Log("a", "c++ " * 100))
    (line,) = (line for line in Text.from_ansi(out.getvalue()).plain.splitlines() if "c++" in line)
    assert len(line.rstrip()) <= 40 - len("^C")


@pytest.mark.parametrize("width", [20, 40, 80])
def test_long_lines_are_cut_to_the_width(width: int) -> None:
    long = _Row("cp313-manylinux_x86_64", NOON, line="\u65e5\u672c " + "c++ -O3 " * 100)
    (line,) = drawn(long, width=width)
    assert line.startswith("cp313-manylinux_x86_64"[:width])
    assert Console().measure(line).maximum <= width


@pytest.mark.usefixtures("_noon")
def test_seconds_pass_without_events() -> None:
    row = _Row("cp313", NOON - 75)
    assert drawn(row) == ["cp313  start       75.0 s"]


@pytest.mark.usefixtures("_noon")
def test_where_there_is_no_room_those_that_are_done_share_a_line() -> None:
    done = [_Row(f"cp3{minor}", NOON, report=report(f"cp3{minor}")) for minor in range(10, 20)]
    failed = _Row("cp320", NOON, report=report("cp320", "cp320: broken"))
    running = _Row("cp321", NOON)
    assert len(drawn(*done, failed, running, height=12)) == 12
    assert drawn(*done, failed, running, height=11) == [
        "10 more are done",
        "cp320  failed       6.2 s  broken",
        "cp321  start        0.0 s",
    ]


def test_messages_stand_above_the_lines() -> None:
    people, out = terminal()
    with Live(people) as display:
        display.say("before")
        assert out.getvalue() == "before\n"
        display.started("cp313")
        display.say("a [bold]message[/bold]")
    assert "a [bold]message[/bold]" in out.getvalue()


def test_the_table_takes_the_place_of_the_lines() -> None:
    people, out = terminal(160)
    made = report("cp313")
    with Live(people) as display:
        display.started("cp313")
        display.finished(made)
        display.summary(run(made), Path.cwd() / "dist")
    lines, table = out.getvalue().split(SHOW_CURSOR)
    assert lines.startswith(HIDE_CURSOR)
    assert table.startswith("\r\x1b[1A\x1b[2K")  # up, and erases the line that was there
    assert "  adder-1.0-cp313.whl  " in table
    assert table.endswith("1 wheel in dist/, 12.3 s\n")


def test_an_error_leaves_the_terminal_as_it_was() -> None:
    people, out = terminal()
    with contextlib.suppress(KeyboardInterrupt), Live(people) as display:
        display.started("cp313")
        raise KeyboardInterrupt
    assert out.getvalue().count(HIDE_CURSOR) == out.getvalue().count(SHOW_CURSOR) == 1


def test_much_text_is_not_drawn_more_often() -> None:
    people, out = terminal()
    began = time.monotonic()
    with Live(people) as display:
        display.started("cp313")
        record = BuildRecord()
        record.add(Step("a", MAKE, started=1.0))
        while time.monotonic() < began + 0.6:
            log = Log("a", "c++ -O3 -c x.cpp\n" * 100)
            record.add(log)
            display.event("cp313", log, record)
    draws = out.getvalue().count("cp313")
    assert draws <= (time.monotonic() - began) * REFRESHES + 3
