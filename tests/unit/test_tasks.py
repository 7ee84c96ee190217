from __future__ import annotations

import errno
import gc
import io
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from invoke import Exit, Program

from wheeldock.console import columns
from wheeldock.errors import (
    AccessDeniedError,
    DiskFullError,
    SourceNotFoundError,
    StoppedError,
    UsageError,
)
from wheeldock.tasks import door, ns

if TYPE_CHECKING:
    from pathlib import Path


def explained(error: BaseException) -> Exit:
    with pytest.raises(Exit) as caught, door.explained():
        raise error
    return caught.value


def test_a_failure_ends_with_its_message_its_cure_and_its_exit_code() -> None:
    ended = explained(SourceNotFoundError("it is missing", cure="Give another."))
    assert ended.code == SourceNotFoundError.code
    assert ended.message == "error: it is missing\nGive another."


def test_a_failure_without_a_cure_ends_with_its_message() -> None:
    assert explained(SourceNotFoundError("it is missing")).message == "error: it is missing"


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, DiskFullError.code),
        (errno.EDQUOT, DiskFullError.code),
        (errno.EACCES, AccessDeniedError.code),
        (errno.EROFS, AccessDeniedError.code),
        (errno.ENOTDIR, AccessDeniedError.code),
        (errno.EEXIST, AccessDeniedError.code),
    ],
    ids=errno.errorcode.get,
)
def test_what_the_system_refuses_ends_with_the_place(number: int, code: int) -> None:
    ended = explained(OSError(number, os.strerror(number), "from.toml"))
    assert ended.code == code
    assert f"{os.strerror(number)}: from.toml" in ended.message
    ended = explained(OSError(number, os.strerror(number), "from", None, "to.toml"))
    assert f"{os.strerror(number)}: to.toml" in ended.message


def test_a_bug_stays_one() -> None:
    with pytest.raises(FileNotFoundError), door.explained():
        raise FileNotFoundError(errno.ENOENT, "No such file", "x")


@pytest.mark.parametrize("command", [["--list"], ["cache.status"], ["plan", "--json"]])
def test_what_nobody_reads_on_ends_quietly(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "wheeldock", *command],
            check=False,
            cwd=tmp_path,
            stdout=writer,
            stderr=subprocess.PIPE,
        )
    finally:
        os.close(writer)
    assert (ended.returncode, ended.stderr) == (1, b"")


def test_a_pipe_of_ours_that_breaks_is_a_bug() -> None:
    with pytest.raises(BrokenPipeError), door.explained():
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_end_ends_it(number: signal.Signals) -> None:
    def end() -> None:
        signal.raise_signal(number)

    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Exit) as caught, door.explained():
        end()
    assert caught.value.code == StoppedError.code
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_signal_to_end_is_heard_while_the_program_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "invoke.py").write_text("import signal\nsignal.raise_signal(signal.SIGINT)\n")
    ended = subprocess.run(
        [sys.executable, "-m", "wheeldock", "build"],
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (StoppedError.code, b"", b"")


def test_a_table_that_a_program_reads_is_not_folded(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = columns("image")
    table.add_row("name" * 50)
    door.show()(table)
    assert capsys.readouterr().out.splitlines()[1].strip() == "name" * 50


def test_where_nobody_can_be_asked_nothing_is_removed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    with pytest.raises(UsageError, match=r"Remove it\?") as caught:
        door.agree("Remove it?")
    assert "--yes" in caught.value.cure


def test_where_standard_input_is_closed_nobody_can_be_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(UsageError):
        door.agree("Remove it?")
    assert door.confirm("Go on?")
    assert door.asker() is None


def test_a_question_that_is_stopped_leaves_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(_: str) -> str:
        raise KeyboardInterrupt

    monkeypatch.setattr("builtins.input", stopped)
    monkeypatch.setattr(door, "_is_anybody_here", lambda: True)
    with pytest.raises(KeyboardInterrupt):
        door.confirm("Go on?")
    assert capsys.readouterr().out == "\n"


def test_the_end_of_input_is_no_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal(""))
    assert not door.agree("Remove it?")


def test_what_is_loaded_is_not_looked_through_at_the_end() -> None:
    program = (
        "import atexit, gc\n"
        "atexit.register(lambda: print(gc.get_freeze_count() > 1000))\n"
        "from wheeldock.tasks import door\n"
        "with door.explained():\n"
        "    assert gc.get_freeze_count() < 1000\n"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "True\n"


def test_what_a_task_loads_is_not_looked_through_meanwhile() -> None:
    before = gc.get_threshold()
    with door.explained():
        assert gc.isenabled()
        assert gc.get_threshold()[0] > 10 * before[0]
    assert gc.get_threshold() == before


@pytest.mark.parametrize("task", ["cache.prune", "cache.restore", "cache.save", "image.remove"])
def test_an_option_is_not_taken_for_what_a_task_is_about(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    program = Program(name="wheeldock", namespace=ns)
    with pytest.raises(SystemExit) as caught:
        program.run(["wheeldock", task, "--help"])
    assert caught.value.code == UsageError.code
    said = "--help is an option, and something else is due behind the task's name"
    assert f"error: {task}: {said}\n`wheeldock --help {task}` says what." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
