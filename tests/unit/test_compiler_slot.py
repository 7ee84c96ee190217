"""The program that lets only so many others run at once."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import TOOLBOX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

COMPILER = shutil.which("gcc") or shutil.which("cc")
PATIENCE = 10.0
"""Seconds after which a test that waits in vain fails."""

pytestmark = pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("slot") / "slot"
    warnings = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1"]
    source = TOOLBOX / "compiler/slot.c"
    subprocess.run([str(COMPILER), *warnings, "-o", built, source], check=True)
    return built


@pytest.fixture
def start(program: Path, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start programs in two slots, with a pipe to each."""
    for name in ("queue", "0", "1"):
        (tmp_path / name).touch()
    started = []

    def start(*command: str, folder: Path = tmp_path, **more: str) -> subprocess.Popen[str]:
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        process = subprocess.Popen(
            [program, folder, *command], text=True, env=os.environ | more, **pipes
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def running(process: subprocess.Popen[str]) -> subprocess.Popen[str]:
    """Wait until a `cat` has what was written to it: it has a slot."""
    assert process.stdin
    assert process.stdout
    process.stdin.write("here\n")
    process.stdin.flush()
    assert process.stdout.readline() == "here\n"
    return process


def waits(process: subprocess.Popen[str]) -> bool:
    """Say whether a program does not begin in a while."""
    try:
        process.wait(0.1)
    except subprocess.TimeoutExpired:
        return True
    return False


Start = "Callable[..., subprocess.Popen[str]]"


def test_a_third_waits_until_one_of_two_ends(start: Start) -> None:
    first, _ = running(start("/bin/cat")), running(start("/bin/cat"))
    third = start("/bin/true")
    assert waits(third)
    first.communicate()
    assert third.wait(PATIENCE) == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_slot_dies_with_its_program(start: Start, number: int) -> None:
    first, _ = running(start("/bin/cat")), running(start("/bin/cat"))
    third = start("/bin/true")
    assert waits(third)
    first.send_signal(number)
    assert third.wait(PATIENCE) == 0


def test_one_that_waits_can_be_ended_and_is_in_nobodys_way(start: Start) -> None:
    first, _ = running(start("/bin/cat")), running(start("/bin/cat"))
    head, next_one = start("/bin/true"), start("/bin/true")
    assert waits(head)
    head.terminate()
    assert head.wait(PATIENCE) == -signal.SIGTERM
    assert waits(next_one)
    first.communicate()
    assert next_one.wait(PATIENCE) == 0


def test_what_a_program_starts_keeps_its_slot(start: Start) -> None:
    running(start("/bin/cat"))
    parent = running(start("/bin/sh", "-c", "{ cat <&3 & } 3<&0; exec cat"))
    third = start("/bin/true")
    parent.terminate()
    assert waits(third)
    parent.communicate()  # its child ends with its input
    assert third.wait(PATIENCE) == 0


def test_what_runs_in_a_slot_waits_for_no_other(
    start: Start, program: Path, tmp_path: Path
) -> None:
    running(start("/bin/cat"))
    nested = start(str(program), str(tmp_path), "/bin/true")
    assert nested.wait(PATIENCE) == 0


def test_the_program_has_its_arguments_and_its_exit_code(start: Start) -> None:
    process = start("/bin/sh", "-c", 'printf "%s|" "$@"; exit 7', "sh", "a b", "", "*")
    assert process.communicate(timeout=PATIENCE)[0] == "a b||*|"
    assert process.returncode == 7


def test_no_small_file_number_is_taken(start: Start) -> None:
    """MAKEFLAGS of a make that shares no jobs may name 3 and 4."""
    process = start("/bin/ls", "/proc/self/fd")
    numbers = map(int, process.communicate(timeout=PATIENCE)[0].split())
    assert sorted(numbers)[:4] == [0, 1, 2, 3]  # the last is that of the folder


def test_without_slots_a_program_just_runs(start: Start, tmp_path: Path) -> None:
    assert start("/bin/true", folder=tmp_path / "none").wait(PATIENCE) == 0


def test_a_program_that_is_not_there(start: Start) -> None:
    process = start("/bin/none-such")
    assert "/bin/none-such" in process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 127


def test_waiting_takes_next_to_no_processor_time(start: Start) -> None:
    running(start("/bin/cat"))
    running(start("/bin/cat"))
    begin = time.monotonic()
    waiting = start("/bin/true")
    assert waits(waiting)
    with open(f"/proc/{waiting.pid}/stat", encoding="ascii") as file:  # noqa: PTH123
        user, system = map(int, file.read().rpartition(")")[2].split()[11:13])
    ticks = (time.monotonic() - begin) * os.sysconf("SC_CLK_TCK")
    assert user + system <= ticks / 2
