import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.reports import CACHES, FAILED, SDIST, run, wheel

from wheeldock.errors import StoppedError
from wheeldock.report import (
    TargetReport,
    outcome,
    read,
    write,
)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    report = run(SDIST, wheel(13), FAILED)
    write(report, tmp_path / "report.json")
    assert read(tmp_path / "report.json") == report


def test_the_file_is_for_programs(tmp_path: Path) -> None:
    write(run(SDIST, FAILED), tmp_path / "report.json")
    fields = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert fields["schema"] == 1
    assert fields["project"] == "tiny"
    assert fields["targets"][0] == {
        "name": "sdist",
        "file": "pyovf-0.3.0.tar.gz",
        "size": 130_028,
        "sha256": "0123456789abcdef" * 4,
        "stages": {"env": 0.0, "sdist": 0.0},
        "seconds": 0.41,
        "cached": True,
        "compiler_cache": None,
        "build_requirements": {},
        "epoch": None,
        "warning": "",
        "error": "",
        "exit_code": 0,
        "served_by": "",
    }
    assert list(fields["targets"][1]["stages"]) == ["env", "build"]


def test_a_report_replaces_another_whole(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write(run(*map(wheel, range(9, 15))), path)
    write(run(), path)
    assert read(path).targets == ()
    assert list(tmp_path.iterdir()) == [path]


def test_a_report_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.mkdir()
    with pytest.raises(OSError, match=r"report\.json"):
        write(run(), path)
    assert list(tmp_path.iterdir()) == [path]


def test_bytes_that_are_no_text_can_be_reported(tmp_path: Path) -> None:
    odd = replace(FAILED, error="\udc80 \x1b[2J \u65e5")
    write(run(odd), tmp_path / "report.json")
    assert read(tmp_path / "report.json").targets == (odd,)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"schema": 2, "targets": []}',
        '{"schema": 1}',
        '{"schema": 1, "targets": [5]}',
        '{"schema": 1, "targets": [{}]}',
        '{"schema": 1, "targets": []}',
        '{"schema": 1, "targets": 5}',
    ],
)
def test_a_file_that_is_no_report(tmp_path: Path, text: str) -> None:
    path = tmp_path / "report.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=r"report\.json: no report of schema 1: "):
        read(path)


def test_a_report_of_the_future_says_so(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text('{"schema": 2, "new": 1}', encoding="utf-8")
    with pytest.raises(ValueError, match=r"report\.json: no report of schema 1: its schema is 2"):
        read(path)


def test_no_report(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "report.json")


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (SDIST, "cached"),
        (wheel(13), "built"),
        (replace(SDIST, cached=False, stages={}), "given"),
        (FAILED, "failed"),
        (replace(FAILED, exit_code=StoppedError.code), "stopped"),
    ],
)
def test_a_target_s_end_in_a_word(target: TargetReport, expected: str) -> None:
    assert outcome(target) == expected


def test_what_the_caches_gave_can_be_read(tmp_path: Path) -> None:
    report = run(replace(wheel(13), compiler_cache=CACHES, warning="all of it missed"))
    write(report, tmp_path / "report.json")
    assert read(tmp_path / "report.json") == report
