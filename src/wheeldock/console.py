"""What people are shown and asked alike everywhere: tables without lines, ages, questions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

    Show = Callable[[RenderableType], None]
    Confirm = Callable[[str], bool]

_WIDEST = 1000
"""Columns where there is no terminal: what a program reads is not folded."""
_AGES = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_NUMBERS = {"age", "own", "size", "tests", "time"}


def open_output() -> Console:
    """The standard output, as wide as the terminal, or as COLUMNS says, or as it needs to be."""
    console = Console()
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDEST
    return console


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


def age(seconds: float) -> str:
    """A duration in its largest unit, for people: `3 d`."""
    length, unit = next((each for each in _AGES if seconds >= each[0]), _AGES[-1])
    return f"{seconds // length:.0f} {unit}"


def printer(console: Console) -> Show:
    """What shows text and tables on a console as they are, and breaks no path in two."""
    return lambda what: console.print(
        what, markup=False, emoji=False, highlight=False, soft_wrap=isinstance(what, str)
    )


def agreed(question: str, show: Show, confirm: Confirm) -> bool:
    """Whether what was shown may be removed."""
    if confirm(question):
        return True
    show("Nothing was removed.")
    return False
