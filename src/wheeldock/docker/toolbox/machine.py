"""How much of the machine a step may use, as its container sees it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_CGROUP = Path("/sys/fs/cgroup")
_MEMORY_OF_A_COMPILE = 2**30
"""Bytes: what a large C++ file takes."""


def compiles_at_once(processors: float, memory: int) -> int:
    """How many compiles or links to run at once, with that many bytes of memory."""
    return max(1, min(round(processors), memory // _MEMORY_OF_A_COMPILE))


def processors(cgroup: Path = _CGROUP) -> float:
    """The processors that this process may use; half a one, if that is its quota."""
    allowed = len(os.sched_getaffinity(0))
    quota, period = (
        *_numbers(cgroup / "cpu.max"),  # version 2: both in one file, or "max" for the first
        *_numbers(cgroup / "cpu/cpu.cfs_quota_us"),  # version 1: -1 for no quota
        *_numbers(cgroup / "cpu/cpu.cfs_period_us"),
        *(0, 0),
    )[:2]
    return min(allowed, quota / period) if quota > 0 and period > 0 else allowed


def memory(cgroup: Path = _CGROUP, meminfo: Path = Path("/proc/meminfo")) -> int:
    """The bytes of memory that this process may use."""
    total = int(meminfo.read_text("ascii").split()[1]) * 1024  # MemTotal comes first, in KiB
    limits = _numbers(cgroup / "memory.max") + _numbers(cgroup / "memory/memory.limit_in_bytes")
    return min(total, *limits) if limits else total


def _numbers(path: Path) -> list[int]:
    try:
        return [int(word) for word in path.read_text("ascii").split()]
    except (OSError, ValueError):  # no such limit
        return []


def parallel_builds(environ: Mapping[str, str], jobs: int) -> dict[str, str]:
    """
    The variables by which build tools run so many jobs at once, as far as nobody has set them.

    CMake hands its own to make and ninja; ninja alone (meson-python) goes by the processors.
    setuptools has none: its `parallel` builds extensions side by side, and two that compile one
    file with different macros write the same object file, so it is the project's to turn on.
    """
    variables = {"CMAKE_BUILD_PARALLEL_LEVEL": f"{jobs}", "MAKEFLAGS": f"-j{jobs}"}
    return {name: value for name, value in variables.items() if name not in environ}
