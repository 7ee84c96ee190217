"""A small source tree, and every kind of change that makes it another."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def source_tree(tree: Path) -> Path:
    """Make the tree in a new folder."""
    tree.mkdir()
    (tree / "tiny.c").write_text("int x;\n")
    (tree / "src").mkdir()
    (tree / "src/tiny.h").write_text("extern int x;\n")
    (tree / "dist").mkdir()
    (tree / "folder").symlink_to("src")
    return tree


def _same_size_and_time(tree: Path) -> None:
    file = tree / "tiny.c"
    before = file.stat()
    file.write_text("int y;\n")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda tree: (tree / "src/tiny.h").write_text("extern long x;\n"),
    "content of the same size and time": _same_size_and_time,
    "a file more": lambda tree: (tree / "src/more.c").touch(),
    "a file less": lambda tree: (tree / "src/tiny.h").unlink(),
    "another name": lambda tree: (tree / "tiny.c").rename(tree / "other.c"),
    "another mode": lambda tree: (tree / "tiny.c").chmod(0o755),
    "a link in its place": lambda tree: (
        (tree / "tiny.c").unlink(),
        (tree / "tiny.c").symlink_to("src/tiny.h"),
    ),
    "a link to another folder": lambda tree: (
        (tree / "folder").unlink(),
        (tree / "folder").symlink_to("dist"),
    ),
    "a link to what is not UTF-8": lambda tree: (
        (tree / "folder").unlink(),
        (tree / "folder").symlink_to(os.fsdecode(b"caf\xe9")),
    ),
}
