"""
Which architectures `archs` means on this machine, and which of them run on it as they are.

The words and their meaning are cibuildwheel's for Linux. On macOS and Windows the machine is that
of Docker's Linux, which has the processor's architecture, too.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable

NAMED = {
    "amd64": Architecture.X86_64,
    "x64": Architecture.X86_64,
    "arm64": Architecture.AARCH64,
    "i386": Architecture.I686,
    "i586": Architecture.I686,
    "armv8l": Architecture.ARMV7L,
}
"""What systems and people call architectures otherwise, in lower case."""

GROUPS = ("auto", "native", "all", "auto64", "auto32")
"""The words of `archs` that are no architecture."""

_NARROW = {Architecture.X86_64: Architecture.I686, Architecture.AARCH64: Architecture.ARMV7L}
"""The 32-bit architecture that a 64-bit one can run."""


@cache
def native() -> Architecture | None:
    """This machine's architecture, or None for one that no policy has."""
    machine = platform.machine().lower()
    if machine in NAMED:
        return NAMED[machine]
    return Architecture(machine) if machine in set(Architecture) else None


def named(words: Iterable[str]) -> frozenset[Architecture]:
    """
    The architectures that the words of `archs` name: some of GROUPS, and architectures.

    A word for architectures that this machine has none of names none.
    """
    return frozenset[Architecture]().union(*(_named(word) for word in words))


def _named(word: str) -> frozenset[Architecture]:
    if word == "all":
        return frozenset(Architecture)
    if word not in GROUPS:
        return frozenset([Architecture(word)])
    own = native()
    if own is None:
        return frozenset()
    is_narrow = own in _NARROW.values()
    if word == "auto32":
        return frozenset([own]) if is_narrow else _narrow(own)
    return frozenset() if word == "auto64" and is_narrow else frozenset([own])


def is_emulated(architecture: Architecture) -> bool:
    """Whether this machine needs QEMU to run programs of that architecture."""
    own = native()
    return architecture != own and (own is None or architecture not in _narrow(own))


@cache
def _narrow(own: Architecture) -> frozenset[Architecture]:
    """The 32-bit architecture that this machine runs as it is, if there is one."""
    if own not in _NARROW or (own is Architecture.AARCH64 and not _runs_aarch32()):
        return frozenset()
    return frozenset([_NARROW[own]])


def _runs_aarch32() -> bool:
    # Not every 64-bit ARM has the 32-bit instructions.
    program = shutil.which("linux32")
    if program is None:
        return False
    done = subprocess.run([program, "uname", "-m"], check=False, capture_output=True, text=True)
    return re.match("armv", done.stdout) is not None and done.returncode == 0
