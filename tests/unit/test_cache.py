from __future__ import annotations

import errno
import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from wheeldock import cache as caching
from wheeldock.cache import TargetCache

if TYPE_CHECKING:
    from pathlib import Path

LATEST = {"org.opencontainers.image.ref.name": "latest"}


@pytest.fixture
def cache(tmp_path: Path) -> TargetCache:
    return TargetCache(tmp_path / "cache" / "cp313-manylinux_x86_64")


def blob(folder: Path, data: bytes) -> dict[str, Any]:
    """Put a blob into an export and describe it."""
    digest = hashlib.sha256(data).hexdigest()
    path = folder / "blobs" / "sha256" / digest
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def export(folder: Path, layer: bytes = b"layer", *, parts: str = "manifests") -> Path:
    """Write an export as BuildKit does."""
    config = blob(folder, b'{"layers": [], "records": []}')
    layers = [blob(folder, layer)]
    content = (
        {"manifests": [*layers, config]}
        if parts == "manifests"
        else {"layers": layers, "config": config}
    )
    manifest = blob(folder, json.dumps(content).encode())
    write_index(folder, {"manifests": [manifest | {"annotations": LATEST}]})
    return folder


def write_index(folder: Path, index: object) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "index.json").write_text(json.dumps(index))


def blob_path(folder: Path, data: bytes) -> Path:
    return folder / "blobs" / "sha256" / hashlib.sha256(data).hexdigest()


# --- what can be imported ---


@pytest.mark.parametrize("parts", ["manifests", "layers"])
def test_a_whole_export_is_usable(cache: TargetCache, parts: str) -> None:
    export(cache.path, parts=parts)
    assert cache.usable() == cache.path


def test_without_an_export_nothing_is_usable(cache: TargetCache) -> None:
    assert cache.usable() is None


def test_a_file_in_place_of_the_export_is_not_usable(cache: TargetCache) -> None:
    cache.path.parent.mkdir()
    cache.path.write_text("a file")
    assert cache.usable() is None


@pytest.mark.parametrize("size", [0, 1, 60])
def test_a_truncated_index_is_not_usable(cache: TargetCache, size: int) -> None:
    index = export(cache.path) / "index.json"
    index.write_bytes(index.read_bytes()[:size])
    assert cache.usable() is None


@pytest.mark.parametrize(
    "index",
    [
        None,
        5,
        "manifests",
        [],
        {},
        {"manifests": None},
        {"manifests": 5},
        {"manifests": {}},
        {"manifests": []},
        {"manifests": ["text"]},
        {"manifests": [{}]},
        {"manifests": [{"annotations": None}]},
        {"manifests": [{"annotations": LATEST}]},
        {"manifests": [{"annotations": LATEST, "digest": 5, "size": 1}]},
        {"manifests": [{"annotations": LATEST, "digest": "", "size": 1}]},
        {"manifests": [{"annotations": LATEST, "digest": "sha256:\0", "size": 1}]},
    ],
)
def test_an_index_of_another_shape_is_not_usable(cache: TargetCache, index: object) -> None:
    write_index(cache.path, index)
    assert cache.usable() is None


def test_an_index_that_is_no_text_is_not_usable(cache: TargetCache) -> None:
    (export(cache.path) / "index.json").write_bytes(b"\xff\xfe\x00")
    assert cache.usable() is None


def test_an_image_layout_of_another_tool_is_not_usable(cache: TargetCache) -> None:
    manifest = blob(cache.path, b'{"layers": []}')
    write_index(cache.path, {"manifests": [manifest]})
    assert cache.usable() is None


@pytest.mark.parametrize("content", [b"", b"[]", b"5", b'{"layers": 5}', b'{"layers": [{}]}'])
def test_a_manifest_of_another_shape_is_not_usable(cache: TargetCache, content: bytes) -> None:
    manifest = blob(cache.path, content)
    write_index(cache.path, {"manifests": [manifest | {"annotations": LATEST}]})
    assert cache.usable() is None


@pytest.mark.parametrize("parts", ["manifests", "layers"])
@pytest.mark.parametrize("data", [None, b"", b"LAYER"], ids=["missing", "empty", "other"])
def test_an_export_with_a_blob_that_is_not_whole_is_not_usable(
    cache: TargetCache, data: bytes | None, parts: str
) -> None:
    layer = blob_path(export(cache.path, parts=parts), b"layer")
    layer.unlink()
    if data is not None:
        layer.write_bytes(data)
    assert cache.usable() is None


def test_an_export_without_its_manifest_is_not_usable(cache: TargetCache) -> None:
    index = json.loads((export(cache.path) / "index.json").read_text())
    digest = index["manifests"][0]["digest"].removeprefix("sha256:")
    (cache.path / "blobs" / "sha256" / digest).unlink()
    assert cache.usable() is None


@pytest.mark.parametrize(
    ("damage", "flaw"),
    [
        (b"lay", "truncated"),
        (b"lAyer", "corrupt"),
    ],
)
def test_a_flaw_is_named(cache: TargetCache, damage: bytes, flaw: str) -> None:
    assert cache.flaw() == "missing"
    blob_path(export(cache.path), b"layer").write_bytes(damage)
    assert cache.flaw().startswith(flaw)
    for content in ("{}", "[" * 100_000):
        (cache.path / "index.json").write_text(content)
        assert cache.flaw() == "no cache export"
    (cache.path / "index.json").unlink()
    assert cache.flaw() == "lacks index.json"


