"""The ways that wheeldock is compared with: cibuildwheel, and a script around `docker build`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.checks import WrongResultError
from benchmarks.command import run
from benchmarks.place import KEPT, identifiers, without

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.place import Place

_CA = "/run/secrets/ca"
"""Where a container finds the machine's CA bundle, if that has one of its own."""

_CA_VARIABLES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


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
            "CIBW_BUILD": identifiers(pythons),
            "CIBW_MANYLINUX_X86_64_IMAGE": place.image.reference,
            "CIBW_BUILD_FRONTEND": self._frontend,
            "CIBW_CONTAINER_ENGINE": "docker",
        }
        if place.ca:
            engine = f"docker; create_args: --volume={place.ca}:{_CA}:ro"
            settings["CIBW_CONTAINER_ENGINE"] = engine
            settings["CIBW_ENVIRONMENT"] = " ".join(f"{name}={_CA}" for name in _CA_VARIABLES)
        run(
            cibuildwheel_home() / "bin" / "cibuildwheel",
            *("--platform=linux", f"--output-dir={place.output}"),
            cwd=place.tree,
            environment={**without(os.environ, "CIBW_"), **settings},
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
        variables = " ".join(f"{name}={_CA}" for name in _CA_VARIABLES)
        step = f"RUN --mount=type=secret,id=ca \\\n    export {variables} && \\\n    "
    lines = [f"FROM {base}", "WORKDIR /project", "COPY . ."]
    lines += [
        f"{step}/opt/python/{python}-{python}/bin/python -m pip wheel "
        f"--no-deps --wheel-dir /built/{python} . && \\\n"
        f"    auditwheel repair --wheel-dir /wheels /built/{python}/*.whl"
        for python in pythons
    ]
    return "\n".join([*lines, ""])


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
