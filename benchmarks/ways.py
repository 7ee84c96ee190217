"""The ways to build a project's wheels that are compared."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import wheeldock
from benchmarks.bare import BareContainer
from benchmarks.checks import WrongResultError, check_cached
from benchmarks.command import run
from wheeldock import report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.freshimage import FreshImage
    from benchmarks.results import Stages
    from benchmarks.scenarios import Scenario

CA = "/run/secrets/ca"
"""Where a container finds the machine's CA bundle, if that has one of its own."""

KEPT = Path(".wheeldock", "benchmarks").absolute()
"""What one run leaves for the next: downloads and cibuildwheel."""

_CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_CACHE_ID = "id=wheeldock-"


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one way builds in one round; nobody else does."""

    tree: Path
    output: Path
    home: Path
    """A folder for what the way needs besides."""
    image: FreshImage
    ca: Path | None


class Way(Protocol):
    """A way to build wheels at a place: the program, and all that it keeps between builds."""

    def __init__(self, place: Place) -> None: ...

    def build(self, pythons: Sequence[str]) -> None:
        """Build wheels for interpreters such as `cp313` into the output folder."""

    def move(self) -> None:
        """Leave what the machine has, but for what the way would take to another one."""

    def close(self) -> None:
        """Remove from the engine what the image's removal does not."""


class Wheeldock:
    """`wheeldock build`, with cache mounts of its own instead of those that the user has filled."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._saved: Path | None = None
        package = place.home / "wheeldock"
        shutil.copytree(Path(wheeldock.__file__).parent, package)
        _rename_cache_mounts(package, place.image.prefix)
        # As pip does it, whoever installed what wheeldock imports.
        for folder in (package, sysconfig.get_path("purelib")):
            compileall.compile_dir(folder, quiet=2)

    def build(self, pythons: Sequence[str]) -> None:
        """Build in the project's folder, as a user does."""
        if self._saved:
            self._run((), "cache.restore", self._saved)
        self._run(pythons, "build", "--output-dir", self._place.output)

    def _run(self, pythons: Sequence[str], *words: str | Path) -> None:
        place = self._place
        run(
            Path(sys.executable).with_name("wheeldock"),
            *words,
            cwd=place.tree,
            environment={
                **_without(os.environ, "WHEELDOCK_"),
                "PYTHONPATH": str(place.home),
                "XDG_CACHE_HOME": str(place.home / "cache"),
                "WHEELDOCK_BUILD": _identifiers(pythons),
                "WHEELDOCK_MANYLINUX_X86_64_IMAGE": place.image.reference,
            },
        )

    def move(self) -> None:
        """Save the cache as a CI does, for the next build to restore."""
        self._saved = self._place.home / "saved"
        self._run((), "cache.save", self._saved)
        shutil.rmtree(self._place.tree / ".wheeldock")
        shutil.rmtree(self._place.home / "cache")

    def check(self, scenario: Scenario, pythons_before: Sequence[str]) -> Stages:
        """
        Check that what should come from the cache did, and nothing else.

        Return where the time went. Raises WrongResultError.
        """
        targets = report.read(self._place.tree / ".wheeldock" / "report.json").targets
        check_cached(targets, scenario, pythons_before)
        return {target.name: target.stages for target in targets}

    def close(self) -> None:
        """All is in the image's layers, cache mounts and folders."""


def _rename_cache_mounts(package: Path, prefix: str) -> None:
    renamed = 0
    for path in package.rglob("*"):
        if path.is_file() and _CACHE_ID.encode() in (content := path.read_bytes()):
            path.write_bytes(content.replace(_CACHE_ID.encode(), f"id={prefix}".encode()))
            renamed += 1
    if not renamed:
        raise WrongResultError(f"no cache mount's id begins with {_CACHE_ID}: cold is not cold")


