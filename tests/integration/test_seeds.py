"""What the machine has for an engine's cache mounts, put there by several runs at once."""

from __future__ import annotations

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from tests.integration.mounts import run_in

from wheeldock import baseimage, config, imagecontents
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
        mounts = {"wheeldock-seeds": "/seeds"}
        for number in range(AT_ONCE):
            mounts[f"wheeldock-compiler-seeds-{number}"] = f"/compiler/{number}"
        address = Seeds(bundle).hosts()["ca-bundle.wheeldock"]
        run_in(mounts, base_image.reference, tmp_path, f"rm -rf /seeds/{address} /compiler/*/*")


def test_a_look_into_an_image_fills_the_mounts_that_its_first_build_needs(
    base_image: BaseImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "ca-bundle"
    bundle.write_bytes(os.urandom(1000))
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))

    contents = imagecontents.look(base_image.reference)

    assert "cp313-cp313" in contents.interpreters
    address = Seeds(bundle).hosts()["ca-bundle.wheeldock"]
    mount = "--mount=type=cache,id=wheeldock-seeds,target=/run/wheeldock"
    lines = [
        f"FROM {base_image.reference} AS read",
        f"RUN {mount} sha256sum < /run/wheeldock/{address} > /sum",
        "FROM scratch",
        "COPY --from=read /sum /",
    ]
    command = ["docker", "buildx", "build", "--quiet", f"--output={tmp_path / 'read'}", "-"]
    subprocess.run(command, input="\n".join(lines), text=True, check=True)
    found = (tmp_path / "read" / "sum").read_text().split()[0]
    assert found == sha256(bundle.read_bytes()).hexdigest()
