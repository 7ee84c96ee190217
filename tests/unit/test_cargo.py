from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock import cargo

if TYPE_CHECKING:
    from pathlib import Path


def test_wheels_come_before_the_sdist(tmp_path: Path) -> None:
    for name in ("a-1.tar.gz", "a-1-py3-none-any.whl", "a-1-cp39-abi3-linux_x86_64.whl"):
        (tmp_path / name).touch()
    read = cargo.read(tmp_path)
    assert [file.path.name for file in read.files] == [
        "a-1-cp39-abi3-linux_x86_64.whl",
        "a-1-py3-none-any.whl",
        "a-1.tar.gz",
    ]
    assert (read.problems, read.left, read.nameless) == ((), (), ())


def test_what_is_no_distribution_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a-1.tar.gz").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "attestations").mkdir()
    assert cargo.read(tmp_path).left == ("attestations", "notes.txt")


def test_what_should_be_one_is_checked_with_the_rest(tmp_path: Path) -> None:
    (tmp_path / "a.whl").touch()
    (tmp_path / "a-1.tar.gz").touch()
    read = cargo.read(tmp_path)
    assert [path.name for path in read.nameless] == ["a.whl"]
    assert [path.name for path in read.paths] == ["a-1.tar.gz", "a.whl"]


def test_a_folder_that_has_nothing_is_a_problem(tmp_path: Path) -> None:
    assert "there is no wheel and no sdist in it" in cargo.read(tmp_path).problems[0]
    assert "there is no such folder" in cargo.read(tmp_path / "dist").problems[0]
    (tmp_path / "a-1-py3-none-any.whl").mkdir()
    (tmp_path / "b-1.tar.gz").symlink_to("nowhere")
    assert [problem.partition(": ")[2] for problem in cargo.read(tmp_path).problems] == [
        "it is no file",
        "it is no file",
    ]
