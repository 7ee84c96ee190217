from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_baseimage import STAND_IN
from tests.unit.test_compilercache import archive, counts
from tests.unit.test_compilercache import put as put_cache
from tests.unit.test_planning import MUSL, Bench, bench
from tests.unit.test_recipe import RECIPE
from tests.unit.test_tools import CONTENT, put

from wheeldock.builder import BuildEndedError, BuildStoppedError, Buildx
from wheeldock.compilercache import CompilerCache
from wheeldock.config import load
from wheeldock.events import Notice, Step
from wheeldock.keeping import Keeping
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.events import Event
    from wheeldock.plan import Batch
    from wheeldock.tools import ToolsKeeper

__all__ = ["bench"]

TAG = "manylinux_2_28_x86_64"
CP39 = "[[tool.wheeldock.overrides]]\nselect = 'cp39-*'\n"
CP313 = "[[tool.wheeldock.overrides]]\nselect = 'cp313-*'\n"


def keepers(bench: Bench, *only: str) -> dict[Batch, ToolsKeeper]:
    """What keeps the tools of each batch."""
    plan, buildx = bench.plan(*only), Buildx()
    seeding = BuildRequest(
        target="seed", dockerfile=bench.folder, context=bench.folder, output=None
    )
    keeping = Keeping(folder=bench.folder / "cache/tiny", settings=bench.read().settings)
    return keeping.tools_keepers(
        dict.fromkeys(plan.batches, RECIPE),
        buildx,
        Seeder(buildx, "base", Seeds(), seeding),
        bench.said.append,
        as_images=True,
    )


def names(bench: Bench, *only: str) -> list[str]:
    """The tags of the images, which the folders in the cache have, too."""
    found = keepers(bench, *only).values()
    tags = [keeper.tools.name.removeprefix("tiny-builder:") for keeper in found]
    assert [keeper.kept.path.name for keeper in found] == [f"tools-{tag}" for tag in tags]
    return tags


@pytest.mark.parametrize(
    ("text", "tags"),
    [
        ("", [TAG]),
        ("before-all = 'a'", [TAG]),
        (f"{CP39}before-build = 'a'", [TAG]),
        (f"{CP39}before-all = 'a'", [f"{TAG}-cp39", TAG]),
        (f"{CP39}before-all = 'a'\n{CP313}before-all = 'b'", [f"{TAG}-cp39", f"{TAG}-cp313"]),
        (f"{CP313}system-packages = 'a'", [TAG, f"{TAG}-cp313"]),
        (f"before-all = 'a'\n{CP313}environment = 'A=1'", [TAG, f"{TAG}-cp313"]),
        (f"{CP313}manylinux-x86_64-image = 'mine:1'", [TAG, f"{TAG}-cp313"]),
        # An image that is named twice is the same one.
        (f"{CP313}manylinux-x86_64-image = 'manylinux_2_28'", [TAG]),
    ],
)
def test_each_preparation_of_a_policys_image_is_kept(
    bench: Bench, text: str, tags: list[str]
) -> None:
    bench.engine.images = {STAND_IN, "mine:1"}
    bench.configure(text)
    assert names(bench) == tags


def test_a_preparation_has_one_place_whatever_is_built(bench: Bench) -> None:
    assert MUSL
    bench.engine.images = {STAND_IN, MUSL.reference}
    bench.configure("[[tool.wheeldock.overrides]]\nselect = 'cp3*-*'\nbefore-all = 'a'")
    both = [f"{TAG}-cp39", "musllinux_1_2_x86_64-cp39"]
    assert names(bench) == both
    assert names(bench, "cp313-manylinux_x86_64") == both[:1]
    bench.configure("[[tool.wheeldock.overrides]]\nselect = 'cp3*-*'\nbefore-all = 'b'")
    assert names(bench) == both


