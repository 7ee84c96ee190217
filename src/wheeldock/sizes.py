"""Sizes as people and Docker write them: `500MB`, `2 GiB`, `0`. Pure."""

from __future__ import annotations

import re

from wheeldock.errors import UsageError

_SIZE = re.compile(r"(?P<number>\d+(?:\.\d+)?) ?(?P<unit>[kmgt]?)(?P<binary>i?)b?", re.IGNORECASE)
_UNITS = ["", "k", "m", "g", "t"]


def bytes_of(text: str, place: str) -> int:
    """
    Read a size; `place` is where it stands, for messages, e.g. `--keep`.

    Raises UsageError.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None or (match["binary"] and not match["unit"]):
        raise UsageError(f"{place}: {text!r} is no size; one is 500MB, 2GiB or 0")
    base = 1024 if match["binary"] else 1000
    return int(float(match["number"]) * base ** _UNITS.index(match["unit"].lower()))
