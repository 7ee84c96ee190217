"""
What the stand-in base image is made of: interpreters, the suites that have them, the mirror.

Pure: what a part is and where it is; standin_context fetches it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock.errors import BaseImageUnavailableError
from wheeldock.request import DOCKER
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from wheeldock.apt import Source

BASE = DOCKER / "base"
"""The Dockerfile and the scripts of its stages."""

CURE = (
    "Let the engine reach an image registry (`docker pull quay.io/pypa/manylinux_2_28_x86_64`), "
    "or name an image that it has (manylinux-x86_64-image)."
)


@dataclass(frozen=True)
class Interpreter:
    """A CPython, and the Debian suite whose packages it is taken from."""

    version: str
    """As in its executable's name, e.g. `3.13` or `3.13t`."""
    suite: str

    @property
    def stage(self) -> str:
        """Its stage in the Dockerfile, its folder in the context and its abi tag, e.g. `cp313`."""
        return f"cp{self.version.replace('.', '')}"

    @property
    def name(self) -> str:
        """Its folder below /opt/python, e.g. `cp313-cp313`."""
        return f"{self.stage.rstrip('t')}-{self.stage}"

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that make it up; what they depend on comes with them."""
        python = f"python{self.version}"
        return f"{python}-minimal", f"lib{python}-stdlib", f"lib{python}-dev", f"{python}-venv"

    def wants(self, package: str) -> bool:
        """Whether a package of their closure goes into the image: Python and shared libraries."""
        python = f"python{self.version}"
        if package.startswith((python, f"lib{python}-", "python3-distutils", "python3-lib2to3")):
            return True
        library = package.startswith(("lib", "zlib")) and not package.endswith(("-dev", "-bin"))
        return library and "python" not in package and "gconv" not in package


PACKAGED = (
    Interpreter("3.9", "bullseye"),
    Interpreter("3.11", "bookworm"),
    Interpreter("3.13", "trixie"),
    Interpreter("3.14", "forky"),
    Interpreter("3.15", "forky"),
)
"""The interpreters that the suites have as packages; 3.10 and 3.12 are in none."""

IN_QEMU = frozenset(["3.11", "3.13"])
"""The versions that a stand-in has which is made in QEMU, where each takes a minute or more."""

FREE_THREADED = Interpreter("3.13t", "trixie")
"""In no suite as a package, so compiled: from the source of its suite's python3.13."""

TOOLS_INTERPRETERS = ("cp313", "cp311", "cp314", "cp39", "cp315")
"""Which interpreter runs auditwheel and the like: the first of these that is there."""

ROOT_SUITE = "bullseye"
"""The oldest suite there is. Its compiler and C library can be held to those of the policy."""

DEBIAN_NAMES = {Architecture.X86_64: "amd64", Architecture.AARCH64: "arm64"}
"""The architectures that there is a stand-in for, and what Debian calls them."""

_WITH_SECURITY = ("bullseye", "bookworm", "trixie")

_SUITES = {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"} | {
    interpreter.suite for interpreter in PACKAGED
}


@dataclass(frozen=True)
class Mirror:
    """Where the machine takes Debian's packages from."""

    main: Source
    security: Source | None

    def sources(self, suite: str, architecture: Architecture) -> tuple[Source, ...]:
        """The sources of a suite's packages for an architecture."""
        sources = [replace(self.main, suite=suite, components=("main",))]
        # An old suite's security archive lists packages of other architectures that are gone.
        has_all = architecture is Architecture.X86_64
        if self.security and suite in _WITH_SECURITY and has_all:
            security = f"{suite}-security"
            sources.append(replace(self.security, suite=security, components=("main",)))
        return tuple(sources)


def debian_mirror(sources: Sequence[Source]) -> Mirror:
    """
    The Debian mirror among the machine's sources.

    Raises BaseImageUnavailableError when there is none (on Ubuntu, say).
    """
    main = _of_debian(sources, _SUITES)
    security = _of_debian(
        sources, {f"{suite}{end}" for suite in _SUITES for end in ("-security", "/updates")}
    )
    if not main:
        message = "no stand-in base image can be made: apt's sources here name no Debian mirror"
        raise BaseImageUnavailableError(message, cure=CURE)
    return Mirror(main[0], security[0] if security else None)


def _of_debian(sources: Sequence[Source], suites: Collection[str]) -> list[Source]:
    """The sources of such suites, Debian's own first: others name theirs alike, and sign them."""
    found = [each for each in sources if each.suite in suites and "main" in each.components]
    return sorted(found, key=lambda source: "/debian-archive-" not in source.signed_by)
