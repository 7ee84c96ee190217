"""
difference.py begin|end: note what of the image's files comes, changes or goes in between.

That is the stage `tools` where a project prepares its base image. What is kept of the stage are
these files, by paths with a NUL after each.
"""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

_BEFORE = Path("/run/wheeldock-before")
_CHANGED = Path("/opt/wheeldock/changed")
_GONE = Path("/opt/wheeldock/gone")

_NOT_OF_THE_IMAGE = frozenset(
    [
        *("/dev", "/proc", "/sys", "/toolbox", "/run/files", "/run/wheeldock"),
        *("/run/wheeldock-pass", str(_BEFORE)),
        *("/etc/hosts", "/etc/hostname", "/etc/resolv.conf"),
    ]
)
"""What each container has of its own, and what is mounted into this one."""

Stamps = dict[str, tuple[int, ...]]


def stamps(root: str = "/", without: frozenset[str] = _NOT_OF_THE_IMAGE) -> Stamps:
    """How to know each file and folder below the root again; nothing can set the time of these."""
    found: Stamps = {}
    folders = [root]
    while folders:
        with os.scandir(folders.pop()) as entries:
            for entry in entries:
                if entry.path in without:
                    continue
                status = entry.stat(follow_symlinks=False)
                found[entry.path] = (status.st_mode, status.st_size, status.st_ctime_ns)
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
    return found


def compare(before: Stamps, after: Stamps) -> tuple[list[str], list[str]]:
    """The paths that came or changed, and those that went, each without the first slash."""
    changed = (path for path, stamp in after.items() if before.get(path) != stamp)
    return (
        sorted(path.lstrip("/") for path in changed),
        sorted(path.lstrip("/") for path in before.keys() - after.keys()),
    )


def write(paths: list[str], place: Path) -> None:
    """Write them down."""
    place.write_bytes(b"".join(os.fsencode(path) + b"\0" for path in paths))


if __name__ == "__main__":
    if sys.argv[1] == "begin":
        _BEFORE.write_bytes(pickle.dumps(stamps()))
    else:
        begun: Stamps = pickle.loads(_BEFORE.read_bytes())  # noqa: S301 - written above
        _BEFORE.unlink()
        write([], _CHANGED)
        write([], _GONE)
        changed, gone = compare(begun, stamps())
        write(changed, _CHANGED)
        write(gone, _GONE)
