"""
One path takes another's place, in one step where the system can do that, or has two names.

So does a file that is written anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_CANNOT = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP})
"""What renameat2(2) says where two names cannot be exchanged."""


def take_place(fresh: Path, place: Path) -> None:
    """
    Let `fresh` take the place of `place`, and what was there, if anything, that of `fresh`.

    Both have to be in one file system. Raises OSError; both are then as they were.
    """
    if not os.path.lexists(place):
        fresh.rename(place)
        return
    try:
        _exchange(fresh, place)
    except OSError as error:
        if error.errno not in _CANNOT:
            raise
        _rename_both(fresh, place)


def remove(path: Path) -> None:
    """
    Remove a file, a link or a folder with all that is in it, if it is there.

    Raises OSError, which names the path.
    """
    if not path.is_dir() or path.is_symlink():
        path.unlink(missing_ok=True)
        return
    try:
        shutil.rmtree(path)
    except OSError as error:
        if error.errno is None:
            raise
        # What it names is called as in the folder that it is in.
        raise OSError(error.errno, error.strerror, str(path)) from None


def write_whole(path: Path, text: str) -> None:
    """
    Write a file all at once: who reads it finds what was there before, or all of this.

    Its folder is made if need be. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
        raise


def link(file: Path, place: Path) -> None:
    """Put a file that can be large at another place, too, which may be on another disk."""
    try:
        os.link(file, place)
    except OSError:
        shutil.copyfile(file, place)


def _exchange(one: Path, other: Path) -> None:
    """Exchange two names in one step (Linux: renameat2(2)). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    if libc.renameat2(*paths, _RENAME_EXCHANGE) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))


def _rename_both(fresh: Path, place: Path) -> None:
    """Exchange two names by renaming; for a moment there is nothing at `place`."""
    aside = fresh.with_name(f"{fresh.name}.aside")
    try:
        place.rename(aside)
        fresh.rename(place)
    except BaseException:
        if aside.exists() and not place.exists():
            aside.rename(place)
        raise
    aside.rename(fresh)