def test_an_engine_gets_each_of_those_that_are_kept_back(bench: Bench) -> None:
    bench.engine.images = {STAND_IN}
    bench.configure(f"{CP39}before-all = 'a'\n{CP313}before-all = 'b'")
    found = keepers(bench)
    for keeper in found.values():
        put(keeper.kept, CONTENT, keeper.tools.inputs)
    keeping = Keeping(folder=bench.folder / "cache/tiny", settings=bench.read().settings)
    for (batch, seeds), keeper in zip(keeping.seeds(found).items(), found.values(), strict=True):
        assert found[batch] is keeper
        assert seeds.tools == {each.tools.inputs: each.kept.file for each in found.values()}
        assert seeds.wanted_tools == keeper.tools.inputs


# --- the compiler cache ---


class Engine:
    """Stands in for Buildx: it writes what it is told to, and fails before that if told to."""

    def __init__(self, data: bytes, *, fails: type[BuildEndedError] | None = None) -> None:
        self.data = data
        self.fails = fails

    def build(self, request: BuildRequest) -> Iterator[Event]:
        assert not isinstance(request.output, (str, type(None)))
        yield Step("1", "[compiler-cache-file 1/1] COPY", 1.0, 2.0)
        if self.fails:
            yield Notice("ERROR: no")
            raise self.fails
        file = request.output / CompilerCache.LAST  # type: ignore[operator]
        file.write_bytes(self.data)
        os.utime(file, (0, 0))  # as with SOURCE_DATE_EPOCH=0

    def stop(self) -> None:
        raise NotImplementedError


def keep(folder: Path, engine: Engine, missed: int = 1) -> list[str]:
    """Keep the compiler cache of a project's folder, and return what is said."""
    said: list[str] = []
    settings = load({}, path="pyproject.toml", environ={}, overrides={})
    seeding = BuildRequest(target="seed", dockerfile=folder, context=folder, output=None)
    Keeping(folder=folder, settings=settings).keep_compiler_cache(
        RECIPE,
        Seeder(engine, "base", Seeds(), seeding),
        [counts(compiles=(1, missed))],
        said.append,
    )
    return said


def kept(folder: Path) -> bytes:
    """What is kept, and nothing beside it."""
    assert [path.name for path in folder.iterdir()] == [CompilerCache.NAME]
    return (folder / CompilerCache.NAME / CompilerCache.LAST).read_bytes()


def test_a_compiler_cache_replaces_the_one_before(tmp_path: Path) -> None:
    put_cache(CompilerCache(tmp_path / CompilerCache.NAME), archive(b"old"))
    assert keep(tmp_path, Engine(archive(b"new"))) == []
    assert kept(tmp_path) == archive(b"new")
    file = tmp_path / CompilerCache.NAME / CompilerCache.LAST
    assert time.time() - file.stat().st_mtime < 600, "as old as it is"


def test_a_compiler_cache_that_did_not_grow_is_left_alone(tmp_path: Path) -> None:
    put_cache(CompilerCache(tmp_path / CompilerCache.NAME), archive(b"old"))
    assert keep(tmp_path, Engine(archive(b"new")), missed=0) == []
    assert kept(tmp_path) == archive(b"old")


@pytest.mark.parametrize(
    ("fails", "says"),
    [
        (BuildEndedError, ["compiler cache: the build did not start: ERROR: no"]),
        (BuildStoppedError, []),
    ],
)
def test_a_compiler_cache_that_cannot_be_kept_leaves_the_one_before(
    tmp_path: Path, fails: type[BuildEndedError], says: list[str]
) -> None:
    put_cache(CompilerCache(tmp_path / CompilerCache.NAME), archive(b"old"))
    place = tmp_path / CompilerCache.NAME
    why = [f"The compiler cache is not kept in {place}: {each}" for each in says]
    assert keep(tmp_path, Engine(b"", fails=fails)) == why
    assert kept(tmp_path) == archive(b"old")


def test_a_compiler_cache_of_someone_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / CompilerCache.NAME).mkdir()
    (tmp_path / CompilerCache.NAME / "notes.txt").write_text("mine")
    assert keep(tmp_path, Engine(archive())) == []
    assert [path.name for path in tmp_path.rglob("*.*")] == ["notes.txt"]
