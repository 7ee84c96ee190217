"""Other architectures through QEMU: what happens without it, and an aarch64 wheel with it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration.workplace import wait

from wheeldock import baseimage, emulation, setup
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

ONLY = "cp313-manylinux_aarch64"
EXAMPLE = Path(__file__).parents[2] / "examples/ovf"
WHEEL = "wheeldock_example_ovf-0.1.0-cp313-cp313-manylinux_2_28_aarch64.whl"

PATIENCE = 1500
"""Seconds that a build may take in QEMU; a minute or two on a machine that does nothing else."""


@pytest.fixture
def without_s390x(buildx: Buildx) -> Iterator[None]:
    """The engine without QEMU for s390x, as it is without any on most machines."""
    if not S390X.exists():
        if emulation.runs(buildx, None, Architecture.S390X):
            pytest.skip("the machine around this container runs s390x in QEMU")
        yield
        return
    if not os.access(S390X, os.W_OK):
        pytest.skip("QEMU runs s390x here, and only root may turn that off")
    S390X.write_text("0")
    try:
        yield
    finally:
        S390X.write_text("1")


@pytest.mark.usefixtures("without_s390x")
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


def imported(image: BaseImage, wheel: Path) -> str:
    """Load the example's extension in a container of an image: the machine, and the file."""
    python = "/opt/python/cp313-cp313/bin/python"
    # The package's own module needs NumPy.
    script = (
        f"{python} -m zipfile -e /dist/{wheel.name} /tmp/there && cd /tmp/there/ovf_example && "
        f"uname -m && {python} -c 'import _core; print(_core.__file__)'"
    )
    command = [
        *("docker", "run", "--rm", "--network=none", "--platform=linux/arm64"),
        *(f"--volume={wheel.parent}:/dist:ro", image.reference, "bash", "-euc", script),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.emulated
@pytest.mark.timeout(3600)
def test_the_example_is_built_for_aarch64_and_compiled_once(
    aarch64: BaseImage, workplace: Workplace
) -> None:
    source = workplace.folder / "ovf"
    shutil.copytree(EXAMPLE, source)

    def build() -> dict[str, Any]:
        ended = wait(workplace.start("--source", str(source), "--only", ONLY), PATIENCE)
        assert ended.code == 0, (ended.out, ended.err)
        return workplace.report()[ONLY]

    build()
    machine, file = imported(aarch64, workplace.dist / WHEEL).splitlines()
    assert machine == "aarch64"
    assert file.endswith("/_core.cpython-313-aarch64-linux-gnu.so")
    with (source / "src/ovf_example/__init__.py").open("a") as module:
        module.write(f"# {os.urandom(8).hex()}\n")
    counts = build()["compiler_cache"]
    assert counts["compiles"] == {"hits": 2, "misses": 0}
    assert counts["links"] == {"hits": 1, "misses": 0}
