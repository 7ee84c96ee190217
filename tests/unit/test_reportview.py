from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from tests.unit.reports import CACHES, FAILED, SDIST, run, wheel

from wheeldock.report import RunReport, TargetReport
from wheeldock.reportview import closing_line, reason, show, table


def shown(report: RunReport, width: int, output: Path = Path("dist")) -> list[str]:
    console = Console(width=width, color_system=None)
    with console.capture() as capture:
        show(report, output, console)
    return capture.get().splitlines()


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
