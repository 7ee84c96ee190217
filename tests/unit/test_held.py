"""What is kept back from a display until it is known to be so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock.events import Notice
from wheeldock.held import Held
from wheeldock.progress import Progress
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport

if TYPE_CHECKING:
    from wheeldock.events import Event


class Shown(Progress):
    """Notes what it is asked to show."""

    def __init__(self) -> None:
        self.shown: list[object] = []

    def say(self, text: str) -> None:
        self.shown.append(text)

    def started(self, name: str) -> None:
        self.shown.append(("started", name))

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        self.shown.append((name, event, record))

    def finished(self, report: TargetReport) -> None:
        self.shown.append(report)


def test_nothing_is_shown_before_its_release_and_all_of_it_then_in_its_order() -> None:
    display, record = Shown(), BuildRecord()
    held, event = Held(display), Notice("warning")
    report = TargetReport(name="one", stages={}, seconds=1.0)
    held.started("one")
    held.event("one", event, record)
    held.say("something")
    held.finished(report)
    assert display.shown == []
    held.release()
    expected = [("started", "one"), ("one", event, record), "something", report]
    assert display.shown == expected
    held.say("more")
    assert display.shown == [*expected, "more"]
    held.release()
    assert display.shown == [*expected, "more"]
