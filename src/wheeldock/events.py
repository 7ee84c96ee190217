"""
What Buildx says while it builds, as typed events.

`docker buildx build --progress rawjson` writes BuildKit's SolveStatus objects, one after the
other: on one line each in newer Buildx, indented over many lines in older ones (0.13), with
plain text between and after them. `parse` reads all of that and is pure.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STAGE = re.compile(r"\[(?:\S+ )?(?P<stage>[\w.-]+) +\d+/\d+\] ")
_TIME = re.compile(r"(?P<seconds>\d+-\d+-\d+T\d+:\d+:\d+)(?P<fraction>\.\d+)?")


@dataclass(frozen=True)
class Step:
    """One report on a step (BuildKit: a vertex). Later reports of a step replace earlier ones."""

    digest: str
    name: str
    """What BuildKit calls it, e.g. `[build 1/1] RUN …`."""
    started: float | None = None
    """Seconds since the epoch; None while it waits."""
    completed: float | None = None
    cached: bool = False
    error: str = ""

    @property
    def stage(self) -> str:
        """The Dockerfile stage of the step, e.g. `build`; "" for BuildKit's own steps."""
        match = _STAGE.match(self.name)
        return match["stage"] if match and match["stage"] != "internal" else ""


@dataclass(frozen=True)
class Log:
    """Lines that a step printed."""

    digest: str
    text: str


@dataclass(frozen=True)
class Notice:
    """A line that is no status: a warning, or the tail of a failed build."""

    text: str


Event = Step | Log | Notice


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Turn Buildx's output, line by line, into events. Never raises: odd lines are notices."""
    pending: list[str] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        if not pending and not line.startswith("{"):
            if line.strip():
                yield Notice(line)
            continue
        pending.append(line)
        # An indented object ends with a brace in the first column, a compact one with its line.
        if line != "}" and not (len(pending) == 1 and line.endswith("}")):
            continue
        status = _decode("\n".join(pending))
        if status is None:
            yield from map(Notice, pending)
        else:
            yield from _events(status)
        pending = []
    yield from map(Notice, pending)


def _decode(text: str) -> dict[str, Any] | None:
    try:
        status = json.loads(text)
    except ValueError:
        return None
    return status if isinstance(status, dict) else None


def _events(status: dict[str, Any]) -> Iterator[Event]:
    for vertex in status.get("vertexes") or ():
        yield Step(
            digest=vertex["digest"],
            name=vertex.get("name", ""),
            started=_seconds(vertex.get("started")),
            completed=_seconds(vertex.get("completed")),
            cached=vertex.get("cached", False),
            error=vertex.get("error", ""),
        )
    for log in status.get("logs") or ():
        data = base64.b64decode(log.get("data", ""))
        yield Log(log["vertex"], data.decode(errors="replace"))
    for warning in status.get("warnings") or ():
        yield Notice(base64.b64decode(warning.get("short", "")).decode(errors="replace"))


def _seconds(time: str | None) -> float | None:
    """Read BuildKit's RFC 3339 times; Python 3.10 takes neither `Z` nor nanoseconds."""
    match = _TIME.match(time or "")
    if match is None:
        return None
    whole = datetime.fromisoformat(match["seconds"] + "+00:00").timestamp()
    return whole + float(match["fraction"] or 0)
