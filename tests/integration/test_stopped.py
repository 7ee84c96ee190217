"""A build that is told to end, is killed, or meets another: what is left, and what comes next."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, wait

from wheeldock.errors import StoppedError

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

    from tests.integration.workplace import Workplace

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

SECONDS = 60.0


class Sleeper:
    """A build step that sleeps for so long that it can be found among the processes."""

    def __init__(self, seconds: int) -> None:
        self.seconds = f"{seconds}.{secrets.randbelow(10**9):09}"

    def _runs(self) -> bool:
        command = ["sleep", self.seconds, ""]
        for process in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                if process.read_text(errors="replace").split("\0") == command:
                    return True
        return False

    def wait_until(self, *, runs: bool, process: subprocess.Popen[str]) -> None:
        """Wait until the step runs, or no longer does."""
        end = time.monotonic() + SECONDS
        while self._runs() is not runs:
            if time.monotonic() > end or (runs and process.poll() is not None):
                pytest.fail(f"the step {'did not begin' if runs else 'goes on'}")
            time.sleep(0.05)


@pytest.fixture
def start(workplace: Workplace) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start a build, and see to it that its processes end with the test."""
    with contextlib.ExitStack() as stack:

        def started() -> subprocess.Popen[str]:
            process = workplace.start(*ONE)
            stack.callback(wait, process)
            stack.callback(_end_group, process)
            return process

        yield started


def wait_for_group(process: subprocess.Popen[str]) -> None:
    """Wait until nothing is left of a command; Buildx takes its time to say goodbye."""
    end = time.monotonic() + 10
    while _has_group(process):
        assert time.monotonic() < end, "a process is left"
        time.sleep(0.05)


def _end_group(process: subprocess.Popen[str]) -> None:
    while _has_group(process):
        os.killpg(process.pid, signal.SIGKILL)
        process.poll()
        time.sleep(0.05)


def _has_group(process: subprocess.Popen[str]) -> bool:
    """Whether a process of the group lives; a dead one may wait long for a parent to ask."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
            if int(group) == process.pid and state != "Z":
                return True
    return False


def ctrl_c(process: subprocess.Popen[str]) -> None:
    """Do what a terminal does: every process of the foreground gets the signal."""
    os.killpg(process.pid, signal.SIGINT)


def terminate(process: subprocess.Popen[str]) -> None:
    """Do what `kill` and CI systems do: wheeldock alone gets the signal."""
    os.kill(process.pid, signal.SIGTERM)


@pytest.mark.parametrize(
    ("stop", "in_wheel"),
    [(ctrl_c, False), (ctrl_c, True), (terminate, False), (terminate, True)],
    ids=["ctrl-c-in-sdist", "ctrl-c-in-wheel", "sigterm-in-sdist", "sigterm-in-wheel"],
)
def test_a_build_that_is_told_to_end_leaves_nothing_behind(
    workplace: Workplace,
    start: Callable[..., subprocess.Popen[str]],
    stop: Callable[[subprocess.Popen[str]], None],
    *,
    in_wheel: bool,
) -> None:
    sleeper = Sleeper(600)
    setup = projects.sleeping_setup(sleeper.seconds, in_wheel=in_wheel)
    projects.write_tiny(workplace.folder, setup=setup)
    process = start()
    sleeper.wait_until(runs=True, process=process)

    stop(process)

    workplace.refused(wait(process, 20), StoppedError, "stopped")
    sleeper.wait_until(runs=False, process=process)
    wait_for_group(process)
    if in_wheel and stop is ctrl_c:
        projects.write_tiny(workplace.folder)
        workplace.built(workplace.build(*ONE))


def test_a_build_that_was_killed_does_not_disturb_the_next(
    workplace: Workplace, start: Callable[..., subprocess.Popen[str]]
) -> None:
    sleeper = Sleeper(600)
    setup = projects.sleeping_setup(sleeper.seconds, in_wheel=True)
    projects.write_tiny(workplace.folder, setup=setup)
    process = start()
    sleeper.wait_until(runs=True, process=process)
    before = workplace.seen()

    process.kill()
    process.wait()

    assert workplace.seen() == before
    projects.write_tiny(workplace.folder)
    workplace.forget_temporary_files()
    workplace.built(workplace.build(*ONE))


def test_a_second_build_of_a_project_waits_for_the_first(
    workplace: Workplace, start: Callable[..., subprocess.Popen[str]]
) -> None:
    sleeper = Sleeper(3)
    setup = projects.sleeping_setup(sleeper.seconds, in_wheel=True)
    projects.write_tiny(workplace.folder, setup=setup)
    first = start()
    sleeper.wait_until(runs=True, process=first)

    second = start()

    assert second.stdout is not None
    said = second.stdout.readline()
    assert said == (
        f"Another build of this project is running (process {first.pid}); waiting for it.\n"
    )
    assert wait(first).code == 0
    workplace.built(wait(second))
    assert workplace.report()[ONE[1]]["cached"] is True
