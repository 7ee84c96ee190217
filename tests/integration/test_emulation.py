"""Other architectures through QEMU: what happens without it, and an aarch64 wheel with it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock import baseimage, setup
from wheeldock.errors import EmulationMissingError
from wheeldock.tags import Architecture, Libc, Platform

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(platform.machine() != "x86_64", reason="for an x86_64 that emulates others"),
]

S390X = Path("/proc/sys/fs/binfmt_misc/qemu-s390x")
"""What this machine's kernel knows of QEMU for s390x, which no other test needs."""

ONLY = ("--only", "cp313-manylinux_aarch64")
WHEEL = "tiny-1.0-cp313-cp313-manylinux_2_28_aarch64.whl"
EXAMPLE = Path(__file__).parents[2] / "examples/ovf"
EXAMPLES_WHEEL = "wheeldock_example_ovf-0.1.0-cp313-cp313-manylinux_2_28_aarch64.whl"


@pytest.fixture
def without_s390x() -> Iterator[None]:
    """The engine without QEMU for s390x, as it is without any on most machines."""
    if not S390X.exists():
        yield
        return
    if not os.access(S390X, os.W_OK):
        pytest.skip("QEMU runs s390x here, and only root may turn that off")
    S390X.write_text("0")
    try:
        yield
    finally:
        S390X.write_text("1")


@pytest.mark.usefixtures("without_s390x", "buildx")
def test_without_qemu_the_targets_that_need_it_are_named_before_anything_is_fetched(
    workplace: Workplace, tmp_path: Path
) -> None:
    ended = workplace.build(
        *("--archs", "auto,s390x", "--build", "cp313-manylinux_*"),
        environment={"XDG_CACHE_HOME": str(tmp_path / "cache")},
    )
    workplace.refused(
        ended,
        EmulationMissingError,
        "programs for s390x",
        "cp313-manylinux_s390x",
        "invoke setup --archs s390x",
        "--install s390x",
    )
    assert "pulling" not in ended.out
    assert "aarch64" not in ended.err


@pytest.fixture(scope="module")
def aarch64(buildx: Buildx) -> BaseImage:
    """What `invoke setup --archs aarch64` gives this machine to build on."""
    setup.run(yes=True, say=print, confirm=lambda _: True, archs="aarch64")
    home = Platform(Libc.GLIBC, Architecture.AARCH64)
    return baseimage.resolve(baseimage.DEFAULT, home, buildx, say=print)


def machine_of(image: BaseImage, wheel: Path, statement: str) -> str:
    """Install a wheel in a container of an image, and what a statement prints there."""
    script = (
        "cp -r /dist /tmp && cd /tmp && /opt/python/cp313-cp313/bin/python -m venv --without-pip e "
        f"&& /opt/python/cp313-cp313/bin/python -m pip --python e/bin/python install -q --no-index "
        f"--no-deps dist/{wheel.name} && uname -m && e/bin/python -c '{statement}'"
    )
    command = [
        *("docker", "run", "--rm", "--network=none", "--platform=linux/arm64"),
        *(f"--volume={wheel.parent}:/dist:ro", image.reference, "bash", "-euc", script),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.emulated
@pytest.mark.timeout(1800)
def test_a_wheel_for_aarch64_is_built_repaired_and_runs_there(
    aarch64: BaseImage, workplace: Workplace
) -> None:
    ended = workplace.build(*ONLY)
    assert ended.code == 0, (ended.out, ended.err)
    assert machine_of(aarch64, workplace.dist / WHEEL, "import tiny").startswith("aarch64")
    # One comment more, and every compile that the wheel needs is known.
    with (workplace.folder / "setup.py").open("a") as file:
        file.write(f"# {os.urandom(8).hex()}\n")
    ended = workplace.build(*ONLY)
    assert ended.code == 0, (ended.out, ended.err)
    counts = workplace.report()[ONLY[1]]["compiler_cache"]
    assert counts["compiles"]["misses"] == 0
    assert counts["compiles"]["hits"] >= 1
    assert counts["links"] == {"hits": 1, "misses": 0}


@pytest.mark.emulated
@pytest.mark.timeout(1800)
def test_the_example_builds_for_aarch64(aarch64: BaseImage, workplace: Workplace) -> None:
    source = workplace.folder / "ovf"
    shutil.copytree(EXAMPLE, source)
    ended = workplace.build("--source", str(source), *ONLY)
    assert ended.code == 0, (ended.out, ended.err)
    said = machine_of(
        aarch64, workplace.dist / EXAMPLES_WHEEL, "import ovf_example._core as m; print(m.__file__)"
    )
    assert "aarch64-linux-gnu.so" in said
