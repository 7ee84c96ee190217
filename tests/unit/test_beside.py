from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wheeldock.beside import Idle, ahead, beside
from wheeldock.builder import BuildEndedError
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.events import Event


@pytest.mark.parametrize(
    ("builds", "ended", "idle"), [(3, 0, False), (3, 1, False), (3, 2, True), (1, 0, True)]
)
def test_a_processor_is_idle_when_fewer_builds_are_left(
    builds: int, ended: int, *, idle: bool
) -> None:
    place = Idle(builds, processors=2)
    for _ in range(ended):
        place.one_ended()
    waiting = threading.Thread(target=place.wait, daemon=True)
    waiting.start()
    waiting.join(timeout=5 if idle else 0.05)
    assert waiting.is_alive() is not idle
    place.all_ended()
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


def test_work_waits_until_a_processor_is_idle() -> None:
    done = []
    place = Idle(2, processors=1)
    with beside(lambda: done.append("work"), "work", when=place):
        assert done == []
    assert done == ["work"]


class Engine:
    """Stands in for Buildx: each build runs until it is stopped, or fails at once."""

    def __init__(self, *, fails: bool = False) -> None:
        self.stopped = threading.Event()
        self.built: list[str] = []
        self.fails = fails

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.built.append(request.target)
        yield from ()
        if self.fails or self.stopped.wait(5):
            raise BuildEndedError

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def request_(tmp_path: Path) -> BuildRequest:
    return BuildRequest(target="env", dockerfile=tmp_path, context=tmp_path, output=None)


def seeder(engine: Engine, request: BuildRequest) -> Seeder:
    return Seeder(engine, "img", Seeds(), request)


def test_what_is_built_ahead_may_fail(request_: BuildRequest) -> None:
    engine = Engine(fails=True)
    with ahead(engine, seeder(engine, request_), [request_, request_]):
        pass
    assert engine.built == ["env", "env"]


def test_what_is_built_ahead_is_stopped_with_what_it_is_for(request_: BuildRequest) -> None:
    engine = Engine()
    with pytest.raises(KeyboardInterrupt), ahead(engine, seeder(engine, request_), [request_]):
        raise KeyboardInterrupt
    assert engine.stopped.is_set()
