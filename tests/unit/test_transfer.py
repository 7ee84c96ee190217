from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest
from tests.unit.test_cache import blob_path, export

from wheeldock import exports, transfer
from wheeldock.errors import OutputError

NOTE = f"{'0' * 64}.json"
CP313 = "cp313-manylinux_x86_64"
LIMIT = 1 << 20


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the working directory: two exports, the sdist's the older, and a note."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("WHEELDOCK_CACHE_DIR", "cache")
    cache = home / "cache"
    old(export(cache / "tiny/sdist"), 1000)
    old(export(cache / "tiny" / CP313), 2000)
    (cache / "base-images").mkdir()
    (cache / "base-images" / NOTE).write_text("{}")
    return cache


def old(folder: Path, seconds: float) -> None:
    for path in folder.rglob("*"):
        os.utime(path, (seconds, seconds))


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_what_was_saved_is_restored_as_it_was(cache: Path, tmp_path: Path) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    before = files(cache)
    exports.take_away(cache, [item.path for item in exports.find(cache)])
    assert not cache.exists()
    transfer.restore(tmp_path / "saved", print)
    assert files(cache) == before
    assert [item.written for item in exports.find(cache)] == [2000, 1000]


def test_the_newest_is_saved_up_to_the_limit_and_the_rest_is_told(
    cache: Path, tmp_path: Path
) -> None:
    said: list[str] = []
    transfer.save(tmp_path / "saved", exports.total(exports.find(cache)) - 1, said.append)
    (saved,) = exports.find(tmp_path / "saved/exports")
    assert saved.target == CP313
    assert said[0].startswith("1 export (")
    assert "tiny/sdist (beyond " in said[1]


def test_a_second_save_replaces_the_first(cache: Path, tmp_path: Path) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    exports.take_away(cache, [cache / "tiny/sdist"])
    transfer.save(tmp_path / "saved", LIMIT, print)
    (saved,) = exports.find(tmp_path / "saved/exports")
    assert saved.target == CP313
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["exports"]


def test_what_is_damaged_is_neither_saved_nor_restored(cache: Path, tmp_path: Path) -> None:
    said: list[str] = []
    blob_path(cache / "tiny/sdist", b"layer").write_bytes(b"LAYER")
    transfer.save(tmp_path / "saved", LIMIT, said.append)
    assert "tiny/sdist (corrupt" in said[1]
    blob_path(tmp_path / "saved/exports/tiny" / CP313, b"layer").write_bytes(b"")
    exports.take_away(cache, [item.path for item in exports.find(cache)])
    said.clear()
    transfer.restore(tmp_path / "saved", said.append)
    assert exports.find(cache) == []
    assert said[0].startswith("0 exports (")
    assert "truncated" in said[1]


def test_what_is_newer_here_stays_and_what_is_damaged_here_goes(
    cache: Path, tmp_path: Path
) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    export(cache / "tiny/sdist", b"newer")
    damaged = blob_path(cache / "tiny" / CP313, b"layer")
    damaged.write_bytes(b"LAYER")
    transfer.restore(tmp_path / "saved", print)
    assert blob_path(cache / "tiny/sdist", b"newer").exists()
    assert damaged.read_bytes() == b"layer"


def test_where_nothing_was_saved_nothing_is_restored(cache: Path, tmp_path: Path) -> None:
    before = files(cache)
    said: list[str] = []
    transfer.restore(tmp_path / "none", said.append)
    assert files(cache) == before
    assert said == [f"0 exports (0 bytes) restored from {tmp_path}/none/: there is no such folder"]


@pytest.mark.parametrize("place", ["exports", "exports/tiny/sdist/thesis.txt", "exports/a.txt"])
def test_nothing_of_someone_else_is_replaced(cache: Path, tmp_path: Path, place: str) -> None:
    assert cache.exists()
    mine = tmp_path / "saved" / place
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(OutputError, match="replace"):
        transfer.save(tmp_path / "saved", LIMIT, print)
    assert mine.read_text() == "mine"


