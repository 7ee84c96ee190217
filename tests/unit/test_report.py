import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.reports import run

from wheeldock.errors import StoppedError
from wheeldock.report import (
    RunReport,
    TargetReport,
    closing_line,
    outcome,
    read,
    reason,
    show,
    table,
    write,
)

SDIST = TargetReport(
    name="sdist",
    file="pyovf-0.3.0.tar.gz",
    size=130_028,
    sha256="0123456789abcdef" * 4,
    stages={"env": 0.0, "sdist": 0.0},
    seconds=0.41,
    cached=True,
)
FAILED = TargetReport(
    name="cp39-manylinux_x86_64",
    file=None,
    size=None,
    sha256=None,
    stages={"env": 4.1, "build": 8.0},
    seconds=12.6,
    cached=False,
    error="cp39-manylinux_x86_64, stage build: exit code 1\n    a.c:1: error: no [bold]such thing",
    exit_code=30,
)


def wheel(minor: int, *, cached: bool = False) -> TargetReport:
    return TargetReport(
        name=f"cp3{minor}-manylinux_x86_64",
        file=f"pyovf-0.3.0-cp3{minor}-cp3{minor}-manylinux_2_28_x86_64.whl",
        size=1_234_567,
        sha256="fedcba9876543210" * 4,
        stages={} if cached else {"tools": 20.12, "env": 4.0, "build": 12.3, "wheel": 0.01},
        seconds=0.4 if cached else 36.6,
        cached=cached,
    )


def shown(report: RunReport, width: int, output: Path = Path("dist")) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        show(report, output, console)
    return capture.get().splitlines()


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


def test_the_reason_is_a_line_without_the_name() -> None:
    assert reason(FAILED) == "stage build: exit code 1"
    assert reason(SDIST) == ""


def test_the_table_has_all_of_a_target() -> None:
    columns = [column.header for column in table(run()).columns]
    assert columns == ["target", "result", "time", "file", "size", "sha256", "seconds by stage"]


def test_a_wide_console_has_a_row_a_target() -> None:
    lines = shown(run(SDIST, wheel(13), FAILED), 160)
    assert [" ".join(line.split()) for line in lines if line.startswith(("sdist", "cp3"))] == [
        "sdist cached 0.4 s pyovf-0.3.0.tar.gz 130.0 kB 0123456789ab",
        (
            "cp313-manylinux_x86_64 built 36.6 s pyovf-0.3.0-cp313-cp313-manylinux_2_28_x86_64.whl "
            "1.2 MB fedcba987654 tools 20.1, env 4.0, build 12.3"
        ),
        "cp39-manylinux_x86_64 failed 12.6 s env 4.1, build 8.0",
    ]


CACHES = {"compiles": {"hits": 3, "misses": 1}, "links": {"hits": 1, "misses": 0}}


def test_what_was_compiled_before_has_a_column() -> None:
    lines = shown(run(SDIST, replace(wheel(13), compiler_cache=CACHES)), 200)
    assert lines[1].split()[-1] == "reused"
    assert lines[3].rstrip().endswith("3/4 compiles, 1/1 links")


def test_that_column_too_fits_80_columns() -> None:
    lines = shown(run(SDIST, replace(wheel(13), compiler_cache=CACHES)), 80)
    assert max(map(len, lines)) <= 80
    text = " ".join(lines)
    assert all(
        word in text for word in ("cp313-manylinux_x86_64 ", "reused", "3/4", "1/1", "links")
    )


def test_what_was_not_linked_is_not_counted() -> None:
    caches = CACHES | {"links": {"hits": 0, "misses": 0}}
    lines = shown(run(replace(wheel(13), compiler_cache=caches)), 200)
    assert any(line.rstrip().endswith("3/4 compiles") for line in lines)


def test_what_the_caches_gave_can_be_read(tmp_path: Path) -> None:
    report = run(replace(wheel(13), compiler_cache=CACHES, warning="all of it missed"))
    write(report, tmp_path / "report.json")
    assert read(tmp_path / "report.json") == report


def test_80_columns_keep_every_name_whole() -> None:
    lines = shown(run(SDIST, *map(wheel, range(9, 15)), FAILED), 80)
    assert max(map(len, lines)) <= 80
    text = "\n".join(lines)
    for minor in range(9, 15):
        assert f"cp3{minor}-manylinux_x86_64 " in text
        assert f"pyovf-0.3.0-cp3{minor}-cp3{minor}-manylinux_2_28_x86_64.whl " in text
    assert "tools 20.1, env 4.0, build 12.3" in text


def test_identifiers_are_whole_however_narrow() -> None:
    lines = shown(run(*map(wheel, range(9, 15))), 50)
    for minor in range(9, 15):
        assert sum(line.startswith(f"cp3{minor}-manylinux_x86_64 ") for line in lines) == 1


def test_a_run_in_which_all_failed_has_no_table_of_files() -> None:
    lines = shown(run(FAILED), 60)
    assert [line.split()[0] for line in lines if line.strip()] == ["target", FAILED.name, "1"]


@pytest.mark.parametrize("width", [20, 40, 80, 160])
def test_a_pipe_gets_text_alone(width: int) -> None:
    text = "\n".join(shown(run(SDIST, wheel(13), FAILED), width))
    assert all(char.isprintable() and char.isascii() for char in text.replace("\n", ""))


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ([SDIST, wheel(13)], "1 wheel and the sdist in dist/, 1 cached, 12.3 s"),
        ([wheel(11), wheel(13)], "2 wheels in dist/, 12.3 s"),
        ([SDIST, wheel(13, cached=True)], "1 wheel and the sdist in dist/, all cached, 12.3 s"),
        ([SDIST], "the sdist in dist/, all cached, 12.3 s"),
        ([SDIST, wheel(13), FAILED], "1 of 3 failed, 1 cached, 12.3 s"),
        ([FAILED, FAILED], "2 of 2 failed, 12.3 s"),
    ],
)
def test_the_run_in_a_line(targets: list[TargetReport], expected: str) -> None:
    report = run(*targets)
    assert closing_line(report, Path.cwd() / "dist") == expected
    assert shown(report, 80, Path.cwd() / "dist")[-1] == expected


def test_a_folder_elsewhere_is_named_in_full(tmp_path: Path) -> None:
    assert closing_line(run(SDIST), tmp_path).startswith(f"the sdist in {tmp_path}/,")


# --- a wheel that serves several interpreters ---


SERVED = TargetReport(
    name="cp314-manylinux_x86_64",
    stages={},
    seconds=0.0,
    served_by="pyovf-0.3.0-cp313-abi3-manylinux_2_28_x86_64.whl",
)


def test_what_is_served_is_in_the_table_with_its_wheel() -> None:
    (row,) = (line for line in shown(run(SDIST, wheel(13), SERVED), 200) if "cp314-" in line)
    assert row.split()[1] == "served"
    assert "by pyovf-0.3.0-cp313-abi3-manylinux_2_28_x86_64.whl" in row


def test_what_is_served_is_neither_a_wheel_nor_a_failure() -> None:
    line = closing_line(run(SDIST, wheel(13), SERVED), Path("dist"))
    assert line == "1 wheel for 2 interpreters and the sdist in dist/, 1 cached, 12.3 s"
    line = closing_line(run(SDIST, wheel(13, cached=True), SERVED), Path("dist"))
    assert "all cached" in line
    assert closing_line(run(SDIST, FAILED, SERVED), Path("dist")).startswith("1 of 3 failed")
