"""Wheels that begin before their sdist is there."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock.early import Early
from wheeldock.foresight import Foretold
from wheeldock.report import TargetReport
from wheeldock.targets import TargetResult

if TYPE_CHECKING:
    from wheeldock.early import Wheels

FORETOLD = Foretold("tiny-1.0.tar.gz", Path("src"), ("tiny.py",))
WHEELS = [TargetResult(TargetReport(name="one", stages={}, seconds=1.0))]


class Work:
    """Makes wheels until it may end, or is stopped."""

    def __init__(self, foretold: Foretold | OSError | None = FORETOLD) -> None:
        self.did: list[object] = []
        self.began, self.may_end = threading.Event(), threading.Event()
        self._foretold = foretold

    def early(self) -> Early:
        return Early(self._foretell, self._make, release=self._release, stop=self._stop)

    def _foretell(self) -> Foretold | None:
        if isinstance(self._foretold, OSError):
            raise self._foretold
        return self._foretold

    def _make(self, foretold: Foretold) -> Wheels:
        self.did.append(foretold)
        self.began.set()
        assert self.may_end.wait(5)
        return WHEELS

    def _release(self) -> None:
        self.did.append("released")

    def _stop(self) -> None:
        self.did.append("stopped")
        self.may_end.set()


def test_wheels_are_made_meanwhile_and_shown_once_they_are_wanted() -> None:
    work = Work()
    with work.early() as early:
        assert early.foretold == FORETOLD
        assert work.began.wait(5)
        work.may_end.set()
        assert early.wheels() == WHEELS
    assert work.did == [FORETOLD, "released"]


def test_wheels_that_nobody_wants_are_stopped_and_never_shown() -> None:
    work = Work()
    with work.early() as early:
        assert work.began.wait(5)
        early.end()
        assert work.did == [FORETOLD, "stopped"]
    assert work.did == [FORETOLD, "stopped"]


def test_wheels_are_stopped_where_there_turns_out_to_be_no_sdist() -> None:
    work = Work()
    with work.early():
        assert work.began.wait(5)
    assert work.did == [FORETOLD, "stopped"]


@pytest.mark.parametrize("nothing", [None, OSError("no room")])
def test_none_are_made_where_nothing_is_foretold(nothing: OSError | None) -> None:
    work = Work(nothing)
    with work.early() as early:
        assert early.foretold is None
    assert work.did in ([], ["stopped"])


def test_what_making_them_raises_is_raised_where_they_are_wanted() -> None:
    def make(_: Foretold) -> Wheels:
        raise RuntimeError

    early = Early(lambda: FORETOLD, make, release=lambda: None, stop=lambda: None)
    with early, pytest.raises(RuntimeError):
        early.wheels()
