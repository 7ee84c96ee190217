from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from wheeldock.compilercache import CompilerCache, has_grown

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.reuse import Counts


def archive(content: bytes = b"object" * 1000) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as made:
        member = tarfile.TarInfo("ccache/0/1")
        member.size = len(content)
        made.addfile(member, io.BytesIO(content))
    return file.getvalue()


@pytest.fixture
def cache(tmp_path: Path) -> CompilerCache:
    return CompilerCache(tmp_path / "tiny" / CompilerCache.NAME)


def put(cache: CompilerCache, data: bytes) -> None:
    cache.path.mkdir(parents=True, exist_ok=True)
    (cache.path / cache.LAST).write_bytes(data)


# --- what is kept ---


def test_nothing_is_there_at_first(cache: CompilerCache) -> None:
    assert cache.file is None
    assert cache.flaw() == "missing"


@pytest.mark.parametrize("thorough", [False, True])
def test_a_whole_one_has_no_flaw(cache: CompilerCache, *, thorough: bool) -> None:
    put(cache, archive())
    assert cache.file == cache.path / "compiler-cache.tar"
    assert cache.flaw(thorough=thorough) == ""


@pytest.mark.parametrize("cut", [512 + 6144, 512 + 6144 + 100])
def test_one_that_ends_between_its_files_is_found_by_reading_all_of_it(
    cache: CompilerCache, cut: int
) -> None:
    put(cache, archive(b"o" * 6144)[:cut])
    assert cache.flaw() == ""
    assert cache.flaw(thorough=True) == "truncated"


def test_a_broken_header_is_found_by_reading_all_of_it(cache: CompilerCache) -> None:
    one = archive(b"o" * 6144)
    put(cache, one[: 512 + 6144] + b"?" * 512 + one[512 + 6144 :])
    assert cache.flaw(thorough=True) == "truncated"


@pytest.mark.parametrize("data", [b"", b"no archive at all", bytes(5)])
def test_what_is_no_archive_is_said_to_be_none(cache: CompilerCache, data: bytes) -> None:
    put(cache, data)
    assert cache.flaw() == "no compiler cache"


def test_a_truncated_one_is_found_when_it_is_read_through(cache: CompilerCache) -> None:
    put(cache, archive()[:2000])
    assert cache.flaw() == ""
    assert cache.flaw(thorough=True) == "truncated"


# --- what is worth keeping ---


def counts(**gave: tuple[int, int]) -> Counts:
    return {kind: {"hits": hits, "misses": misses} for kind, (hits, misses) in gave.items()}


def test_it_grows_by_what_was_compiled_or_linked_anew(cache: CompilerCache) -> None:
    put(cache, archive())
    assert has_grown([counts(), counts(compiles=(3, 1), links=(0, 0))], cache)
    assert has_grown([counts(compiles=(3, 0), links=(0, 1))], cache)
    assert not has_grown([counts(compiles=(3, 0), links=(1, 0))], cache)
    assert not has_grown([counts()], cache)


def test_what_only_the_engine_has_is_worth_keeping(cache: CompilerCache) -> None:
    assert has_grown([counts(compiles=(3, 0), links=(1, 0))], cache)
    assert not has_grown([counts()], cache)