class Cibuildwheel:
    """cibuildwheel as its manual has it."""

    version = "4.3.3"
    _frontend = "build"

    def __init__(self, place: Place) -> None:
        self._place = place

    def build(self, pythons: Sequence[str]) -> None:
        """Build in the project's folder."""
        place = self._place
        settings = {
            "CIBW_BUILD": _identifiers(pythons),
            "CIBW_MANYLINUX_X86_64_IMAGE": place.image.reference,
            "CIBW_BUILD_FRONTEND": self._frontend,
            "CIBW_CONTAINER_ENGINE": "docker",
        }
        if place.ca:
            engine = f"docker; create_args: --volume={place.ca}:{CA}:ro"
            settings["CIBW_CONTAINER_ENGINE"] = engine
            settings["CIBW_ENVIRONMENT"] = " ".join(f"{name}={CA}" for name in _CA_VARIABLES)
        run(
            cibuildwheel_home() / "bin" / "cibuildwheel",
            *("--platform=linux", f"--output-dir={place.output}"),
            cwd=place.tree,
            environment={**_without(os.environ, "CIBW_"), **settings},
        )

    def move(self) -> None:
        """It keeps nothing."""

    def close(self) -> None:
        """It removes its containers."""


class CibuildwheelUv(Cibuildwheel):
    """cibuildwheel with uv, which it recommends for speed."""

    _frontend = "build[uv]"


class PlainDocker:
    """A script of three lines: `docker build`, `docker create`, `docker cp`."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._tag = f"wheeldock-benchmark-plain:{place.image.nonce}"

    def build(self, pythons: Sequence[str]) -> None:
        """Write the Dockerfile, build it and copy the wheels out."""
        place = self._place
        file = place.home / "Dockerfile"
        text = plain_dockerfile(place.image.reference, pythons, with_ca=place.ca is not None)
        file.write_text(text, encoding="utf-8")
        secret = [f"--secret=id=ca,src={place.ca}"] if place.ca else []
        run("docker", "build", *secret, f"--tag={self._tag}", f"--file={file}", place.tree)
        container = run("docker", "create", self._tag).strip()
        try:
            run("docker", "cp", f"{container}:/wheels/.", place.output)
        finally:
            run("docker", "rm", container)

    def move(self) -> None:
        """Leave the image behind."""
        self.close()

    def close(self) -> None:
        """Remove the image."""
        run("docker", "image", "rm", "--force", self._tag)


def plain_dockerfile(base: str, pythons: Sequence[str], *, with_ca: bool) -> str:
    """The Dockerfile that a project writes for itself: copy all, then one step an interpreter."""
    step = "RUN "
    if with_ca:
        variables = " ".join(f"{name}={CA}" for name in _CA_VARIABLES)
        step = f"RUN --mount=type=secret,id=ca \\\n    export {variables} && \\\n    "
    lines = [f"FROM {base}", "WORKDIR /project", "COPY . ."]
    lines += [
        f"{step}/opt/python/{python}-{python}/bin/python -m pip wheel "
        f"--no-deps --wheel-dir /built/{python} . && \\\n"
        f"    auditwheel repair --wheel-dir /wheels /built/{python}/*.whl"
        for python in pythons
    ]
    return "\n".join([*lines, ""])


OURS = "wheeldock"
FLOOR = "bare commands"

WAYS: Mapping[str, type[Way]] = {
    "docker build": PlainDocker,
    "cibuildwheel": Cibuildwheel,
    "cibuildwheel with uv": CibuildwheelUv,
    OURS: Wheeldock,
    FLOOR: BareContainer,
}
"""The ways, by the name that tables show."""

USUAL = ("docker build", "cibuildwheel", OURS, FLOOR)


def cibuildwheel_home() -> Path:
    """Where cibuildwheel's virtual environment is."""
    return KEPT / f"cibuildwheel-{Cibuildwheel.version}"


def install_cibuildwheel(index: str) -> None:
    """Make cibuildwheel's virtual environment, unless it is there."""
    home = cibuildwheel_home()
    if (home / "bin" / "cibuildwheel").exists():
        return
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if uv is None:
        raise WrongResultError("there is no uv to install cibuildwheel with: pip install uv")
    environment = {**os.environ, "UV_DEFAULT_INDEX": index, "UV_SYSTEM_CERTS": "1"}
    run(uv, "venv", "--clear", "--python=>=3.11", home, environment=environment)
    python = f"--python={home}/bin/python"
    requirement = f"cibuildwheel=={Cibuildwheel.version}"
    run(uv, "pip", "install", "--compile-bytecode", python, requirement, environment=environment)


def _identifiers(pythons: Sequence[str]) -> str:
    return " ".join(f"{python}-manylinux_x86_64" for python in pythons)


def _without(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.startswith(prefix)}
