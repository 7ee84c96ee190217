"""
Build identifiers: which there are, and which a glob matches.

A build identifier names one wheel to build: `cp313-manylinux_x86_64`. The names are
cibuildwheel's, so that its users' globs work here unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import bracex
import tomli

from wheeldock.tags import Architecture, Libc, Platform

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_IDENTIFIER = re.compile(
    r"(?P<implementation>cp|pp|gp)3(?P<minor>0|[1-9][0-9]*)(?P<variant>t|_[0-9]+|)"
    r"-(?P<libc>manylinux|musllinux)_(?P<architecture>\w+)\Z"
)


class Implementation(str, Enum):
    """An implementation of Python, by what its identifiers begin with."""

    CPYTHON = "cp"
    GRAALPY = "gp"
    PYPY = "pp"

    def __str__(self) -> str:
        return self.value


class Group(str, Enum):
    """Interpreters that are built for when `enable` names their group, and only then."""

    CPYTHON_PRERELEASE = "cpython-prerelease"
    PYPY = "pypy"
    PYPY_EOL = "pypy-eol"
    GRAALPY = "graalpy"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Interpreter:
    """A Python that wheels can be built for."""

    version: str
    """The Python that it implements, e.g. `3.14`."""
    folder: str
    """Its folder below `/opt/python`, e.g. `cp314-cp314t`."""
    group: Group | None
    retired: bool
    """Whether the pinned official images have it no longer."""


@dataclass(frozen=True, order=True)
class BuildIdentifier:
    """One wheel to build: a Python, a libc and an architecture."""

    implementation: Implementation
    minor: int
    """The Y of Python 3.Y."""
    variant: str
    """`t` for a free-threaded CPython, a GraalPy's version as `_250`, else empty."""
    libc: Libc
    architecture: Architecture

    @classmethod
    def parse(cls, text: str) -> BuildIdentifier:
        """
        Read `cp313-manylinux_x86_64`, `cp314t-musllinux_aarch64` or `pp311-manylinux_i686`.

        Raises ValueError when it is no such thing. That it is one does not mean that it exists.
        """
        match = _IDENTIFIER.match(text)
        if match is None or match["architecture"] not in set(Architecture):
            message = f"{text!r} is no build identifier; one looks like 'cp313-manylinux_x86_64'"
            raise ValueError(message)
        return cls(
            implementation=Implementation(match["implementation"]),
            minor=int(match["minor"]),
            variant=match["variant"],
            libc=Libc(match["libc"]),
            architecture=Architecture(match["architecture"]),
        )

    @property
    def free_threaded(self) -> bool:
        """Whether it is a CPython without the global interpreter lock."""
        return self.variant == "t"

    @property
    def python(self) -> str:
        """Its part before the platform, e.g. `cp314t`."""
        return f"{self.implementation}3{self.minor}{self.variant}"

    @property
    def platform(self) -> Platform:
        """Its libc and architecture."""
        return Platform(self.libc, self.architecture)

    @property
    def python_tag(self) -> str:
        """The python tag of its wheels, e.g. `cp314`."""
        return self.interpreter.partition("-")[0]

    @property
    def abi_tag(self) -> str:
        """The abi tag of its wheels, e.g. `cp314t`."""
        return self.interpreter.partition("-")[2]

    @property
    def interpreter(self) -> str:
        """The interpreter's folder below `/opt/python`, e.g. `cp314-cp314t`."""
        return interpreters()[self.python].folder

    @property
    def group(self) -> Group | None:
        """The group that has to be enabled for it, if one has to be."""
        return interpreters()[self.python].group

    @property
    def python_version(self) -> str:
        """The minor version of Python that it implements, e.g. `3.14`."""
        return f"3.{self.minor}"

    def __str__(self) -> str:
        return f"{self.python}-{self.platform}"


@cache
def _data() -> Mapping[str, Any]:
    return tomli.loads(files("wheeldock").joinpath("resources/build-platforms.toml").read_text())


@cache
def interpreters() -> Mapping[str, Interpreter]:
    """Every Python that wheels can be built for, by what its identifiers begin with."""
    return {
        name: Interpreter(
            version=row["version"],
            folder=row["folder"],
            group=Group(row["group"]) if "group" in row else None,
            retired=row.get("retired", False),
        )
        for name, row in _data()["interpreters"].items()
    }


@cache
def known_identifiers() -> tuple[BuildIdentifier, ...]:
    """Every build identifier that exists, by platform, whatever a base image has."""
    names = [
        f"{python}-{libc}_{architecture}"
        for libc in Libc
        for architecture in Architecture
        for python in interpreters()
        if architecture in _data()["platforms"][python[:2]].get(libc.value, ())
    ]
    return tuple(map(BuildIdentifier.parse, names))


@cache
def identifiers_elsewhere() -> tuple[str, ...]:
    """What cibuildwheel can name for other systems than Linux, and perhaps more."""
    platforms = _data()["elsewhere"]["platforms"]
    return tuple(f"{python}-{platform}" for platform in platforms for python in interpreters())


def matching(glob: str, names: Iterable[str]) -> Iterator[str]:
    """
    The names that a glob matches.

    It is one of `fnmatch` with `{a,b}` braces, as cibuildwheel's.
    """
    patterns = bracex.expand(glob)
    return (name for name in names if any(fnmatchcase(name, pattern) for pattern in patterns))


@cache
def matched(globs: tuple[str, ...]) -> frozenset[str]:
    """The names of the known identifiers that any of the globs matches."""
    names = [str(identifier) for identifier in known_identifiers()]
    return frozenset(name for glob in globs for name in matching(glob, names))


def matches(globs: Iterable[str], identifier: BuildIdentifier) -> bool:
    """Whether any of the globs matches the identifier."""
    return any(True for glob in globs for _ in matching(glob, [str(identifier)]))
