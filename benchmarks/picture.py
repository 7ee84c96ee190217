"""The medians as a picture: bars in an SVG that suits light and dark pages."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchmarks.table import YARDSTICK, figure, times
from benchmarks.ways import FLOOR, OURS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.results import Results

WIDTH = 760
_LEFT, _RIGHT = 190, 130
_BAR, _GAP, _TOP = 13, 16, 56
_COLOURS = ("#9aa0a6", "#e0a458", "#b07aa1", "#2a9d8f")

STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.small { font-size: 11px; fill: #59636e }
.ours { font-weight: 600 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .small { fill: #9198a1 } }
"""


def picture(results: Results) -> str:
    """An SVG with one group of bars per scenario; their lengths are the medians."""
    ways = _shown(results)
    group = len(ways) * _BAR + _GAP
    height = _TOP + len(results.scenarios) * group + 24
    medians = (results.median(way, title) for way in ways for title in results.scenarios)
    longest = max((seconds for seconds in medians if seconds is not None), default=1.0)
    svg = ET.Element(
        "svg",
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {height}",
        width=str(WIDTH),
        height=str(height),
        role="img",
    )
    ET.SubElement(svg, "title").text = results.caption()
    ET.SubElement(svg, "style").text = STYLE
    text(
        svg, 0, 16, f"Seconds to build {results.wheels} wheels of {results.project}; less is better"
    )
    _legend(svg, ways)
    for row, scenario in enumerate(results.scenarios):
        top = _TOP + row * group
        text(svg, _LEFT - 10, top + group / 2 - 3, scenario, anchor="end")
        for index, way in enumerate(ways):
            _bar(svg, results, (way, scenario), top + index * _BAR, longest)
    text(svg, 0, height - 6, _conditions(results), style="small")
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"


def _shown(results: Results) -> list[str]:
    return [way for way in results.ways if way != FLOOR]


def _bar(
    svg: ET.Element, results: Results, what: tuple[str, str], top: float, longest: float
) -> None:
    way, scenario = what
    seconds = results.median(way, scenario)
    if seconds is None:
        return
    length = max(1.0, seconds / longest * (WIDTH - _LEFT - _RIGHT))
    ET.SubElement(
        svg,
        "rect",
        {"class": "bar"},
        x=str(_LEFT),
        y=f"{top:g}",
        width=f"{length:.1f}",
        height=str(_BAR - 2),
        rx="2",
        fill=colour(_shown(results), way),
    )
    label = f"{figure(seconds)} s"
    ratio = results.ratio(way, scenario, against=YARDSTICK)
    if way == OURS and ratio is not None:
        label += f", {times(ratio)}"
    style = "ours" if way == OURS else "small"
    text(svg, _LEFT + length + 6, top + _BAR - 3, label, style=style)


def _legend(svg: ET.Element, ways: list[str]) -> None:
    left = _LEFT
    for way in ways:
        place = {"x": str(left), "y": "29", "width": "11", "height": "11", "rx": "2"}
        ET.SubElement(svg, "rect", place, fill=colour(ways, way))
        text(svg, left + 17, 39, way)
        left += 40 + 7 * len(way)


def colour(ways: Sequence[str], way: str) -> str:
    """The colour of a way among those that are shown."""
    others = [name for name in ways if name != OURS]
    return _COLOURS[-1] if way == OURS else _COLOURS[others.index(way) % (len(_COLOURS) - 1)]


def _conditions(results: Results) -> str:
    machine = results.machine
    versions = machine.versions
    return (
        f"{machine.cores} cores, same sources and base image, {results.started[:10]}; "
        f"cibuildwheel {versions['cibuildwheel']}, Docker {versions['engine']}; "
        f"{times(1).replace('1.0', 'n')}: times as fast as {YARDSTICK}"
    )


def text(
    svg: ET.Element,
    x: float,
    y: float,
    content: str,
    *,
    style: str = "",
    anchor: str = "start",
) -> None:
    """Add a text to the picture."""
    attributes = {"x": f"{x:g}", "y": f"{y:g}", "text-anchor": anchor}
    if style:
        attributes["class"] = style
    ET.SubElement(svg, "text", attributes).text = content
