import io
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.reports import run

from wheeldock.events import Event, Log, Notice, Step, parse
from wheeldock.progress import Progress, ProgressMode, open_progress
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport

# Recorded from Buildx 0.13.1, with most logs and transfers cut out.
DATA = Path(__file__).with_name("data")
NAME = "cp313-manylinux_x86_64"


def recorded(stream: str) -> Iterator[Event]:
    with (DATA / f"{stream}.rawjson").open(encoding="utf-8") as lines:
        yield from parse(lines)


def replay(display: Progress, stream: str, name: str = NAME, error: str = "") -> TargetReport:
    """Show a recorded build as the one of that name."""
    record = BuildRecord()
    display.started(name)
    for event in recorded(stream):
        record.add(event)
        display.event(name, event, record)
    report = TargetReport(
        name=name,
        file=None if error else "adder-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
        size=None if error else 1000,
        sha256=None if error else "0" * 64,
        stages=record.seconds,
        seconds=6.25,
        cached=record.cached,
        error=error,
        exit_code=30 if error else 0,
    )
    display.finished(report)
    return report


def console(width: int = 80) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, width=width), out


def plain(stream: str, error: str = "") -> list[str]:
    people, out = console()
    with open_progress(ProgressMode.PLAIN, people) as display:
        replay(display, stream, error=error)
    return out.getvalue().splitlines()


def test_a_log_has_a_line_when_a_stage_begins_and_when_it_ends() -> None:
    assert plain("success") == [
        "cp313-manylinux_x86_64 env: started",
        "cp313-manylinux_x86_64 env: done in 0.4 s",
        "cp313-manylinux_x86_64 sdist: started",
        "cp313-manylinux_x86_64 sdist: done in 0.8 s",
        "cp313-manylinux_x86_64 build: started",
        "cp313-manylinux_x86_64 build: done in 0.9 s",
        "cp313-manylinux_x86_64 repair: started",
        "cp313-manylinux_x86_64 repair: done in 0.6 s",
        "cp313-manylinux_x86_64 wheel: started",
        "cp313-manylinux_x86_64 wheel: done in 0.1 s",
        "cp313-manylinux_x86_64: built in 6.2 s",
    ]


def test_a_stage_that_builds_share_is_in_the_log_of_each() -> None:
    assert plain("merged")[:3] == [
        "cp313-manylinux_x86_64 tools: started",
        "cp313-manylinux_x86_64 tools: done in 7.3 s",
        "cp313-manylinux_x86_64 env: started",
    ]


def test_what_comes_from_the_cache_is_one_line() -> None:
    assert plain("cached") == ["cp313-manylinux_x86_64: cached in 6.2 s"]


def test_a_failure_is_a_line_without_the_log() -> None:
    lines = plain("failing", error=f"{NAME}, stage repair: needs [red]x[/red]:\n    the log")
    assert lines[-2:] == [
        "cp313-manylinux_x86_64 repair: started",
        "cp313-manylinux_x86_64: failed in 6.2 s: stage repair: needs [red]x[/red]",
    ]


def test_a_stage_of_two_steps_is_started_and_done_once() -> None:
    people, out = console()
    steps = [
        Step("1", "[env 1/2] RUN a", started=1.0),
        Step("2", "[env 2/2] RUN b"),
        Step("1", "[env 1/2] RUN a", started=1.0, completed=2.0),
        Step("2", "[env 2/2] RUN b", started=2.0),
        Step("2", "[env 2/2] RUN b", started=2.0, completed=4.0),
        Step("2", "[env 2/2] RUN b", started=2.0, completed=4.0),
    ]
    with open_progress(ProgressMode.PLAIN, people) as display:
        display.started("x")
        record = BuildRecord()
        for step in steps:
            record.add(step)
            display.event("x", step, record)
    assert out.getvalue().splitlines() == ["x env: started", "x env: done in 3.0 s"]


def test_messages_are_not_markup_and_not_wrapped() -> None:
    people, out = console(width=20)
    text = "a [bold]long[/bold] message :smile: of more than 20 columns"
    with open_progress(ProgressMode.PLAIN, people) as display:
        display.say(text)
    assert out.getvalue() == text + "\n"


