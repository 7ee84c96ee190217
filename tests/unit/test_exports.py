from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_cache import export

from wheeldock import exports
from wheeldock.cache import KeptFolder

if TYPE_CHECKING:
    from pathlib import Path

CP313 = "cp313-manylinux_x86_64"
NOTE = f"{'0' * 64}.json"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A cache folder among things that are not wheeldock's, with exports from old to new."""
    folder = tmp_path / "cache"
    for age, place in enumerate((f"b/{CP313}", "b/sdist", "a/sdist")):
        made = export(folder / place, b"x" * 1000)
        for file in made.rglob("*"):
            os.utime(file, (5000 - age, 1000 * (age + 1)))
    (folder / "base-images").mkdir()
    (folder / "base-images" / NOTE).write_text("{}")
    (folder / "a/sdist-notes").mkdir()
    export(folder / "a/documents")
    (folder / "c/sdist").mkdir(parents=True)
    (folder / "c/sdist/thesis.txt").write_text("mine")
    (folder / "d").mkdir()
    (folder / "d/sdist").symlink_to(folder / "a/sdist")
    (folder / "file").write_text("")
    return folder


def names(found: list[exports.Export]) -> list[str]:
    return [f"{item.project}/{item.target}" for item in found]


def everything(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_only_what_has_the_name_and_the_shape_of_an_export_is_one(folder: Path) -> None:
    found = exports.find(folder)
    assert names(found) == ["a/sdist", f"b/{CP313}", "b/sdist"]
    assert not any(item.flaw() for item in found)
    assert [item.written for item in found] == [3000, 1000, 2000]


def test_a_size_is_that_of_the_files(folder: Path) -> None:
    (one, *_) = exports.find(folder)
    files = [path for path in one.path.rglob("*") if path.is_file()]
    assert one.size == sum(len(path.read_bytes()) for path in files) > 1000
    assert exports.total([one, one]) == 2 * one.size


def test_a_folder_that_is_missing_has_nothing(tmp_path: Path) -> None:
    assert exports.find(tmp_path / "none") == []
    assert exports.notes(tmp_path / "none") == []


@pytest.mark.parametrize("name", ["sdist.new", "sdist.0123abcd.new"])
def test_a_half_written_export_is_one_that_has_to_go(folder: Path, name: str) -> None:
    (folder / "a" / name / "ingest").mkdir(parents=True)
    (half,) = exports.beyond(exports.find(folder), 1 << 30)
    assert (half.target, half.flaw()) == (name, "half-written")


def test_what_is_damaged_goes_first_and_then_what_is_oldest(folder: Path) -> None:
    found = exports.find(folder)
    one = found[0].size
    assert exports.beyond(found, 3 * one) == []
    assert names(exports.beyond(found, 3 * one - 1)) == [f"b/{CP313}"]
    assert names(exports.beyond(found, 1)) == names(found)
    (folder / "a/sdist/index.json").write_text("{}")
    assert names(exports.beyond(exports.find(folder), 2 * one)) == ["a/sdist"]


def test_what_is_larger_alone_takes_nothing_along(folder: Path) -> None:
    file = folder / "a/sdist/blobs/large"
    file.write_bytes(bytes(1 << 20))
    os.utime(file, (9000, 9000))
    found = exports.find(folder)
    assert names(exports.beyond(found, 2 * found[1].size)) == ["a/sdist"]


def test_what_a_build_takes_away_meanwhile_is_left_out(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a/sdist.new").mkdir()
    has_shape = KeptFolder.has_shape

    def taken_away(kept: KeptFolder) -> bool:
        if kept.path.suffix == kept.FRESH:
            kept.path.rmdir()
            raise FileNotFoundError
        return has_shape(kept)

    monkeypatch.setattr(KeptFolder, "has_shape", taken_away)
    found = exports.find(folder)
    assert names(found) == ["a/sdist", f"b/{CP313}", "b/sdist"]
    lstat = type(folder).lstat

    def gone(path: Path) -> os.stat_result:
        if path.name == "index.json":
            raise FileNotFoundError
        return lstat(path)

    monkeypatch.setattr(type(folder), "lstat", gone)
    index = (folder / "a/sdist/index.json").read_bytes()
    assert exports.find(folder)[0].size == found[0].size - len(index)


def test_what_is_not_ours_stays(folder: Path) -> None:
    ours = exports.find(folder)
    exports.take_away(folder, [ours[0].path])
    assert f"base-images/{NOTE}" in everything(folder)
    exports.take_away(folder, [item.path for item in ours[1:]])
    left = everything(folder)
    assert left >= {"a/sdist-notes", "a/documents/index.json", "c/sdist/thesis.txt", "file"}
    assert not {"a/sdist", "b", "base-images"} & left


def test_a_folder_that_was_all_ours_goes(tmp_path: Path) -> None:
    export(tmp_path / "cache/a/sdist")
    exports.take_away(tmp_path / "cache", [tmp_path / "cache/a/sdist"])
    assert list(tmp_path.iterdir()) == []
