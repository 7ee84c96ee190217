from __future__ import annotations

import json

from wheeldock.usage import CacheRecord, ImageUse, cache_records, engine_use

USAGE = """\
ID:\t\tkbetzwm5160107in7d9bqhlyf
Created at:\t2026-11-24 12:11:43.816741894 +0000 UTC
Mutable:\ttrue
Description:\tcached mount /c from exec /bin/sh -c true with id "/uv"
Type:\t\texec.cachemount

ID:\t\tjqu0rcfbsm3f7nxxx2m3hwd5p
Parents:\tone
Description:\tmount / from exec /bin/sh -c echo with id "/uv-cold-1"
Type:\t\tregular

ID:\t\t31y0gfralzpi8t90oxfyvzys6
Size:\t\t4.096kB
Description:\tcached mount /c from exec /bin/sh -c true with id "/uv-cold-1"
Type:\t\texec.cachemount

ID:\t\t7nxyr2fy9ktwl64g1h9rbvwxc
Description:\tcached mount /c from exec /bin/sh -c true with id "/uv-cold-12"
Type:\t\texec.cachemount

Reclaimable:\t4.2kB
"""


def test_cache_mounts_are_told_from_what_else_is_in_the_build_cache() -> None:
    assert cache_records(USAGE) == [
        CacheRecord("kbetzwm5160107in7d9bqhlyf", 0, "uv"),
        CacheRecord("jqu0rcfbsm3f7nxxx2m3hwd5p", 0, ""),
        CacheRecord("31y0gfralzpi8t90oxfyvzys6", 4096, "uv-cold-1"),
        CacheRecord("7nxyr2fy9ktwl64g1h9rbvwxc", 0, "uv-cold-12"),
    ]
    assert cache_records("") == []


def _image(tag: str, shared: str, unique: str) -> dict[str, str]:
    return {
        "Repository": "tiny-builder",
        "Tag": tag,
        "Size": "1.27GB",
        "SharedSize": shared,
        "UniqueSize": unique,
        "Containers": "1",
    }


def test_what_several_images_share_is_counted_once() -> None:
    images = [_image("one", "900MB", "100MB"), _image("two", "900MB", "N/A")]
    cache = [{"Size": "5MB", "Shared": "false"}, {"Size": "1GB", "Shared": "true"}]
    use = engine_use(json.dumps({"Images": images, "BuildCache": cache}))
    one = ImageUse(size=1_270_000_000, shared=900_000_000, unique=100_000_000, containers=1)
    assert use.images["tiny-builder:one"] == one
    assert use.shared == 900_000_000
    assert use.build_cache == 5_000_000


def test_an_engine_without_anything_is_understood() -> None:
    assert engine_use(json.dumps({"Images": None, "BuildCache": None})).shared == 0


def test_what_an_engine_miscounts_is_nothing() -> None:
    images = [_image("one", "900MB", "-5.679e+08B")]
    use = engine_use(json.dumps({"Images": images, "BuildCache": []}))
    assert use.images["tiny-builder:one"].unique == 0
