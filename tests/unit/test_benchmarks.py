from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from benchmarks import curve
from benchmarks.checks import WrongResultError, check_cached, check_wheels
from benchmarks.curve import Point
from benchmarks.freshimage import parse_records, with_descendants
from benchmarks.measure import round_plan
from benchmarks.peers import plain_dockerfile
from benchmarks.picture import picture
from benchmarks.projects import PROJECTS, Edit
from benchmarks.results import Machine, Results, Sample, read, write
from benchmarks.scenarios import SCENARIOS, chosen
from benchmarks.table import figure, table, times
from rich.console import Console

from wheeldock.report import TargetReport

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.scenarios import Scenario

PYOVF = PROJECTS["pyovf"]

RESULTS = Results(
    project="pyovf==0.3.0",
    wheels=3,
    started="2026-11-24T12:00:00+00:00",
    machine=Machine(
        cores=2, base_image="base", versions={"wheeldock": "1", "cibuildwheel": "4", "engine": "26"}
    ),
    samples=(
        Sample("cibuildwheel", "cold", 1, 30.0, 0.1),
        Sample("wheeldock", "cold", 1, 26.0, 0.1, {"sdist": {"env": 2.5}}),
        Sample("cibuildwheel", "nothing <changed>", 1, 36.0, 0.1),
        Sample("wheeldock", "nothing <changed>", 1, 0.3, 0.1),
        Sample("wheeldock", "cold", 2, 20.0, 0.1),
        Sample("wheeldock", "nothing <changed>", 2, 0.5, 0.1),
        Sample("wheeldock", "cold", 3, 10.0, 0.1),
        Sample("bare commands", "cold", 3, 16.0, 0.1),
    ),
)


def test_medians_and_ratios_are_of_all_rounds() -> None:
    assert RESULTS.ways == ["cibuildwheel", "wheeldock", "bare commands"]
    assert RESULTS.rounds("wheeldock") == 3
    assert RESULTS.median("wheeldock", "cold") == 20.0
    assert RESULTS.ratio("wheeldock", "cold", against="cibuildwheel") == 1.5
    assert RESULTS.median("docker build", "cold") is None
    assert RESULTS.ratio("wheeldock", "cold", against="docker build") is None


def test_all_figures_come_back_from_the_file(tmp_path: Path) -> None:
    write(RESULTS, tmp_path / "new" / "results.json")

    assert read(tmp_path / "new" / "results.json") == RESULTS


def test_the_table_has_each_median_and_its_ratio() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)

    console.print(table(RESULTS))
    lines = console.export_text().splitlines()

    (cold,) = (line for line in lines if line.startswith("│ cold"))
    assert [cell.strip() for cell in cold.strip("│").split("│")] == [
        "cold",
        "30",
        "20 (1.5x)",
        "16",
        "1.2x",
    ]
    assert any("0.40 (90x)" in line for line in lines)
    assert any("3 wheels, 2 cores" in line for line in lines)


def test_the_pictures_bars_are_as_long_as_the_medians() -> None:
    svg = ET.fromstring(picture(RESULTS))  # noqa: S314 - it is ours
    space = "{http://www.w3.org/2000/svg}"

    lengths = [
        float(rect.get("width", ""))
        for rect in svg.iter(f"{space}rect")
        if rect.get("class") == "bar"
    ]
    texts = [text.text for text in svg.iter(f"{space}text")]

    assert len(lengths) == 4
    assert lengths[0] / lengths[1] == pytest.approx(30 / 20, rel=0.01)
    assert lengths[2] == max(lengths)
    assert "20 s, 1.5x" in texts
    assert "nothing <changed>" in texts


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.042, "0.04"), (0.42, "0.42"), (1.0, "1.0"), (9.94, "9.9"), (9.96, "10"), (124.4, "124")],
)
def test_figures_have_the_digits_that_count(value: float, text: str) -> None:
    assert figure(value) == text
    assert times(value) == f"{text}x"


def test_others_are_taken_in_fewer_rounds() -> None:
    plan = round_plan(("cibuildwheel", "wheeldock"), 3, 1)

    assert plan == [["cibuildwheel", "wheeldock"], ["wheeldock"], ["wheeldock"]]
    assert round_plan(("cibuildwheel",), 3, 1) == [["cibuildwheel"]]


def test_the_cold_scenario_comes_before_any() -> None:
    assert [scenario.name for scenario in chosen(("native",))] == ["cold", "native"]
    assert chosen(()) == SCENARIOS


def target(name: str, *, cached: bool) -> TargetReport:
    return TargetReport(
        name=name, file=None, size=None, sha256=None, stages={}, seconds=0.0, cached=cached
    )


CACHED = {
    "cold": {"sdist": False, "cp39-x": False, "cp314-x": False},
    "nothing": {"sdist": True, "cp39-x": True},
    "unshipped": {"cp39-x": True},
    "python": {"cp39-x": False},
    "library": {"cp39-x": False},
    "native": {"cp39-x": False},
    "interpreter": {"cp39-x": True, "cp314-x": False},
    "restored": {"sdist": True, "cp39-x": True},
}


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_what_should_be_cached_has_to_be(scenario: Scenario) -> None:
    for name, due in CACHED[scenario.name].items():
        check_cached([target(name, cached=due)], scenario, ["cp39"])
        with pytest.raises(WrongResultError, match=name):
            check_cached([target(name, cached=not due)], scenario, ["cp39"])


