"""`invoke build --cold`: it does everything again, and leaves every cache as it was."""

from __future__ import annotations

import re
import secrets
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

MOUNTS = dict(
    re.findall(
        r"--mount=type=cache,id=([\w-]+)\$\{COLD\},target=([\w./-]+)",
        (DOCKER / "Dockerfile").read_text(encoding="utf-8"),
    )
)
"""The cache mounts of the Dockerfile, and where they are."""

NOTHING_WARM = f"""\
import os

for folder in {list(MOUNTS.values())}:
    if os.path.exists(folder + "/marker"):
        raise SystemExit("a cache mount of other builds is here: " + folder)
"""


def in_mounts(base_image: str, folder: Path, script: str) -> None:
    """Run a script in a step that has the cache mounts."""
    mounts = "".join(
        f" --mount=type=cache,id={name},target={target}" for name, target in MOUNTS.items()
    )
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nARG NONCE\nRUN --network=none{mounts} {script}\n"
    )
    command = [
        *("docker", "buildx", "build", "--output=type=cacheonly", "--progress=plain"),
        f"--build-arg=NONCE={secrets.token_hex(8)}",
    ]
    done = subprocess.run([*command, folder], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_a_cold_build_uses_no_cache_and_touches_none(
    workplace: Workplace, base_image: BaseImage, tmp_path: Path
) -> None:
    assert "wheeldock-uv" in MOUNTS
    projects.write_tiny(workplace.folder, setup=NOTHING_WARM + projects.SETUP)
    places = " ".join(MOUNTS.values())
    in_mounts(base_image.reference, tmp_path, f"for m in {places}; do rm -f $m/marker; done")
    workplace.built(workplace.build(*ONE))
    in_mounts(base_image.reference, tmp_path, f"for m in {places}; do touch $m/marker; done")
    before, others = exports(workplace), cold_mounts()

    workplace.built(workplace.build(*ONE, "--cold"))
    cold = workplace.report()
    assert {name: target["cached"] for name, target in cold.items()} == {
        "sdist": False,
        ONE[1]: False,
    }
    # One of the two builds ran what both have in common.
    for stages in (("tools", "env", "sdist"), ("build", "repair")):
        for stage in stages:
            assert max(target["stages"].get(stage, 0) for target in cold.values()) > 0.1, stage
    assert exports(workplace) == before
    assert cold_mounts() <= others

    workplace.built(workplace.build(*ONE))
    assert all(target["cached"] for target in workplace.report().values())
    in_mounts(base_image.reference, tmp_path, f"for m in {places}; do rm $m/marker; done")


def exports(workplace: Workplace) -> dict[Path, int]:
    """All that is in the cache folder."""
    cache = workplace.state / "cache"
    return {path: path.stat().st_mtime_ns for path in [cache, *cache.rglob("*")]}


def cold_mounts() -> set[str]:
    """The cache mounts of cold builds that are in the engine."""
    usage = subprocess.check_output(["docker", "buildx", "du", "--verbose"], text=True)
    return set(re.findall(r"cached mount .* with id \"/?(.*-cold-.*)\"", usage))
