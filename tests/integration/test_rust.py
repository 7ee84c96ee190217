"""Rust through sccache: a library is compiled once, whatever the interpreter."""

from __future__ import annotations

import random
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.integration.test_compiler_cache import CASES, Bench, libraries

from wheeldock.apt import AptError, PrivateApt, machine_sources
from wheeldock.standin_parts import ROOT_SUITE, debian_mirror
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration

TAG = "wheeldock/test-rust:manylinux_2_28_x86_64"
DOCKERFILE = """\
FROM {image}
RUN --network=none --mount=type=bind,source=debs,target=/debs \
    dpkg --install --force-depends /debs/*.deb > /dev/null && rustc -V && cargo -V
# Not every image has a uv.
RUN --network=none rm "$(command -v uv)"
"""
SETTINGS = {
    "BUILD_REQUIRES": "setuptools\nsetuptools-rust",
    "PLATFORM_TAG": "manylinux_2_28_x86_64",
}
ONCE = {"hits": 0, "misses": 1}
AGAIN = {"hits": 1, "misses": 0}


@pytest.fixture(scope="module")
def with_rust(stand_in: BaseImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BaseImage]:
    """The stand-in with the newest Rust that its Debian has."""
    folder = tmp_path_factory.mktemp("rust")
    try:
        fetch_rust(stand_in.reference, folder)
    except AptError as error:
        pytest.skip(f"Debian's Rust cannot be had: {error}")
    (folder / "Dockerfile").write_text(DOCKERFILE.format(image=stand_in.reference))
    output = f"type=image,name={TAG},compression=zstd,compression-level=1,oci-mediatypes=true"
    docker("buildx", "build", "--provenance=false", f"--output={output}", f"{folder}")
    yield replace(stand_in, reference=TAG)
    docker("image", "rm", TAG)


def fetch_rust(image: str, folder: Path) -> None:
    """Fetch the packages that the image lacks; raises AptError."""
    listed = docker("run", "--rm", image, "dpkg-query", "--show", "--showformat=${Package}\n")
    # Updates of the same may need a newer LLVM, which a mirror may lack.
    (source, *_) = debian_mirror(machine_sources()).sources(ROOT_SUITE, Architecture.X86_64)
    apt = PrivateApt(folder / "apt", [source])
    apt.update()
    needed = set(apt.closure(["rustc-web", "cargo-web"])) - set(listed.split())
    apt.download(sorted(needed), folder / "debs")


def docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_library_is_compiled_once(buildx: Buildx, with_rust: BaseImage, tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(10**9)
    source = {"source": tmp_path / "sdist"}
    shutil.copytree(CASES / "projects/rust", tmp_path / "sdist/src")
    edit(tmp_path / "sdist/src/claw/src/lib.rs", "SEED: u64 = 1", f"SEED: u64 = {seed}")

    def bench(interpreter: str) -> Bench:
        (tmp_path / interpreter).mkdir()
        made = Bench(buildx, with_rust, tmp_path / interpreter, seed)
        made.build("wheel", "first", source, INTERPRETER=interpreter, **SETTINGS)
        return made

    with ThreadPoolExecutor(2) as pool:
        side_by_side = list(pool.map(bench, ["cp313-cp313", "cp311-cp311"]))
    counts = [made.caches["compiles"] for made in side_by_side if made.caches]
    assert sorted(counts, key=str) in ([ONCE, AGAIN], [AGAIN, ONCE])

    mine = side_by_side[0]
    edit(tmp_path / "sdist/src/crab/src/lib.rs", "pinch(strength)", "pinch(strength + 1)")
    cached = libraries(mine.build("wheel", "cached", source, **SETTINGS))
    assert mine.caches
    assert mine.caches["compiles"] == AGAIN
    plain = libraries(mine.build("wheel", "plain", source, COMPILER_CACHE="off", **SETTINGS))
    assert cached == plain
    assert cached != libraries(tmp_path / "cp313-cp313/first")


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
