from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_baseimage import STAND_IN
from tests.unit.test_planning import MUSL, Bench, bench
from tests.unit.test_recipe import RECIPE
from tests.unit.test_tools import CONTENT, put

from wheeldock.builder import Buildx
from wheeldock.keeping import Keeping
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
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
    for batch, keeper in found.items():
        seeds = keeping.seeds(batch, found)
        assert seeds.tools == {each.tools.inputs: each.kept.file for each in found.values()}
        assert seeds.wanted_tools == keeper.tools.inputs
