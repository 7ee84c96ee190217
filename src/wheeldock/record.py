"""What one build did: its steps, the seconds of each stage, and the end of its log."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from wheeldock.events import Event, Log, Notice, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

TAIL_LINES = 40
"""How many of the last lines of a step's log are kept to explain a failure."""


class BuildRecord:
    """Gathers the events of one build; `add` each as it comes."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        self._spent: dict[str, float] = {}
        self._tails: dict[str, deque[str]] = {}
        self.notices: list[str] = []

    def add(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Step):
            self._add_step(event)
        elif isinstance(event, Log):
            tail = self._tails.setdefault(event.digest, deque(maxlen=TAIL_LINES))
            tail.extend(event.text.splitlines())
        elif isinstance(event, Notice):
            self.notices.append(event.text)

    def _add_step(self, step: Step) -> None:
        before = self._steps.get(step.digest)
        self._steps[step.digest] = step
        # A step can run in several intervals (it was paused, or taken up by another build).
        if step.started is None or step.completed is None:
            return
        if before is None or before.completed != step.completed:
            seconds = max(0.0, step.completed - step.started)
            self._spent[step.digest] = self._spent.get(step.digest, 0.0) + seconds

    @property
    def stage(self) -> str:
        """The Dockerfile stage that runs now, or ran last."""
        running = [step for step in self._staged() if step.started is not None]
        running.sort(key=lambda step: (step.completed is None, step.started or 0.0))
        return running[-1].stage if running else ""

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds spent in each Dockerfile stage, in the order in which they began."""
        spent: dict[str, float] = {}
        for step in self._staged():
            spent[step.stage] = spent.get(step.stage, 0.0) + self._spent.get(step.digest, 0.0)
        return spent

    @property
    def cached(self) -> bool:
        """Whether the build ran no step of the Dockerfile: all came from the cache."""
        steps = [step for step in self._staged() if " FROM " not in step.name]
        return bool(steps) and all(step.cached for step in steps)

    @property
    def failed_step(self) -> Step | None:
        """The step that failed, but for those that were only cancelled with it."""
        failed = [step for step in self._steps.values() if step.error]
        failed.sort(key=lambda step: "context canceled" in step.error)
        return failed[0] if failed else None

    def tail(self, step: Step) -> list[str]:
        """The last lines that the step printed."""
        return list(self._tails.get(step.digest, ()))

    def _staged(self) -> Iterator[Step]:
        return (step for step in self._steps.values() if step.stage)
