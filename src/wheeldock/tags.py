"""
The field's vocabulary: libc, architecture, policy.

A policy is what PEP 600 (manylinux) and PEP 656 (musllinux) call a platform:
a libc and its version, e.g. `manylinux_2_28`. With an architecture it becomes
a platform tag, e.g. `manylinux_2_28_x86_64`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum


class Architecture(str, Enum):
    """A processor architecture, by the name that platform tags use."""

    X86_64 = "x86_64"
    I686 = "i686"
    AARCH64 = "aarch64"
    PPC64LE = "ppc64le"
    S390X = "s390x"
    ARMV7L = "armv7l"
    RISCV64 = "riscv64"

    @property
    def oci_platform(self) -> str:
        """Its name among the platforms of OCI images, which Docker takes: `linux/arm64`."""
        return f"linux/{_OCI.get(self.value, self.value)}"

    def __str__(self) -> str:
        return self.value


_OCI = {"x86_64": "amd64", "i686": "386", "aarch64": "arm64", "armv7l": "arm/v7"}
"""What OCI's image specification calls architectures otherwise (after Go's GOARCH)."""


class Libc(str, Enum):
    """A C library, by the prefix of its platform tags."""

    GLIBC = "manylinux"
    MUSL = "musllinux"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, order=True)
class Platform:
    """A libc on an architecture: what an identifier ends with, e.g. `manylinux_x86_64`."""

    libc: Libc
    architecture: Architecture

    @classmethod
    def parse(cls, text: str) -> Platform:
        """
        Read `manylinux_x86_64`.

        Raises ValueError for anything else.
        """
        libc, _, architecture = text.partition("_")
        return cls(Libc(libc), Architecture(architecture))

    @property
    def image_option(self) -> str:
        """The option that names the image to build on, e.g. `manylinux-x86_64-image`."""
        return f"{self.libc}-{self.architecture}-image"

    def __str__(self) -> str:
        return f"{self.libc}_{self.architecture}"


_POLICY = re.compile(r"(?P<libc>manylinux|musllinux)_(?P<major>\d+)_(?P<minor>\d+)\Z")

_LEGACY = {
    "manylinux1": "manylinux_2_5",
    "manylinux2010": "manylinux_2_12",
    "manylinux2014": "manylinux_2_17",
}


@dataclass(frozen=True, order=True)
class Policy:
    """A libc at a version: the oldest that a wheel's users may have."""

    libc: Libc
    major: int
    minor: int

    @classmethod
    def parse(cls, name: str) -> Policy:
        """
        Read `manylinux_2_28`, or a legacy alias as `manylinux2014` (PEP 600).

        Raises ValueError for anything else.
        """
        match = _POLICY.match(_LEGACY.get(name, name))
        if match is None:
            message = f"{name!r} is no policy; one looks like 'manylinux_2_28' or 'musllinux_1_2'"
            raise ValueError(message)
        return cls(Libc(match["libc"]), int(match["major"]), int(match["minor"]))

    @classmethod
    def of_tag(cls, tag: str, architecture: str) -> Policy:
        """
        Read a platform tag for an architecture, e.g. `manylinux_2_28_x86_64`.

        Raises ValueError for anything else, be it a tag for another architecture.
        """
        name, _, rest = tag.rpartition(f"_{architecture}")
        if rest:
            message = f"{tag!r} is no policy's platform tag for {architecture}"
            raise ValueError(message)
        return cls.parse(name)

    @property
    def name(self) -> str:
        """The policy without an architecture, e.g. `manylinux_2_28`."""
        return f"{self.libc}_{self.major}_{self.minor}"

    def platform_tag(self, architecture: Architecture) -> str:
        """The platform tag of wheels for this policy, e.g. `manylinux_2_28_x86_64`."""
        return f"{self.name}_{architecture}"

    def covers(self, tag: str, architecture: str) -> bool:
        """Whether a platform tag is for that architecture and asks for no more than this has."""
        try:
            other = Policy.of_tag(tag, architecture)
        except ValueError:
            return False
        return other.libc is self.libc and other <= self
