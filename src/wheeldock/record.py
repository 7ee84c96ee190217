"""What one build did: its steps, the seconds of each stage, and the end of its log."""

from __future__ import annotations

import json
import re
from collections import deque
from itertools import chain
from typing import TYPE_CHECKING

from wheeldock.events import Event, Log, Notice, Step
from wheeldock.reuse import Doubt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.reuse import Counts

TAIL_LINES = 50
"""How many of the last lines of a step's log are kept to explain a failure."""

TAIL_WIDTH = 2000
"""How many characters of a line are kept."""

_CANCELLED = "context canceled"
_CACHES = "wheeldock-cache: "
"""What the toolbox's scripts put before what the compiler cache and the link cache gave."""
_ESCAPE = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*[@-~]"  # ECMA-48: a control sequence,
    r"|[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?"  # a control string,
    r"|[ -/]*[0-~])"  # or another escape
)


class BuildRecord:
    """Gathers the events of one build; `add` each as it comes."""

    def __init__(self) -> None:
        self._steps: dict[str, Step] = {}
        """Those that began are in the order in which they did; the others stand before them."""
        self._spent: dict[str, float] = {}
        self._tails: dict[str, deque[str]] = {}
        self._open: dict[str, str] = {}
        """The line of each step's log that has no end yet."""
        self._speaker = ""
        """The step whose log came last."""
        self.notices: deque[str] = deque(maxlen=10 * TAIL_LINES)
        self.caches: Counts | None = None
        """What the build's caches gave; None while it has not said."""
        self.doubt: Doubt | None = None
        """What the build finds odd of them."""

    def clear(self) -> None:
        """Forget everything: the build begins again."""
        self.__init__()  # type: ignore[misc]

    def add(self, event: Event) -> None:
        """Take in one event."""
        if isinstance(event, Step):
            self._add_step(event)
        elif isinstance(event, Log):
            self._add_log(event)
        elif isinstance(event, Notice):
            self.notices.append(event.text)

    def _add_step(self, step: Step) -> None:
        before = self._steps.get(step.digest)
        if step.started is not None and (before is None or before.started is None):
            self._steps.pop(step.digest, None)
        self._steps[step.digest] = step
        # A step can run in several intervals (it was paused, or taken up by another build).
        if step.started is None or step.completed is None:
            return
        if before is None or before.completed != step.completed:
            seconds = max(0.0, step.completed - step.started)
            self._spent[step.digest] = self._spent.get(step.digest, 0.0) + seconds

    def _add_log(self, log: Log) -> None:
        self._speaker = log.digest
        *lines, rest = (self._open.get(log.digest, "") + log.text).split("\n")
        tail = self._tails.setdefault(log.digest, deque(maxlen=TAIL_LINES))
        tail.extend(plain(line)[:TAIL_WIDTH] for line in lines[-TAIL_LINES:])
        self._open[log.digest] = rest[-TAIL_WIDTH:]
        for line in lines:
            if line.startswith(_CACHES):
                self.caches, self.doubt = _what_caches_gave(line.removeprefix(_CACHES))

    @property
    def stage(self) -> str:
        """The Dockerfile stage that began last."""
        begun = list(self._begun())
        return begun[-1].stage if begun else ""

    def stage_of(self, event: Event) -> str:
        """The Dockerfile stage that an event is about, or ""."""
        if isinstance(event, Log):
            step = self._steps.get(event.digest)
            return step.stage if step else ""
        return event.stage if isinstance(event, Step) else ""

    def is_done(self, stage: str) -> bool:
        """Whether all that is known of a Dockerfile stage has been done."""
        # Where builds share a step, BuildKit reports it to all of them as the step of one, too.
        done: dict[str, bool] = {}
        for step in self._steps.values():
            if step.stage == stage:
                ended = step.completed is not None and not step.error
                done[step.place] = done.get(step.place, False) or ended
        return all(done.values())

    @property
    def seconds(self) -> dict[str, float]:
        """Seconds spent in each Dockerfile stage, in the order in which they began."""
        spent: dict[str, float] = {}
        for step in self._begun():
            spent[step.stage] = spent.get(step.stage, 0.0) + self._spent.get(step.digest, 0.0)
        return spent

    @property
    def cached(self) -> bool:
        """Whether a build that went well ran no step of the Dockerfile: all was in the cache."""
        # One that began and did not end well was given up, since a cached one after it was found.
        ended = [
            step
            for step in self._begun()
            if step.completed is not None and not step.error and not step.is_from
        ]
        return bool(ended) and all(step.cached for step in ended)

    @property
    def failed_step(self) -> Step | None:
        """
        The step that failed, and not one that was only cancelled with it.

        A cancelled one when the whole build was cancelled; None when it failed outside of a step.
        """
        failed = [step for step in self._steps.values() if step.error]
        own = [step for step in failed if _CANCELLED not in step.error]
        if not own and self.notices and not any(_CANCELLED in line for line in self.notices):
            return None
        return next(iter(own or failed), None)

    def tail(self, step: Step) -> list[str]:
        """The last lines that the step printed, as a terminal shows them but without colours."""
        lines = [*self._tails.get(step.digest, ()), plain(self._open.get(step.digest, ""))]
        return lines[-TAIL_LINES:] if lines[-1] else lines[:-1]

    def log(self, stage: str) -> list[str]:
        """The last lines that a Dockerfile stage printed."""
        steps = [step for step in self._steps.values() if step.stage == stage]
        return [line for step in steps for line in self.tail(step)] if steps else []

    @property
    def last_line(self) -> str:
        """The last line of all logs that is not blank, as a terminal shows it."""
        tail = self._tails.get(self._speaker, ())
        lines = chain([plain(self._open.get(self._speaker, ""))], reversed(tail))
        return next((line for line in lines if line.strip()), "")

    def _begun(self) -> Iterator[Step]:
        """The steps of the Dockerfile that began, in the order in which they did."""
        return (step for step in self._steps.values() if step.stage and step.started is not None)


def _what_caches_gave(text: str) -> tuple[dict[str, dict[str, int]] | None, Doubt | None]:
    """The counts, and what is odd of them; None if a build's own line only looks like it."""
    try:
        given = json.loads(text)
        counts = {
            kind: {name: int(given[kind][name]) for name in ("hits", "misses")}
            for kind in ("translations", "compiles", "links")
            if kind in given
        }
        return counts or None, Doubt(given["doubt"]) if given.get("doubt") else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, None


def plain(line: str) -> str:
    """A line as a terminal shows it: no escapes, and what a carriage return overwrites is gone."""
    if line.isprintable():
        return line
    line = _ESCAPE.sub("", line).rstrip("\r").rpartition("\r")[2].expandtabs()
    return "".join(char if char.isprintable() else " " * char.isspace() for char in line)
