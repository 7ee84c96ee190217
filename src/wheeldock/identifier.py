"""
Build identifiers and what selects them.

A build identifier names one wheel to build: `cp313-manylinux_x86_64`. The names are
cibuildwheel's, so that its users' selectors work here unchanged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import bracex

from wheeldock.tags import Architecture, Libc

_IDENTIFIER = re.compile(
    r"cp3(?P<minor>0|[1-9][0-9]*)(?P<threads>t?)"
    r"-(?P<libc>manylinux|musllinux)_(?P<architecture>\w+)\Z"
)


@dataclass(frozen=True, order=True)
class BuildIdentifier:
    """One wheel to build: a CPython, a libc and an architecture."""

    minor: int
    """The Y of CPython 3.Y."""
    free_threaded: bool
    libc: Libc
    architecture: Architecture

    @classmethod
    def parse(cls, text: str) -> BuildIdentifier:
        """
        Read `cp313-manylinux_x86_64` or `cp314t-musllinux_aarch64`.

        Raises ValueError when it is no such thing.
        """
        match = _IDENTIFIER.match(text)
        if match is None or match["architecture"] not in set(Architecture):
            message = f"{text!r} is no build identifier; one looks like 'cp313-manylinux_x86_64'"
            raise ValueError(message)
        return cls(
            minor=int(match["minor"]),
            free_threaded=bool(match["threads"]),
            libc=Libc(match["libc"]),
            architecture=Architecture(match["architecture"]),
        )

    @property
    def python_tag(self) -> str:
        """The python tag of its wheels, e.g. `cp314`."""
        return f"cp3{self.minor}"

    @property
    def abi_tag(self) -> str:
        """The abi tag of its wheels, e.g. `cp314t`."""
        return f"cp3{self.minor}{'t' if self.free_threaded else ''}"

    @property
    def interpreter(self) -> str:
        """The interpreter's folder below `/opt/python`, e.g. `cp314-cp314t`."""
        return f"{self.python_tag}-{self.abi_tag}"

    @property
    def python_version(self) -> str:
        """CPython's minor version, e.g. `3.14`."""
        return f"3.{self.minor}"

    def __str__(self) -> str:
        return f"{self.abi_tag}-{self.libc}_{self.architecture}"


@dataclass(frozen=True)
class Selector:
    """
    Which build identifiers to build: each of `build`'s globs but for `skip`'s.

    Globs are those of `fnmatch` with `{a,b}` braces, as cibuildwheel's.
    """

    build: tuple[str, ...] = ("*",)
    skip: tuple[str, ...] = ()

    def __call__(self, identifier: BuildIdentifier) -> bool:
        """Whether the identifier is selected."""
        return matches(self.build, identifier) and not matches(self.skip, identifier)


def matches(globs: tuple[str, ...], identifier: BuildIdentifier) -> bool:
    """Whether any of the globs matches the identifier."""
    return any(
        fnmatchcase(str(identifier), pattern) for glob in globs for pattern in bracex.expand(glob)
    )
