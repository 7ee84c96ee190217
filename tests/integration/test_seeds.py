"""What the machine has for an engine's cache mounts, put there by several runs at once."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from wheeldock import baseimage, config
from wheeldock.recipe import Recipe, seed_request
from wheeldock.seeds import Seeder, Seeds

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration

AT_ONCE = 4


def test_runs_that_fill_the_same_mount_at_once_do_not_disturb_each_other(
    buildx: Buildx, base_image: BaseImage, tmp_path: Path
) -> None:
    bundle = tmp_path / "ca-bundle"
    # large enough that each copies while the others do
    bundle.write_bytes(os.urandom(1 << 20) * 64)

    def fill(number: int) -> bool:
        recipe = Recipe(
            base_image=base_image.reference,
            architecture=baseimage.HOME.architecture,
            tools_interpreter="cp313-cp313",
            build_requires=(),
            options=config.load({}, path="", environ={}, overrides={}).everywhere,
            project=f"seeds-{number}",
            seeds=Seeds(bundle),
        )
        request = seed_request(recipe, tmp_path / f"seeds-{number}")
        return Seeder(buildx, base_image.reference, recipe.seeds, request).fill(0)

    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            assert all(pool.map(fill, range(AT_ONCE)))
    finally:
        buildx.remove_cache_mounts("wheeldock-seeds")
        for number in range(AT_ONCE):
            buildx.remove_cache_mounts(f"wheeldock-compiler-seeds-{number}")
