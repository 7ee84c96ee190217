"""Builds that use no cache and leave each as it was, and builds in an engine that forgot."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.mounts import MOUNTS, run_in
from tests.integration.workplace import ONE

from wheeldock.builder import Buildx
from wheeldock.diskspace import our_mounts

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage

pytestmark = [pytest.mark.integration, pytest.mark.alone]

NOTHING_WARM = f"""\
import os

for folder in {list(MOUNTS.values())}:
    if os.path.exists(folder + "/marker"):
        raise SystemExit("a cache mount of other builds is here: " + folder)
"""
BACKEND = """\
import os
import shutil
import tempfile

from setuptools import build_meta
from setuptools.build_meta import build_sdist, get_requires_for_build_wheel


def build_wheel(folder, settings=None, metadata=None):
    with tempfile.TemporaryDirectory() as temporary:
        os.chdir(shutil.copytree(".", f"{temporary}/src"))
        return build_meta.build_wheel(folder, settings, metadata)
"""
EMPTY = 100_000
"""Bytes that no cache mount with something in it is smaller than."""
ONE_HIT, ONE_MISS = {"hits": 1, "misses": 0}, {"hits": 0, "misses": 1}
CYTHON_PYPROJECT = projects.PYPROJECT.replace('["setuptools"]', '["setuptools", "cython"]')
CYTHON_SETUP = """\
from Cython.Build import cythonize
from setuptools import setup

setup(py_modules=["pure"], ext_modules=cythonize("tiny.pyx", language_level=3))
"""


def test_a_cold_build_uses_no_cache_and_touches_none(
    workplace: Workplace, base_image: BaseImage, tmp_path: Path
) -> None:
    assert MOUNTS.keys() == {"wheeldock-uv", "wheeldock-compiler-tiny"}
    setup = NOTHING_WARM + projects.SETUP
    projects.write_tiny(workplace.folder, setup=setup, more_code=projects.unlike())
    places = " ".join(MOUNTS.values())
    run_in(MOUNTS, base_image.reference, tmp_path, f"for m in {places}; do rm -f $m/marker; done")
    workplace.built(workplace.build(*ONE))
    run_in(MOUNTS, base_image.reference, tmp_path, f"for m in {places}; do touch $m/marker; done")
    before, others = exports(workplace), our_mounts(Buildx())

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
    new = our_mounts(Buildx())
    assert all(size < EMPTY for name, (size, _) in new.items() if name not in others)

    workplace.built(workplace.build(*ONE))
    assert all(target["cached"] for target in workplace.report().values())
    run_in(MOUNTS, base_image.reference, tmp_path, f"for m in {places}; do rm $m/marker; done")
    with (workplace.folder / "tiny.c").open("a") as file:
        file.write("// changed\n")
    workplace.built(workplace.build(*ONE))
    ran = {
        stage
        for target in workplace.report().values()
        for stage, seconds in target["stages"].items()
        if seconds > 0.1
    }
    assert ran >= {"sdist", "build"}
    assert ran.isdisjoint({"tools", "env"})


def test_a_build_in_a_temporary_folder_gives_the_same_again(workplace: Workplace) -> None:
    """The folder is in debug information, and that in the keys of the caches."""
    own = '"backend"\nbackend-path = ["."]'
    pyproject = projects.PYPROJECT.replace('"setuptools.build_meta"', own)
    projects.write_tiny(workplace.folder, more_code=projects.unlike())
    (workplace.folder / "pyproject.toml").write_text(pyproject)
    (workplace.folder / "backend.py").write_text(BACKEND)
    (workplace.folder / "MANIFEST.in").write_text("include backend.py README\n")
    environment = {"WHEELDOCK_ENVIRONMENT": "CFLAGS=-g"}
    wheel = workplace.dist / projects.WHEEL
    workplace.built(workplace.build(*ONE, environment=environment))

    (workplace.folder / "README").write_text("another sdist, and the same wheel\n")
    workplace.built(workplace.build(*ONE, environment=environment))
    caches = workplace.report()[ONE[1]]["compiler_cache"]
    assert (caches["compiles"], caches["links"]) == (ONE_HIT, ONE_HIT)
    code = projects.extension(wheel)
    workplace.built(workplace.build(*ONE, "--cold", environment=environment))
    assert projects.extension(wheel) == code


def test_what_the_engine_forgets_first_comes_back_from_the_cache_folder(
    workplace: Workplace,
) -> None:
    """Such a setup.py lets Cython translate whenever the backend is asked anything."""
    projects.write_tiny(workplace.folder, setup=CYTHON_SETUP)
    (workplace.folder / "tiny.c").unlink()
    (workplace.folder / "pyproject.toml").write_text(CYTHON_PYPROJECT)
    (workplace.folder / "MANIFEST.in").write_text("include *.pyx\nglobal-exclude *.c\n")
    (workplace.folder / "tiny.pyx").write_text(f"nonce = {secrets.token_hex(8)!r}\n")
    (workplace.folder / "pure.py").touch()
    workplace.built(workplace.build(*ONE))
    first = workplace.report()
    assert first["sdist"]["compiler_cache"] == {"translations": ONE_MISS}
    assert first[ONE[1]]["compiler_cache"] == {
        "translations": ONE_HIT,  # of the sdist's
        "compiles": ONE_MISS,
        "links": ONE_MISS,
    }

    engine = Buildx()
    mounts = our_mounts(engine)
    for forgotten in ("wheeldock-seeds", "wheeldock-compiler-tiny"):
        engine.remove_cache(mounts[forgotten][1])
    (workplace.folder / "pure.py").write_text("changed = True\n")
    workplace.built(workplace.build(*ONE))
    again = workplace.report()
    assert again["sdist"]["compiler_cache"] == {"translations": ONE_HIT}
    kinds = ("translations", "compiles", "links")
    assert again[ONE[1]]["compiler_cache"] == dict.fromkeys(kinds, ONE_HIT)


def exports(workplace: Workplace) -> dict[Path, int]:
    """All that is in the cache folder."""
    cache = workplace.state / "cache"
    return {path: path.stat().st_mtime_ns for path in [cache, *cache.rglob("*")]}
