"""
A file system that has got over the build before.

ext4 passes over the inodes that were freed in the last minute, or in the last six while their
blocks wait to be written, and looks at each of them for every file that is made (`recently_deleted`
in Linux's fs/ext4/ialloc.c). So a build that removes a container of 10,000 files makes the next
one several times as slow, whoever's that is. What is not in the page cache is not looked at.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_DROP = Path("/proc/sys/vm/drop_caches")


def settle() -> None:
    """Write everything to the disk and empty the page cache, where root measures."""
    os.sync()
    with contextlib.suppress(OSError):
        _DROP.write_text("1", encoding="ascii")
