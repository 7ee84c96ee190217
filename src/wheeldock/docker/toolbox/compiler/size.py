"""Keeping a folder within a size."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def trim(folder: Path, size: int) -> None:
    """Remove what was used least lately, until the rest takes no more than `size` bytes."""
    files = []
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # another build may have removed it
            status = path.lstat()
            files.append((status.st_mtime, status.st_size, path))
    kept = 0
    for _, taken, path in sorted(files, reverse=True):
        kept += taken
        if kept > size:
            with contextlib.suppress(OSError):  # as above, or a folder
                path.unlink()
