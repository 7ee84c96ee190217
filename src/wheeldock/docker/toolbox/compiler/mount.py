"""The cache mount that all builds of a project share, with the caches of what they compile."""

from __future__ import annotations

import os
from pathlib import Path

CACHE = Path("/root/.cache/wheeldock")
"""Where it is."""

_HOSTS = Path("/etc/hosts")


def is_in_use() -> bool:
    """Whether this build is one with caches, and no cold one."""
    return os.environ.get("COMPILER_CACHE") != "off" and not os.environ.get("COLD")


def is_lost() -> bool:
    """Whether the machine has these caches for this engine, which has none of the project."""
    hosts = map(str.split, _HOSTS.read_text("utf-8").splitlines())
    saved = [line[0] for line in hosts if line[1:] == ["compiler-cache.wheeldock"]]
    return saved not in ([], ["0.0.0.0"]) and not (CACHE / "ccache").exists()  # noqa: S104