def write_wheel(
    folder: Path,
    *,
    platform: str = "manylinux_2_28_x86_64",
    extension: str = "pyovf/_ovf_core.cpython-39.so",
    code: bytes = b"\x7fELF one\0three\0",
    module: str = "# two\n",
) -> None:
    with zipfile.ZipFile(folder / f"pyovf-0.3.0-cp39-cp39-{platform}.whl", "w") as archive:
        archive.writestr(extension, code)
        archive.writestr(PYOVF.python_file, module)


MARKERS = {Edit.NATIVE: "one", Edit.PYTHON: "two", Edit.LIBRARY: "three"}


def test_a_wheel_of_the_edited_source_is_right(tmp_path: Path) -> None:
    write_wheel(tmp_path)

    check_wheels(tmp_path, PYOVF, ["cp39"], MARKERS)
    with pytest.raises(WrongResultError, match="cp313"):
        check_wheels(tmp_path, PYOVF, ["cp39", "cp313"], MARKERS)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"platform": "linux_x86_64"}, "no manylinux wheel"),
        ({"extension": "pyovf/other.so"}, "has 0 pyovf/_ovf_core"),
        ({"code": b"\x7fELF old"}, "_ovf_core.cpython-39.so is not of the edited source"),
        ({"module": ""}, "ovf_handler.py is not of the edited source"),
    ],
)
def test_a_wheel_of_anything_else_is_not(
    changes: dict[str, object], message: str, tmp_path: Path
) -> None:
    write_wheel(tmp_path, **changes)  # type: ignore[arg-type]

    with pytest.raises(WrongResultError, match=message):
        check_wheels(tmp_path, PYOVF, ["cp39"], MARKERS)


@pytest.mark.parametrize("edit", list(Edit))
def test_each_edit_leaves_its_mark_in_its_file(edit: Edit, tmp_path: Path) -> None:
    files = {
        Edit.PYTHON: PYOVF.python_file,
        Edit.LIBRARY: PYOVF.library_file,
        Edit.NATIVE: PYOVF.native_file,
    }
    for name in files.values():
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("as it was")

    PYOVF.edit(edit, tmp_path, "marker")

    marked = [
        str(path.relative_to(tmp_path))
        for path in tmp_path.rglob("*")
        if path.is_file() and "marker" in path.read_text()
    ]
    assert marked == [files.get(edit, "ci/steps.txt")]


USAGE = """\
ID:		aaa
Created at:	2026-11-24 12:05:28.9402221 +0000 UTC
Mutable:	false
Size:		12.4kB
Description:	mount / from exec /bin/sh -c echo: one
Type:		regular

ID:		bbb
Parent:		aaa
Created at:	2026-11-24 12:05:29 +0000 UTC

ID:		ccc
Parents:	xxx,bbb
Created at:	2026-11-24 12:05:30 +0000 UTC

ID:		ddd
Parent:		xxx
Created at:	2026-11-24 12:05:30 +0000 UTC

Shared:		5.853GB
Total:		19.45GB
"""


def test_what_stands_on_a_record_is_found_children_first() -> None:
    records = parse_records(USAGE)

    assert [record.id for record in records] == ["aaa", "bbb", "ccc", "ddd"]
    assert records[0].description == "mount / from exec /bin/sh -c echo: one"
    assert records[2].parents == ("xxx", "bbb")
    assert records[0].created.startswith("2026-11-24 12:05:28")
    assert with_descendants(records, {"aaa"}) == ["ccc", "bbb", "aaa"]


def test_the_plain_dockerfile_adds_an_interpreter_at_the_end() -> None:
    two = plain_dockerfile("base", ["cp39", "cp313"], with_ca=True)
    three = plain_dockerfile("base", ["cp39", "cp313", "cp314"], with_ca=True)

    assert three.startswith(two)
    assert two.startswith("FROM base\nWORKDIR /project\nCOPY . .\nRUN --mount=type=secret,id=ca")
    assert "secret" not in plain_dockerfile("base", ["cp39"], with_ca=False)


def test_the_curve_has_a_line_for_each_way_and_scenario(tmp_path: Path) -> None:
    measured = [
        Point(way, scenario, wheels, seconds * wheels)
        for way, scenario, seconds in [
            ("cibuildwheel", "cold", 8.0),
            ("wheeldock", "cold", 4.0),
            ("wheeldock", "nothing changed", 0.1),
        ]
        for wheels in (1, 2, 3)
    ]
    curve.write(measured, tmp_path / "curve.json")
    svg = ET.fromstring((tmp_path / "curve.svg").read_text())  # noqa: S314 - it is ours
    space = "{http://www.w3.org/2000/svg}"
    lines = [line.get("points", "").split() for line in svg.iter(f"{space}polyline")]
    texts = [text.text for text in svg.iter(f"{space}text")]

    assert curve.read(tmp_path / "curve.json") == measured
    assert [len(line) for line in lines] == [3, 3, 3]
    assert lines[0][2].endswith(",30.0")  # the slowest build is at the top
    assert "wheeldock, cold: 12 s" in texts
