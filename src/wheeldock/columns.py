"""Tables as people are shown them everywhere: columns with no lines between them."""

from __future__ import annotations

from rich.table import Table

_NUMBERS = {"age", "own", "size", "tests", "time"}


def columns(*names: str, whole: str = "") -> Table:
    """
    An empty table with those columns; numbers stand at the right of theirs.

    What is wider than its column is folded, but for numbers and what is in the column `whole`.
    """
    made = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in names:
        is_number = name in _NUMBERS
        made.add_column(
            name,
            justify="right" if is_number else "left",
            overflow="fold",
            no_wrap=is_number or name == whole,
        )
    return made
