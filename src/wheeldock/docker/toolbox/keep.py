"""
keep.py PATHS FILE: put paths of the image, which end in a NUL each, into a compressed archive.

What an image's own tar can take from a list differs.
"""

from __future__ import annotations

import os
import sys
import tarfile
from pathlib import Path

if __name__ == "__main__":
    paths, file = map(Path, sys.argv[1:])
    with tarfile.open(file, "w:gz", compresslevel=1) as archive:
        for path in map(os.fsdecode, paths.read_bytes().split(b"\0")):
            if path:
                archive.add(f"/{path}", path, recursive=False)