def test_what_lies_beside_is_left_alone(cache: Path, tmp_path: Path) -> None:
    assert cache.exists()
    (tmp_path / "saved").mkdir()
    (tmp_path / "saved/compiler").write_text("of another")
    transfer.save(tmp_path / "saved", LIMIT, print)
    assert (tmp_path / "saved/compiler").exists()


def test_what_a_killed_save_left_of_someone_else_is_left_alone(cache: Path, tmp_path: Path) -> None:
    assert cache.exists()
    mine = tmp_path / "saved/exports.new/thesis.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(OutputError, match=r"exports\.new/thesis.txt is not from"):
        transfer.save(tmp_path / "saved", LIMIT, print)
    assert mine.exists()


def test_the_cache_folder_is_not_saved_to_itself(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.rename(tmp_path / "exports")
    monkeypatch.setenv("WHEELDOCK_CACHE_DIR", "../exports")
    before = files(tmp_path / "exports")
    with pytest.raises(OutputError, match="the cache folder itself"):
        transfer.save(tmp_path, 0, print)
    assert files(tmp_path / "exports") == before


@pytest.mark.parametrize("place", ["file", "file/folder"])
def test_a_file_is_no_folder_to_save_to(cache: Path, tmp_path: Path, place: str) -> None:
    assert cache.exists()
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=f"{place} is no folder"):
        transfer.save(tmp_path / place, LIMIT, print)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="Linux has it")
def test_where_no_folder_can_be_made_is_no_folder(cache: Path) -> None:
    assert cache.exists()
    with pytest.raises(OutputError, match="/proc/x is no folder"):
        transfer.save(Path("/proc/x"), LIMIT, print)


def test_a_disk_that_is_full_is_said_and_nothing_is_left_there(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    before = files(tmp_path)
    transfer.save(tmp_path / "newer", LIMIT, print)
    old(tmp_path / "newer", 3000)
    shutil.copytree(tmp_path / "newer", tmp_path / "before")

    def full(_: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copy2", full)
    with pytest.raises(OSError, match="No space left") as caught:
        transfer.save(tmp_path / "saved", LIMIT, print)
    assert caught.value.errno == errno.ENOSPC
    with pytest.raises(OSError, match="No space left") as caught:
        transfer.restore(tmp_path / "newer", print)
    assert caught.value.errno == errno.ENOSPC
    assert files(tmp_path / "saved") == files(tmp_path / "before")
    assert before.items() <= files(tmp_path).items()
    assert list(tmp_path.rglob("*.new")) == []
    assert cache.exists()


def test_what_would_replace_files_of_someone_else_is_not_restored(
    cache: Path, tmp_path: Path
) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    exports.take_away(cache, [item.path for item in exports.find(cache)])
    (cache / "tiny/sdist").mkdir(parents=True)
    (cache / "tiny/sdist/thesis.txt").write_text("mine")
    said: list[str] = []
    transfer.restore(tmp_path / "saved", said.append)
    assert said[0].startswith("1 export (")
    assert said[1].endswith("tiny/sdist has files of someone else)")
    assert {path.name for path in (cache / "tiny").iterdir()} == {"sdist", CP313}
    assert [path.name for path in (cache / "tiny/sdist").iterdir()] == ["thesis.txt"]


def test_what_is_no_file_is_not_restored(cache: Path, tmp_path: Path) -> None:
    transfer.save(tmp_path / "saved", LIMIT, print)
    exports.take_away(cache, [item.path for item in exports.find(cache)])
    (tmp_path / "saved/exports/tiny/sdist/blobs/link").symlink_to(tmp_path)
    index = tmp_path / "saved/exports/tiny" / CP313 / "index.json"
    index.unlink()
    os.mkfifo(index)
    said: list[str] = []
    transfer.restore(tmp_path / "saved", said.append)
    assert exports.find(cache) == []
    assert [line.rpartition("(")[2] for line in said[1:]] == ["has links or devices)"] * 2
