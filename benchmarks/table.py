"""The medians as a table for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from benchmarks.ways import FLOOR, OURS

if TYPE_CHECKING:
    from benchmarks.results import Results

YARDSTICK = "cibuildwheel"
"""The way that the others are compared with."""


def table(results: Results) -> Table:
    """
    One scenario a row, one way a column, with how many times as fast as cibuildwheel it is.

    The last column is how far wheeldock is above the floor.
    """
    made = Table(caption=results.caption(), caption_justify="left")
    made.add_column("seconds", no_wrap=True)
    for way in results.ways:
        made.add_column(way, justify="right")
    if FLOOR in results.ways:
        made.add_column("above bare", justify="right")
    for scenario in results.scenarios:
        above = results.ratio(FLOOR, scenario, against=OURS)
        cells = (_cell(results, way, scenario) for way in results.ways)
        made.add_row(scenario, *cells, *([times(above)] if above else []))
    return made


def _cell(results: Results, way: str, scenario: str) -> str:
    seconds = results.median(way, scenario)
    ratio = results.ratio(way, scenario, against=YARDSTICK)
    if seconds is None:
        return ""
    if ratio is None or way in {YARDSTICK, FLOOR}:
        return figure(seconds)
    return f"{figure(seconds)} ({times(ratio)})"


def figure(seconds: float) -> str:
    """Seconds with two digits that count, and all before the point: `0.42`, `5.3`, `57`, `124`."""
    return f"{seconds:.{_decimals(seconds)}f}"


def times(ratio: float) -> str:
    """A ratio as `figure` writes seconds, e.g. `1.5x`, `90x`."""
    return f"{figure(ratio)}x"


def _decimals(value: float) -> int:
    return sum(value < limit for limit in (1, 9.95))
