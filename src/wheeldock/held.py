"""What a display is to show of what may turn out to be in vain: kept back until that is known."""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING

from wheeldock.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.events import Event
    from wheeldock.record import BuildRecord
    from wheeldock.report import TargetReport


class Held(Progress):
    """Shows what builds say on another display once it is released, and nothing before."""

    def __init__(self, display: Progress) -> None:
        self._display = display
        self._lock = threading.Lock()
        self._waiting: list[Callable[[], None]] | None = []
        """What is to be shown, in its order; None once all is shown as it comes."""

    def release(self) -> None:
        """Show all that was said, and from now on what is said."""
        with self._lock:
            for show in self._waiting or ():
                show()
            self._waiting = None

    def say(self, text: str) -> None:
        """Show a message for people."""
        self._show(partial(self._display.say, text))

    def started(self, name: str) -> None:
        """Show that a target is being built."""
        self._show(partial(self._display.started, name))

    def event(self, name: str, event: Event, record: BuildRecord) -> None:
        """Show what a target's build said; the record may have more by then."""
        self._show(partial(self._display.event, name, event, record))

    def finished(self, report: TargetReport) -> None:
        """Show what became of a target."""
        self._show(partial(self._display.finished, report))

    def _show(self, show: Callable[[], None]) -> None:
        with self._lock:
            if self._waiting is not None:
                self._waiting.append(show)
                return
        show()