def test_a_flipped_byte_in_a_large_blob_takes_a_thorough_look(
    cache: TargetCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caching, "_SMALL", 200)
    large = bytes(201)
    blob_path(export(cache.path, large, parts="layers"), large).write_bytes(large[:-1] + b"\1")
    assert not cache.flaw()
    assert cache.flaw(thorough=True).startswith("corrupt")


# --- from one export to the next ---


def test_the_next_export_starts_empty(cache: TargetCache) -> None:
    export(cache.fresh)
    assert list(cache.prepare().iterdir()) == []


def test_a_file_in_the_way_of_the_next_export_goes(cache: TargetCache) -> None:
    cache.fresh.parent.mkdir()
    cache.fresh.write_text("a file")
    assert cache.prepare().is_dir()


def test_preparing_leaves_the_old_export(cache: TargetCache) -> None:
    export(cache.path)
    cache.prepare()
    assert cache.usable()


def test_a_cache_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError, match=r"file/target\.\w+\.new"):
        TargetCache(tmp_path / "file" / "target").prepare()


def test_a_full_disk_is_said_to_be_one(cache: TargetCache, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(caching, "remove", full)
    with pytest.raises(OSError, match="No space left") as caught:
        cache.prepare()
    assert caught.value.errno == errno.ENOSPC


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENOTEMPTY])
def test_two_builds_may_prepare_at_once(
    cache: TargetCache, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def at_it(folder: Path) -> None:
        (folder / "ingest").mkdir(parents=True, exist_ok=True)
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(caching, "remove", at_it)
    assert cache.prepare().is_dir()


def test_the_next_export_replaces_the_old_one_as_a_whole(cache: TargetCache) -> None:
    export(cache.path, b"old layer")
    export(cache.prepare(), b"new layer")
    cache.commit()
    assert cache.usable()
    assert blob_path(cache.path, b"new layer").exists()
    assert not blob_path(cache.path, b"old layer").exists()
    assert not cache.fresh.exists()


def test_the_first_export_takes_its_place(cache: TargetCache) -> None:
    export(cache.prepare())
    cache.commit()
    assert cache.usable()


def test_an_export_replaces_a_file(cache: TargetCache) -> None:
    export(cache.prepare())
    cache.path.write_text("a file")
    cache.commit()
    assert cache.usable()
    assert not cache.fresh.exists()


def test_a_build_that_exported_nothing_leaves_the_old_export(cache: TargetCache) -> None:
    export(cache.path)
    (cache.prepare() / "ingest").mkdir()
    cache.commit()
    assert cache.usable()


def test_an_export_that_cannot_take_its_place_leaves_the_old_one(
    cache: TargetCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Path) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    export(cache.path, b"old layer")
    export(cache.prepare(), b"new layer")
    monkeypatch.setattr(caching, "take_place", busy)
    cache.commit()
    assert cache.usable()
    assert blob_path(cache.path, b"old layer").exists()
    assert not cache.fresh.exists()


def test_a_dropped_export_leaves_the_old_one(cache: TargetCache) -> None:
    export(cache.path)
    export(cache.prepare())
    cache.discard()
    assert cache.usable()
    assert not cache.fresh.exists()


def test_dropping_twice_does_no_harm(cache: TargetCache) -> None:
    cache.prepare()
    cache.discard()
    cache.discard()
    assert not cache.fresh.exists()


def test_two_builds_export_apart_from_each_other(cache: TargetCache) -> None:
    other = TargetCache(cache.path, checkout="89abcdef")
    mine, theirs = cache.prepare(), other.prepare()
    export(mine, b"mine")
    export(theirs, b"theirs")
    cache.commit()
    assert blob_path(cache.path, b"mine").exists()
    assert not blob_path(cache.path, b"theirs").exists()
    other.commit()
    assert blob_path(cache.path, b"theirs").exists()
    assert [path.name for path in cache.path.parent.iterdir()] == [cache.path.name]


@pytest.mark.parametrize("ending", [".new", ".0123abcd.new"])
def test_what_a_killed_build_left_goes_after_a_day(cache: TargetCache, ending: str) -> None:
    left = cache.path.with_name(f"{cache.path.name}{ending}")
    other = cache.path.with_name(f"sdist{ending}")
    for path in (left, other):
        path.mkdir(parents=True)
    cache.prepare()
    assert left.exists()
    for path in (left, other):
        os.utime(path, (1, 1))
    cache.prepare()
    assert not left.exists()
    assert other.exists()


def test_what_a_killed_build_left_goes_with_the_next_one_of_its_checkout(
    cache: TargetCache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = cache.prepare()
    (left / "ingest").mkdir()
    assert TargetCache(cache.path).prepare() == left
    assert list(left.iterdir()) == []
    monkeypatch.chdir(tmp_path)
    assert TargetCache(cache.path).prepare() != left
