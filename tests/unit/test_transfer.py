from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_cache import blob_path, export

from wheeldock import exports, transfer
from wheeldock.errors import OutputError

if TYPE_CHECKING:
    from pathlib import Path

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
    transfer.restore(tmp_path / "none", print)
    assert files(cache) == before


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
