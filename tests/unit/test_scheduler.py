from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from wheeldock.builderinfo import Capacity
from wheeldock.errors import StoppedError
from wheeldock.scheduler import default_jobs, run_all

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 10.0
"""Seconds after which a test that waits in vain goes on, and fails."""


@pytest.fixture(autouse=True)
def _ctrl_c() -> Iterator[None]:
    """Let Ctrl-C arrive as in a terminal, even where this process may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def never() -> None:
    pytest.fail("nothing was to be stopped")


class Work:
    """Work that lasts until it is stopped."""

    def __init__(self, interrupts: int = 0, stubborn: int = 1) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []
        self.stops = 0
        self._interrupts = interrupts
        self._stubborn = stubborn
        self._stopped = threading.Event()

    def __call__(self, job: int) -> int:
        self.begun.append(job)
        self._press_ctrl_c()
        assert self._stopped.wait(PATIENCE)
        self.ended.append(job)
        return job

    def stop(self) -> None:
        """End the work, at the latest of several times."""
        self.stops += 1
        if self.stops >= self._stubborn:
            self._stopped.set()
        else:
            self._press_ctrl_c()

    def _press_ctrl_c(self) -> None:
        if self._interrupts:
            self._interrupts -= 1
            main = threading.main_thread().ident or 0
            threading.Timer(0.03, signal.pthread_kill, (main, signal.SIGINT)).start()


# --- without trouble ---


def test_results_are_in_the_order_of_the_jobs() -> None:
    def slow_at_first(job: int) -> int:
        time.sleep(0.02 * (3 - job))
        return job * 10

    assert run_all([0, 1, 2], slow_at_first, at_once=3, stop=never) == [0, 10, 20]


def test_without_jobs_there_are_no_results() -> None:
    assert run_all([], never, at_once=2, stop=never) == []


def test_equal_jobs_are_each_done() -> None:
    assert run_all(["a", "a"], str.upper, at_once=2, stop=never) == ["A", "A"]


@pytest.mark.parametrize("at_once", [1, 3])
def test_so_many_run_at_once_and_no_more(at_once: int) -> None:
    barrier = threading.Barrier(at_once)
    lock = threading.Lock()
    running: list[int] = []
    most = 0

    def work(job: int) -> None:
        nonlocal most
        with lock:
            running.append(job)
            most = max(most, len(running))
        barrier.wait(PATIENCE)  # broken unless so many get here together
        with lock:
            running.remove(job)

    run_all(range(2 * at_once), work, at_once=at_once, stop=never)
    assert most == at_once


@pytest.mark.parametrize(
    ("processors", "gibibytes", "jobs"),
    [(2, 24, 3), (1, 24, 2), (16, 64, 17), (16, 8, 4), (4, 1, 1)],
)
def test_how_many_jobs_a_machine_carries(processors: int, gibibytes: int, jobs: int) -> None:
    assert default_jobs(Capacity(processors, gibibytes * 2**30)) == jobs


def test_how_many_jobs_this_machine_carries() -> None:
    assert 1 <= default_jobs(None) <= (os.cpu_count() or 1) + 1


# --- Ctrl-C ---


def test_ctrl_c_ends_what_runs_and_begins_nothing_new() -> None:
    work = Work(interrupts=1)
    with pytest.raises(StoppedError) as caught:
        run_all(range(5), work, at_once=1, stop=work.stop)
    assert work.begun == work.ended == [0]
    assert "as it was" in caught.value.cure


def test_ctrl_c_waits_until_all_have_ended() -> None:
    work = Work(interrupts=1)
    with pytest.raises(StoppedError):
        run_all(range(3), work, at_once=3, stop=work.stop)
    assert sorted(work.begun) == sorted(work.ended)


def test_each_further_ctrl_c_asks_again() -> None:
    work = Work(interrupts=3, stubborn=3)
    with pytest.raises(StoppedError):
        run_all([0], work, at_once=1, stop=work.stop)
    assert work.stops >= 3
    assert work.ended == [0]


def test_no_thread_is_left_after_ctrl_c() -> None:
    work = Work(interrupts=1)
    with pytest.raises(StoppedError):
        run_all(range(4), work, at_once=2, stop=work.stop)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("build")]


# --- work that breaks ---


def test_what_work_raises_ends_all_other_work_and_is_raised() -> None:
    stopped = threading.Event()
    begun = []

    def work(job: int) -> None:
        begun.append(job)
        if job == 1:
            message = "a bug"
            raise ZeroDivisionError(message)
        assert stopped.wait(PATIENCE)

    with pytest.raises(ZeroDivisionError, match="a bug"):
        run_all(range(9), work, at_once=2, stop=stopped.set)
    assert stopped.is_set()
    # The thread that broke may have taken up a third before it was told to end.
    assert set(begun) <= {0, 1, 2}
