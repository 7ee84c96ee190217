"""How messages tell of many things in a few words. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def counted(number: int, thing: str) -> str:
    """How many there are of a thing, e.g. `1 file`, `2 files`."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def some(items: Sequence[str], at_most: int = 5) -> str:
    """The first few items in a row, and how many more there are."""
    more = f" and {len(items) - at_most} more" if len(items) > at_most else ""
    return ", ".join(items[:at_most]) + more
