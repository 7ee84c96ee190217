"""
The curve: seconds against the number of wheels, cold and with nothing changed.

The project is the repository's own example, which every interpreter of a base image can build.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from benchmarks.measure import measure, round_plan
from benchmarks.picture import STYLE, WIDTH, colour, text
from benchmarks.scenarios import COLD, chosen
from benchmarks.table import figure
from benchmarks.ways import OURS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.projects import Project

WAYS = ("cibuildwheel", OURS)
_HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 320, 60, 200, 30, 40


@dataclass(frozen=True)
class Point:
    """One build of so many wheels."""

    way: str
    scenario: str
    wheels: int
    seconds: float


def points(
    project: Project, pythons: Sequence[str], base_image: str, say: Callable[[str], None]
) -> Iterator[Point]:
    """Measure each number of wheels, from one to one for every interpreter, on a fresh image."""
    rounds = round_plan(WAYS, 1, 1)
    for wheels in range(1, len(pythons) + 1):
        some = replace(project, pythons=tuple(pythons[:wheels]))
        for sample in measure(some, chosen(("nothing",)), rounds, base_image, say):
            yield Point(sample.way, sample.scenario, wheels, sample.seconds)


def write(measured: Sequence[Point], path: Path) -> None:
    """Write all figures as JSON, and the picture beside them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([*map(asdict, measured)], indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".svg").write_text(picture(measured), encoding="utf-8")


def read(path: Path) -> list[Point]:
    """Read what `write` wrote."""
    return [Point(**fields) for fields in json.loads(path.read_text(encoding="utf-8"))]


def picture(measured: Sequence[Point]) -> str:
    """An SVG with a line for each way and scenario."""
    most = max(point.wheels for point in measured)
    longest = max(point.seconds for point in measured)
    width, height = WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(point: Point) -> tuple[float, float]:
        across = (point.wheels - 1) / max(most - 1, 1)
        return _LEFT + across * width, _TOP + (1 - point.seconds / longest) * height

    svg = ET.Element("svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {_HEIGHT}")
    ET.SubElement(svg, "style").text = STYLE
    text(svg, 0, 16, "Seconds against the number of wheels; less is better")
    for wheels in range(1, most + 1):
        left, _ = place(Point("", "", wheels, 0))
        text(svg, left, _HEIGHT - 16, str(wheels), anchor="middle")
    for way, scenario in dict.fromkeys((point.way, point.scenario) for point in measured):
        line = [point for point in measured if (point.way, point.scenario) == (way, scenario)]
        places = [place(point) for point in line]
        coordinates = " ".join(f"{left:.1f},{top:.1f}" for left, top in places)
        dashes = {} if scenario == COLD else {"stroke-dasharray": "4 3"}
        look = {"fill": "none", "stroke": colour(WAYS, way), "stroke-width": "2", **dashes}
        ET.SubElement(svg, "polyline", look, points=coordinates)
        left, top = places[-1]
        label = f"{way}, {scenario}: {figure(line[-1].seconds)} s"
        text(svg, left + 8, top + 4, label, style="ours" if way == OURS else "small")
    ET.indent(svg)
    return ET.tostring(svg, encoding="unicode") + "\n"
