"""Projects from the package index that nobody adapted, one of each kind, beside what it carries."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import parse_wheel_filename
from pypi_simple import PyPISimple

from wheeldock.index import index_url

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from wheeldock.baseimage import BaseImage

pytestmark = [pytest.mark.integration, pytest.mark.slow]

IMAGE = "WHEELDOCK_MANYLINUX_X86_64_IMAGE"

AT_ONCE = 2
"""How many projects are built side by side."""

FREE_THREADED = ("cp314t", "cp313t")
"""The interpreters without a GIL that a project is built for: the first that is there."""


_WITHOUT_GIL = "free-threaded"


@dataclass(frozen=True)
class Case:
    """A project of one kind."""

    kind: str
    requirement: str
    module: str
    """A compiled module of it."""
    python: str = "cp313"
    environment: Mapping[str, str] = field(default_factory=dict)
    grafted: str = ""
    """What a shared library's name begins with that is to be in the wheel."""
    needs: str = ""
    """The requirement of another case whose wheel the module needs."""

    def __str__(self) -> str:
        return self.requirement


CFFI = "cffi==2.1.1"
SYSTEM = {
    "WHEELDOCK_SYSTEM_PACKAGES": "libargon2-dev libffi-dev",
    "WHEELDOCK_ENVIRONMENT": "ARGON2_CFFI_USE_SYSTEM=1",
}
"""Libraries by Debian's names, and what lets a project take one of them."""

CASES = [
    Case("setuptools, C", "simplejson==4.3.0", "simplejson._speedups"),
    Case("setuptools, Cython", "msgpack==1.2.4", "msgpack._cmsgpack"),
    Case("scikit-build-core, pybind11", "mapbox-earcut==1.0.3", "mapbox_earcut"),
    Case("meson-python, Cython", "cysignals==1.13.1", "cysignals.signals"),
    Case("setup.py alone", "pyahocorasick==2.3.1", "ahocorasick"),
    Case("abi3", "tornado==6.6.1", "tornado.speedups"),
    Case("a system library", CFFI, "_cffi_backend", environment=SYSTEM, grafted="libffi"),
    Case(
        "CFFI, a shared library grafted",
        "argon2-cffi-bindings==26.2.0",
        "_argon2_cffi_bindings._ffi",
        environment=SYSTEM,
        grafted="libargon2",
        needs=CFFI,
    ),
    # The last release that the index has wheels for cp313t of, which a stand-in can have.
    Case("free-threaded", "markupsafe==3.0.3", "markupsafe._speedups", python=_WITHOUT_GIL),
]


@dataclass(frozen=True)
class Built:
    """What became of one."""

    log: str
    wheels: list[Path]


@dataclass(frozen=True)
class Images:
    """What projects are built on."""

    usual: BaseImage
    free_threaded: BaseImage

    def of(self, case: Case) -> BaseImage:
        """The image for a project."""
        return self.free_threaded if case.python == _WITHOUT_GIL else self.usual


@pytest.fixture(scope="module")
def images(base_image: BaseImage, free_threaded: BaseImage) -> Images:
    return Images(base_image, free_threaded)


def interpreter(case: Case, image: BaseImage) -> str | None:
    """The interpreter's folder that a project is built for; None where the image has none."""
    wanted = FREE_THREADED if case.python == _WITHOUT_GIL else (case.python,)
    there = {name.partition("-")[2]: name for name in image.interpreters}
    return next((there[name] for name in wanted if name in there), None)


@pytest.fixture(scope="module")
def built(images: Images, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Built]:
    """All of them, built side by side, by requirement."""
    folder = tmp_path_factory.mktemp("real")

    def build(case: Case) -> Built:
        place = folder / Requirement(case.requirement).name
        place.mkdir()
        image = images.of(case)
        named = {} if image == images.usual else {IMAGE: image.reference}
        only = f"{str(interpreter(case, image)).partition('-')[2]}-manylinux_x86_64"
        command = [sys.executable, "-m", "wheeldock", "build", "--source", case.requirement]
        done = subprocess.run(
            [*command, "--only", only],
            check=False,
            cwd=place,
            env={**os.environ, **named, **case.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return Built(done.stdout, list(place.glob("dist/*.whl")))

    cases = [case for case in CASES if interpreter(case, images.of(case))]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(map(str, cases), pool.map(build, cases), strict=True))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_project_that_nobody_adapted(
    case: Case,
    built: Mapping[str, Built],
    images: Images,
    record_property: Callable[[str, object], None],
) -> None:
    base_image = images.of(case)
    name = interpreter(case, base_image)
    if name is None:
        pytest.skip(f"{base_image.reference} has none of {', '.join(FREE_THREADED)}")
    if case.environment and not base_image.is_stand_in:
        pytest.skip(f"its packages are named for Debian, and {base_image.reference} is none")
    wheels = built[case.requirement].wheels
    assert len(wheels) == 1, built[case.requirement].log
    (wheel,) = wheels
    carried = carried_wheels(wheel.name)
    record_property("wheels", json.dumps([case.kind, wheel.name, sorted(carried)]))
    assert any(kinds(wheel.name) <= kinds(other) for other in carried), (wheel.name, carried)
    needed = built[case.needs].wheels if case.needs else []
    check_import([wheel, *needed], case.module, name, base_image)
    with zipfile.ZipFile(wheel) as archive:
        grafted = [name for name in archive.namelist() if ".libs/lib" in name]
    assert [name for name in grafted if f".libs/{case.grafted}" in name] or not case.grafted
    assert case.grafted or not grafted


def carried_wheels(name: str) -> list[str]:
    """The wheels that the index has of the same release."""
    project, version, _, _ = parse_wheel_filename(name)
    with PyPISimple(index_url(os.environ)) as client:
        packages = client.get_project_page(project, timeout=30).packages
    return [
        package.filename
        for package in packages
        if package.package_type == "wheel" and package.version == str(version)
    ]


def kinds(wheel: str) -> set[tuple[str, str, str]]:
    """Its tags with the platform's libc and architecture, and without the policy."""
    return {
        (tag.interpreter, tag.abi, re.sub(r"linux[0-9_]+_", "linux_", tag.platform))
        for tag in parse_wheel_filename(wheel)[3]
    }


def check_import(
    wheels: Sequence[Path], module: str, interpreter: str, base_image: BaseImage
) -> None:
    """Install wheels in a container that nothing was built in, and import a compiled module."""
    script = f"""
        python=/opt/python/{interpreter}/bin/python
        ${{python}} -m pip install --quiet --root-user-action=ignore \\
            --no-index --no-deps --target /new /wheels/*/*.whl
        cd /new; ${{python}} -c 'import {module} as module; print(module.__file__)'
    """
    mounts = (f"--volume={wheel.parent}:/wheels/{n}:ro" for n, wheel in enumerate(wheels))
    command = ["docker", "run", "--rm", "--network=none", *mounts, base_image.reference]
    done = subprocess.run(
        [*command, "bash", "-ec", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("/new/")
    assert done.stdout.endswith(".so\n")
