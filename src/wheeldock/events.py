"""
What Buildx says while it builds, as typed events.

`docker buildx build --progress rawjson` writes BuildKit's SolveStatus objects, one after the
other: on one line each in newer Buildx, indented over many lines in older ones (0.13), with
plain text between and after them. `parse` reads all of that and is pure.
"""

from __future__ import annotations

import base64
import codecs
import json
import re
from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_STAGE = re.compile(r"\[(?:\S+ )?(?P<stage>[\w.-]+) +\d+/\d+\] ")
_TIME = re.compile(r"(?P<seconds>\d+-\d+-\d+T\d+:\d+:\d+)(?P<fraction>\.\d+)?", re.ASCII)
_UTF8 = partial(codecs.getincrementaldecoder("utf-8"), errors="replace")
_LISTS = {"vertexes", "statuses", "logs", "warnings"}
"""What a SolveStatus consists of."""


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

    @property
    def place(self) -> str:
        """Where in the Dockerfile it is, e.g. `[build 1/1]`."""
        return self.name[: self.name.find("]") + 1]

    @property
    def is_from(self) -> bool:
        """Whether it only makes a base image ready: BuildKit does not always call that cached."""
        return re.match(r"\[[^]]*\] FROM ", self.name) is not None


@dataclass(frozen=True)
class Log:
    """Text that a step printed. It may begin and end in the middle of a line."""

    digest: str
    text: str


@dataclass(frozen=True)
class Notice:
    """A line that is no status: a warning, or the tail of a failed build."""

    text: str


Event = Step | Log | Notice


def parse(lines: Iterable[str]) -> Iterator[Event]:
    """Turn Buildx's output, line by line, into events. Never raises: odd lines are notices."""
    # A chunk of a log can end within a character, so each stream has a decoder of its own.
    decoders: defaultdict[tuple[str, str], codecs.IncrementalDecoder] = defaultdict(_UTF8)
    for value in _values(lines):
        if isinstance(value, str):
            yield Notice(value)
            continue
        yield from map(_step, _entries(value, "vertexes"))
        for log in _entries(value, "logs"):
            digest = _text(log, "vertex")
            if text := decoders[digest, str(log.get("stream"))].decode(_bytes(log.get("data"))):
                yield Log(digest, text)
        for warning in _entries(value, "warnings"):
            yield Notice(_bytes(warning.get("short")).decode(errors="replace"))
    for (digest, _), decoder in decoders.items():
        if text := decoder.decode(b"", final=True):
            yield Log(digest, text)


def _values(lines: Iterable[str]) -> Iterator[dict[str, Any] | str]:
    """The statuses among the lines, and each line that belongs to none and is not blank."""
    pending: list[str] = []
    for raw in lines:
        line = raw.rstrip("\r\n")
        if pending and line != "}" and not line.startswith(" "):
            yield from pending  # Only a stray brace: what is in an indented object is indented.
            pending = []
        if pending or line == "{":
            pending.append(line)
            if line == "}":
                status = _status("\n".join(pending))
                yield from pending if status is None else [status]
                pending = []
        elif line.strip():
            status = _status(line) if line.startswith("{") else None
            yield line if status is None else status
    yield from pending


def _status(text: str) -> dict[str, Any] | None:
    """The SolveStatus that the text is, or None."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and value.keys() & _LISTS else None


def _entries(status: dict[str, Any], key: str) -> list[dict[str, Any]]:
    entries = status.get(key)
    if not isinstance(entries, list):
        return []
    return [entry for entry in entries if isinstance(entry, dict)]


def _step(vertex: dict[str, Any]) -> Step:
    return Step(
        digest=_text(vertex, "digest"),
        name=_text(vertex, "name"),
        started=_seconds(_text(vertex, "started")),
        completed=_seconds(_text(vertex, "completed")),
        cached=vertex.get("cached") is True,
        error=_text(vertex, "error"),
    )


def _text(entry: dict[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _bytes(value: object) -> bytes:
    """Decode base64, or take the text as it is when it is none."""
    if not isinstance(value, str):
        return b""
    try:
        return base64.b64decode(value, validate=True)
    except ValueError:
        return value.encode(errors="replace")


def _seconds(time: str) -> float | None:
    """Read BuildKit's RFC 3339 times; Python 3.10 takes neither `Z` nor nanoseconds."""
    match = _TIME.match(time)
    if match is None:
        return None
    try:
        whole = datetime.fromisoformat(match["seconds"] + "+00:00").timestamp()
    except ValueError:
        return None
    return whole + float(match["fraction"] or 0)
