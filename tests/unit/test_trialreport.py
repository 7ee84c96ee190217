from __future__ import annotations

import io
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from rich.console import Console

from wheeldock.trialreport import (
    TestingReport,
    TrialReport,
    as_json,
    closing_line,
    remarks,
    show,
    write_junit,
)
from wheeldock.trials import Untried

if TYPE_CHECKING:
    from pathlib import Path

WHEEL = "tiny-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
CP313 = "cp313-manylinux_x86_64"


def trial(*, error: str = "", cached: bool = False, image: str = "base image") -> TrialReport:
    return TrialReport(
        name=f"{CP313} on {image}",
        wheel=WHEEL,
        identifier=CP313,
        image=image,
        stages={"test": 1.0},
        seconds=2.0,
        cached=cached,
        error=error,
        exit_code=50 if error else 0,
        log=("a\x1b[31m < b", "1 passed"),
    )


ERROR = f"{WHEEL} on {CP313}, image x, stage test: failed: pytest\n    E  1 < 2"
REPORT = TestingReport(
    trials=(trial(), trial(cached=True, image="debian:a"), trial(error=ERROR, image="debian:b")),
    untried=(Untried(wheel=WHEEL, image="debian:c", why="the image has no interpreter"),),
    seconds=3.0,
)


def test_all_of_it_in_a_line() -> None:
    assert closing_line(REPORT) == "2 of 3 tests of 1 wheel passed, 1 not tested again, 3.0 s"
    again = TestingReport(trials=(trial(cached=True),), untried=(), seconds=0.1)
    assert closing_line(again) == "1 test of 1 wheel passed, none tested again, 0.1 s"


def test_the_table_has_a_row_for_each_trial_and_each_that_was_not_made() -> None:
    out = io.StringIO()
    show(REPORT, Console(file=out, width=160))
    rows = [line.split() for line in out.getvalue().splitlines() if line.startswith(WHEEL)]
    assert [set(row) & {"passed", "cached", "failed", "skipped"} for row in rows] == [
        {"passed"},
        {"cached"},
        {"failed"},
    ]
    assert remarks(REPORT) == ["Not tested on debian:c: cp313-cp313 (the image has no interpreter)"]


def test_what_is_skipped_has_a_row() -> None:
    out = io.StringIO()
    skipped = Untried(wheel=WHEEL, image="base image", identifier=CP313, why="test-skip names it")
    show(TestingReport(trials=(), untried=(skipped,), seconds=0.0), Console(file=out, width=160))
    assert f"{WHEEL}  {CP313}  base image  skipped" in out.getvalue()


def test_json_has_each_outcome() -> None:
    assert [each["outcome"] for each in as_json(REPORT)["trials"]] == ["passed", "cached", "failed"]


def test_junit_has_a_case_for_each_trial(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tests.xml"
    write_junit(REPORT, path)
    (suite,) = ET.parse(path).getroot()  # noqa: S314 - our own
    assert suite.attrib["tests"] == "4"
    assert suite.attrib["failures"] == suite.attrib["skipped"] == "1"
    cases = list(suite)
    assert {case.attrib["classname"] for case in cases} == {WHEEL}
    assert cases[0].attrib["name"] == f"{CP313} on base image"
    assert cases[0].attrib["time"] == "2.000"
    assert cases[0].findtext("system-out") == "a[31m < b\n1 passed"
    assert cases[2].findtext("failure") == ERROR
    assert cases[3].find("skipped") is not None
