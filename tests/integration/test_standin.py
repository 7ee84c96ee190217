"""The stand-in base image: what it has, what it links to, and what rebuilds when."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock import standin
from wheeldock.events import Step, parse
from wheeldock.seeds import ca_bundle
from wheeldock.standin_parts import BASE, PACKAGED
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx
    from wheeldock.standin_context import Gathered

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parent / "standin"
PLATFORM = "manylinux_2_28_x86_64"
STAND_IN = standin.tag(Architecture.X86_64)
CA = ca_bundle(os.environ)
"""The machine's CA bundle, when it has one of its own."""


def run(*words: str, options: Sequence[str] = ()) -> str:
    """Run a command in a container of the stand-in."""
    command = ["docker", "run", "--rm", *options, STAND_IN, *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def trusting(path: str = "/ca") -> list[str]:
    """Options for a container that fetches something."""
    if CA is None:
        return []
    return [f"--volume={CA}:{path}:ro", f"--env=SSL_CERT_FILE={path}", f"--env=PIP_CERT={path}"]


def test_it_is_labelled_as_what_it_is(stand_in: BaseImage, buildx: Buildx) -> None:
    image = buildx.image(stand_in.reference)

    assert image is not None
    assert image.labels["org.wheeldock.stand-in"] == "true"
    assert image.labels["org.wheeldock.glibc"] == "2.28"
    assert image.labels["org.wheeldock.recipe"] == standin.recipe()
    there = set(run("ls", "/opt/python").split())
    assert there == set(image.labels["org.wheeldock.interpreters"].split())
    everything = there | set(image.labels["org.wheeldock.skipped"].split())
    assert everything >= {interpreter.name for interpreter in PACKAGED}


@pytest.mark.usefixtures("stand_in")
def test_it_has_the_official_images_shape() -> None:
    script = (
        "echo $AUDITWHEEL_POLICY $AUDITWHEEL_ARCH $AUDITWHEEL_PLAT;"
        "command -v manylinux-entrypoint auditwheel patchelf uv cmake ninja git curl unzip which;"
        "for python in /opt/python/*/bin/python; do"
        "  $python -m pip --version >/dev/null && $python -m build --version >/dev/null; done"
    )

    policy, *programs = run("bash", "-euc", script).splitlines()

    assert policy == f"manylinux_2_28 x86_64 {PLATFORM}"
    assert len(programs) == 10


@pytest.mark.usefixtures("stand_in")
def test_its_entrypoint_shows_a_32_bit_machine_to_a_32_bit_image() -> None:
    assert run("uname", "-m") == "x86_64\n"
    assert run("uname", "-m", options=["--env=AUDITWHEEL_ARCH=i686"]) == "i686\n"


@pytest.mark.usefixtures("stand_in")
def test_every_interpreter_works_and_says_that_it_runs_on_the_policys_glibc() -> None:
    script = "for python in /opt/python/*/bin/python; do $python /smoke.py; done"
    smoke = f"--volume={PROJECT / 'smoke.py'}:/smoke.py:ro"

    lines = run("bash", "-euc", script, options=[smoke]).splitlines()

    present = [name.partition("-")[0] for name in run("ls", "/opt/python").split()]
    assert lines == [f"{name};glibc 2.28;gcc -pthread" for name in present]


@pytest.mark.usefixtures("stand_in")
def test_what_the_policys_glibc_has_not_is_not_declared() -> None:
    source = "#define _GNU_SOURCE\n#include <unistd.h>\nint main(void) { return gettid(); }\n"
    script = (
        f"printf %s '{source}' >/tmp/new.c;"
        "! gcc -Werror=implicit-function-declaration -c /tmp/new.c -o /tmp/new.o 2>&1;"
        "echo __GLIBC_MINOR__ | gcc -E -include features.h - | tail -n 1"
    )

    said = run("bash", "-euc", script, options=["--env=LC_ALL=C"])

    assert "implicit declaration of function 'gettid'" in said
    assert said.splitlines()[-1] == "28"


BUILT_ON = ("cp39-cp39", "cp314-cp314")


@pytest.fixture(scope="module")
def repaired(stand_in: BaseImage) -> str:
    """A C++17 extension, built and repaired on the oldest interpreter and on a new one."""
    del stand_in
    options = [f"--volume={PROJECT}:/project:ro", *trusting()]
    return run("bash", "/project/build.sh", PLATFORM, *BUILT_ON, options=options)


def test_extensions_get_the_policys_platform_tag_and_work(repaired: str) -> None:
    assert repaired.count("(10.9106304") == len(BUILT_ON)
    assert repaired.count("True)") == len(BUILT_ON)
    for interpreter in BUILT_ON:
        assert f"ceiling-1.0-{interpreter}-{PLATFORM}.whl\n" in repaired
    assert not re.search("R(UN)?PATH", repaired)


def test_extensions_link_to_nothing_newer_than_the_policy(repaired: str) -> None:
    limits = {"GLIBC": (2, 28), "GLIBCXX": (3, 4, 24), "CXXABI": (1, 3, 11)}
    versions = set(re.findall(r"\b(GLIBC|GLIBCXX|CXXABI)_([\d.]+)", repaired))

    assert {family for family, _ in versions} == set(limits)
    for family, number in versions:
        assert tuple(map(int, number.split("."))) <= limits[family], f"{family}_{number}"


def test_extensions_leave_no_symbol_of_a_newer_library_without_a_version(repaired: str) -> None:
    # value, flags, section, size, version if any, name
    wanted = [line.split() for line in repaired.splitlines() if "*UND*" in line]
    unversioned = {words[-1] for words in wanted if "." not in words[-2]}

    assert "PyFloat_AsDouble" in unversioned
    of_others = {name for name in unversioned if not re.match(r"_?Py|__gmon_start__|_ITM_", name)}
    assert of_others <= {"__cxa_finalize"}


def test_extensions_export_none_of_the_static_library(repaired: str) -> None:
    exported = [line for line in repaired.splitlines() if " .text" in line and " g " in line]

    assert any("PyInit_ceiling" in line for line in exported)
    assert not [line for line in exported if "filesystem" in line]


def test_a_missing_suite_or_package_leaves_out_its_interpreter_and_says_so(
    stand_in_context: tuple[Gathered, list[str]],
) -> None:
    gathered, said = stand_in_context

    left_out = {interpreter.name for interpreter in gathered.skipped}
    assert left_out >= {"cp38-cp38", "cp316-cp316"}
    assert not left_out & {"cp39-cp39", "cp313-cp313"}
    text = "\n".join(said)
    assert re.search(r"cp38-cp38 is left out \(Unable to locate package .*python3\.8", text)
    assert re.search(r"cp316-cp316 is left out \(.*nosuchsuite", text)


def test_an_interpreter_that_goes_or_comes_rebuilds_no_other(
    stand_in_context: tuple[Gathered, list[str]], tmp_path: Path
) -> None:
    gathered, _ = stand_in_context
    assemble(gathered)
    folder, aside = gathered.folder / "interpreters/cp314", tmp_path / "cp314"
    shutil.copytree(folder, aside)
    try:
        for package in folder.iterdir():
            package.unlink()
        # Nothing that was built before: the engine remembers earlier runs of this test.
        (folder / "run").write_text(secrets.token_hex())
        without = assemble(gathered)
    finally:
        shutil.rmtree(folder)
        shutil.copytree(aside, folder)

    assert {stage for stage, cached in without.items() if cached != {True}} == {"cp314"}
    assert all(cached == {True} for cached in assemble(gathered).values())


def assemble(gathered: Gathered) -> dict[str, set[bool]]:
    """Build the image and keep nothing of it; whether the steps of each stage were cached."""
    secret = [f"--secret=id=ca,src={CA}"] if CA else []
    command = [
        *("docker", "buildx", "build", "--progress=rawjson", "--output=type=cacheonly"),
        *("--target=image", f"--file={BASE / 'Dockerfile'}", f"--build-context=recipe={BASE}"),
        f"--build-arg=TOOLS_INTERPRETER={gathered.tools_interpreter}",
        *secret,
        str(gathered.folder),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    steps: dict[str, Step] = {}
    for event in parse(done.stderr.splitlines()):
        if isinstance(event, Step) and event.completed and " RUN " in event.name:
            steps[event.digest] = event
    stages: dict[str, set[bool]] = {}
    for step in steps.values():
        stages.setdefault(step.stage, set()).add(step.cached)
    return stages


@pytest.mark.skipif(sys.version_info < (3, 11), reason="cibuildwheel needs Python 3.11")
@pytest.mark.usefixtures("stand_in")
def test_cibuildwheel_runs_on_it_unmodified(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "setup.py").write_text(
        "from setuptools import Extension, setup\n"
        "setup(name='tiny', version='1', ext_modules=[Extension('tiny', ['tiny.c'])])\n"
    )
    (project / "tiny.c").write_text(
        "#include <Python.h>\n"
        'static PyModuleDef module = {PyModuleDef_HEAD_INIT, "tiny"};\n'
        "PyMODINIT_FUNC PyInit_tiny(void) { return PyModule_Create(&module); }\n"
    )
    home = tmp_path / "venv"
    uv = shutil.which("uv") or Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "-q", "--python", sys.executable, home], check=True)
    subprocess.run(
        [uv, "pip", "install", "-q", "--python", home / "bin/python", "cibuildwheel==4.3.3"],
        check=True,
    )
    settings = {
        "CIBW_MANYLINUX_X86_64_IMAGE": STAND_IN,
        "CIBW_BUILD": "cp313-manylinux_x86_64",
        "CIBW_TEST_COMMAND": "python -c 'import tiny'",
    }
    if CA is not None:
        settings |= {
            "CIBW_CONTAINER_ENGINE": f"docker; create_args: --volume={CA}:/ca:ro",
            "CIBW_ENVIRONMENT": "PIP_CERT=/ca SSL_CERT_FILE=/ca",
        }

    done = subprocess.run(
        [home / "bin/cibuildwheel", "--platform=linux", f"--output-dir={tmp_path / 'dist'}"],
        cwd=project,
        env={**os.environ, **settings},
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (wheel,) = (tmp_path / "dist").iterdir()
    # auditwheel adds the older policies that the wheel fits, too
    assert wheel.name.startswith("tiny-1-cp313-cp313-manylinux")
    assert "x86_64" in wheel.name
