from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wheeldock.beside import Remaining, ahead, beside
from wheeldock.builder import BuildEndedError
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.events import Event


@pytest.mark.parametrize(
    ("builds", "done", "fewer"),
    [
        ("abc", "", False),
        ("abc", "a", False),
        ("abc", "aa", False),
        ("abc", "ab", True),
        ("abc", "abc", True),
        ("a", "", True),
    ],
)
def test_one_waits_until_fewer_builds_are_left(builds: str, done: str, *, fewer: bool) -> None:
    remaining = Remaining(builds, fewer_than=2)
    for build in done:
        remaining.done(build)
    waiting = threading.Thread(target=remaining.wait, daemon=True)
    waiting.start()
    waiting.join(timeout=5 if fewer else 0.05)
    assert waiting.is_alive() is not fewer
    remaining.all_done()
    waiting.join(timeout=5)
    assert not waiting.is_alive()


def test_work_is_done_beside_other_work_and_awaited() -> None:
    begun, may_end = threading.Event(), threading.Event()
    done = []

    def work() -> None:
        begun.set()
        assert may_end.wait(5)
        done.append("work")

    with beside(work, "work"):
        assert begun.wait(5)
        assert done == []
        may_end.set()
    assert done == ["work"]


def test_work_waits_until_it_is_time() -> None:
    done = threading.Event()
    remaining = Remaining("ab", fewer_than=1)
    with beside(done.set, "work", when=remaining):
        remaining.done("a")
        assert not done.wait(0.05)
        remaining.done("b")
        assert done.wait(5)


def test_work_whose_time_never_comes_is_done_at_the_end() -> None:
    done = threading.Event()
    with beside(done.set, "work", when=Remaining("ab", fewer_than=1)):
        assert not done.wait(0.05)
    assert done.is_set()


class Engine:
    """Stands in for Buildx: each build runs until it is stopped, or fails at once."""

    def __init__(self, *, fails: bool = False) -> None:
        self.began = threading.Semaphore(0)
        self.stopped = threading.Event()
        self.built: list[str] = []
        self.fails = fails

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.built.append(request.target)
        self.began.release()
        yield from ()
        if self.fails or self.stopped.wait(5):
            raise BuildEndedError

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return BuildRequest(target="env", dockerfile=tmp_path, context=tmp_path, output=None)


@pytest.fixture
def seeder(request_: BuildRequest) -> Seeder:
    """What has a builder of its own, which nobody stops."""
    return Seeder(Engine(), "img", Seeds(), request_)


def test_what_is_built_ahead_may_fail(request_: BuildRequest, seeder: Seeder) -> None:
    engine = Engine(fails=True)
    with ahead(engine, seeder, [request_, request_], at_once=1):
        for _ in range(2):
            assert engine.began.acquire(timeout=5)
    assert engine.built == ["env", "env"]


def test_what_is_built_ahead_is_stopped_once_nothing_needs_it(
    request_: BuildRequest, seeder: Seeder
) -> None:
    engine = Engine()
    with ahead(engine, seeder, [request_], at_once=1):
        assert engine.began.acquire(timeout=5)
        assert not engine.stopped.is_set()
    assert engine.stopped.is_set()


def test_what_is_built_ahead_is_stopped_with_what_it_is_for(
    request_: BuildRequest, seeder: Seeder
) -> None:
    engine = Engine()
    with (
        pytest.raises(KeyboardInterrupt),
        ahead(engine, seeder, [request_, request_], at_once=1),
    ):
        raise KeyboardInterrupt
    assert engine.stopped.is_set()


@pytest.mark.parametrize("at_once", [1, 2])
def test_only_so_much_is_built_ahead_at_once(
    request_: BuildRequest, seeder: Seeder, at_once: int
) -> None:
    engine = Engine()
    with ahead(engine, seeder, [request_] * 3, at_once=at_once):
        for _ in range(at_once):
            assert engine.began.acquire(timeout=5)
        assert not engine.began.acquire(timeout=0.05)
    assert engine.built == ["env"] * 3
