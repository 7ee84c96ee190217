from __future__ import annotations

import ctypes
import errno
from pathlib import Path

import pytest

from wheeldock import swap
from wheeldock.swap import remove, take_place, write_whole


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """A fresh folder, and the old one whose place it takes."""
    fresh, place = tmp_path / "fresh", tmp_path / "place"
    for folder in (fresh, place):
        folder.mkdir()
        (folder / "who").write_text(folder.name)
    return fresh, place


@pytest.fixture(params=[True, False], ids=["exchange", "no-exchange"])
def exchange(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether the system can exchange two names in one step."""
    if not request.param:
        # An older C library has no renameat2.
        monkeypatch.setattr(ctypes, "CDLL", lambda *_, **__: object())
    return bool(request.param)


@pytest.mark.usefixtures("exchange")
def test_two_folders_change_places(pair: tuple[Path, Path]) -> None:
    fresh, place = pair
    take_place(fresh, place)
    assert (place / "who").read_text() == "fresh"
    assert (fresh / "who").read_text() == "place"
    assert len(list(place.parent.iterdir())) == 2


@pytest.mark.usefixtures("exchange")
def test_a_folder_takes_the_place_of_a_file(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    file = tmp_path / "file"
    file.write_text("a file")
    take_place(pair[0], file)
    assert (file / "who").read_text() == "fresh"


def test_a_free_place_is_taken(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    take_place(pair[0], tmp_path / "free")
    assert (tmp_path / "free" / "who").read_text() == "fresh"
    assert not pair[0].exists()


@pytest.mark.usefixtures("exchange")
def test_what_is_not_there_takes_no_place(pair: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        take_place(tmp_path / "missing", pair[1])
    assert (pair[1] / "who").read_text() == "place"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh", "place"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError(errno.EIO, "fault")])
@pytest.mark.parametrize("after", [0, 1], ids=["before-any-rename", "after-the-first"])
def test_a_broken_exchange_by_renaming_leaves_both_as_they_were(
    pair: tuple[Path, Path], error: BaseException, after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh, place = pair
    rename, renamed = Path.rename, []

    def broken(self: Path, target: Path) -> Path:
        renamed.append(self)
        if len(renamed) == after + 1:
            raise error
        return rename(self, target)

    monkeypatch.setattr(swap, "_exchange", lambda *_: (_ for _ in ()).throw(OSError(38, "no")))
    monkeypatch.setattr(Path, "rename", broken)
    with pytest.raises(type(error)):
        take_place(fresh, place)
    assert (place / "who").read_text() == "place"
    assert (fresh / "who").read_text() == "fresh"


def test_what_the_system_refuses_is_raised_and_not_tried_otherwise(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    monkeypatch.setattr(swap, "_exchange", busy)
    with pytest.raises(OSError, match="busy"):
        take_place(*pair)
    assert (pair[1] / "who").read_text() == "place"


def test_a_file_a_link_and_a_folder_are_removed_and_what_a_link_leads_to_is_not(
    tmp_path: Path, pair: tuple[Path, Path]
) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(pair[1])
    for name in ("file", "link", "fresh", "missing"):
        remove(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]
    assert (pair[1] / "who").exists()


def test_what_cannot_be_removed_is_named_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: Path) -> None:
        raise OSError(errno.EROFS, "Read-only file system", "index.json")

    monkeypatch.setattr("shutil.rmtree", refuse)
    with pytest.raises(OSError, match="Read-only") as caught:
        remove(tmp_path)
    assert caught.value.filename == str(tmp_path)


def test_a_file_is_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "note"
    write_whole(file, "one")
    write_whole(file, "two €")
    assert file.read_text(encoding="utf-8") == "two €"
    assert [path.name for path in file.parent.iterdir()] == ["note"]


def test_a_file_that_cannot_be_written_whole_stays_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "note"
    write_whole(file, "before")

    def full(path: Path, *_: object) -> None:
        path.touch()
        raise OSError(errno.ENOSPC, "no space left on device", str(path))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="no space left"):
        write_whole(file, "after")
    assert [path.name for path in tmp_path.iterdir()] == ["note"]
    assert file.read_text() == "before"