def test_a_log_ends_with_the_table() -> None:
    people, out = console(160)
    with open_progress(ProgressMode.PLAIN, people) as display:
        report = run(replay(display, "success"))
        display.summary(report, Path.cwd() / "dist")
    assert out.getvalue().endswith("\n\n1 wheel in dist/, 12.3 s\n")


def test_auto_is_plain_in_a_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    people, out = console()
    assert people.is_terminal
    with open_progress(ProgressMode.AUTO, people) as display:
        replay(display, "success")
    assert "cp313-manylinux_x86_64 env: started\n" in out.getvalue()
    assert "\x1b[?25l" not in out.getvalue()


def test_quiet_shows_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    people, out = console()
    with open_progress(ProgressMode.QUIET, people) as display:
        display.say("hello")
        report = run(replay(display, "success"), replay(display, "failing", error="x"))
        display.summary(report, Path("dist"))
    assert out.getvalue() == ""
    assert capsys.readouterr() == ("", "")


def test_json_lines_are_all_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    people, out = console()
    with open_progress(ProgressMode.JSON, people) as display:
        display.say("hello")
        report = run(replay(display, "chunks"), replay(display, "failing", error="broken"))
        display.summary(report, Path.cwd() / "dist")
    assert out.getvalue() == ""
    printed, errors = capsys.readouterr()
    assert errors == ""
    objects = [json.loads(line) for line in printed.splitlines()]
    assert {tuple(each)[:5] for each in objects} == {("time", "kind", "target", "stage", "text")}
    kinds = [each["kind"] for each in objects]
    assert kinds[:2] == ["message", "started"]
    assert kinds[-2:] == ["finished", "report"]
    assert set(kinds) == {"message", "started", "step", "log", "notice", "finished", "report"}
    assert objects[-1]["text"] == "1 of 2 failed, 12.3 s"
    assert objects[-1]["report"]["schema"] == 1
    assert objects[-2]["report"]["error"] == "broken"


def test_json_has_every_event(capsys: pytest.CaptureFixture[str]) -> None:
    with open_progress(ProgressMode.JSON, Console(file=io.StringIO())) as display:
        replay(display, "failing")
    objects = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    events = list(recorded("failing"))
    assert [each["text"] for each in objects if each["kind"] == "log"] == [
        event.text for event in events if isinstance(event, Log)
    ]
    assert [each["text"] for each in objects if each["kind"] == "notice"] == [
        event.text for event in events if isinstance(event, Notice)
    ]
    assert {each["stage"] for each in objects if each["kind"] == "log"} == {
        "env",
        "sdist",
        "build",
        "repair",
    }
    (failed,) = (each for each in objects if each["kind"] == "step" and each["error"])
    assert failed["stage"] == "repair"
    assert failed["completed"] > failed["started"]
    assert failed["cached"] is False


@pytest.mark.parametrize("mode", [ProgressMode.PLAIN, ProgressMode.JSON])
def test_threads_do_not_mix_their_lines(
    mode: ProgressMode, capsys: pytest.CaptureFixture[str]
) -> None:
    people, out = console(400)
    names = [f"cp3{minor}-manylinux_x86_64" for minor in range(10, 18)]
    with open_progress(mode, people) as display:
        builds = [
            threading.Thread(target=replay, args=(display, "success", name)) for name in names
        ]
        for build in builds:
            build.start()
        for build in builds:
            build.join()
    lines = (out.getvalue() or capsys.readouterr().out).splitlines()
    for name in names:
        alone = [line for line in lines if name in line]
        assert len(alone) == len(lines) / len(names)
    if mode is ProgressMode.JSON:
        assert all(json.loads(line) for line in lines)


MANY = """
from rich.console import Console
from wheeldock.progress import ProgressMode, open_progress

with open_progress(ProgressMode({mode!r}), Console()) as display:
    for _ in range(100_000):
        display.say("hello")
print("never")
"""


@pytest.mark.parametrize("mode", ["plain", "json"])
def test_a_reader_that_leaves_ends_the_run_quietly(mode: str) -> None:
    command = [sys.executable, "-c", MANY.format(mode=mode)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "hello" in process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_the_live_display_is_imported_for_a_terminal_only() -> None:
    code = "import sys, wheeldock.progress; print(sorted({'rich.live', 'invoke'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
