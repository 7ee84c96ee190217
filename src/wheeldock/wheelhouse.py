"""What was built, and how it gets into the output folder: all at once or not at all."""

from __future__ import annotations

import ctypes
import errno
import hashlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from wheeldock.errors import OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2
_NO_EXCHANGE = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP)
"""What file systems and kernels say that cannot exchange two names."""

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says when a disk, or someone's part of it, is full."""


@dataclass(frozen=True)
class Distribution:
    """A wheel or an sdist as a file."""

    path: Path
    name: str
    """The project's name, normalised."""
    version: Version

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.path.stat().st_size

    def sha256(self) -> str:
        """The hexadecimal digest of its bytes."""
        with self.path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()


def read_distribution(path: Path) -> Distribution | None:
    """The distribution that a file is by its name, or None when it is none."""
    try:
        if path.suffix == ".whl":
            name, version, _, _ = parse_wheel_filename(path.name)
        else:
            name, version = parse_sdist_filename(path.name)
    except (InvalidWheelFilename, InvalidSdistFilename):
        return None
    return Distribution(path, canonicalize_name(name), version)


def check_writable(output: Path, *, keep_out: Sequence[Path] = ()) -> None:
    """
    Raise OutputError unless the folder can be written, made if need be, and replaced as a whole.

    `keep_out` are folders that must not be in it, since what is in it is moved.
    """
    output = output.resolve()
    for folder in keep_out:
        if folder.resolve().is_relative_to(output):
            message = f"the output folder {output} has {folder} in it"
            raise OutputError(message, cure="Name a folder of its own with --output-dir.")
    if output.is_mount():
        raise _no_mount_point(output)
    home = next(place for place in output.parents if place.exists())
    try:
        for place in filter(Path.exists, (output, home)):
            with tempfile.TemporaryFile(dir=place):
                pass
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        raise _unwritable(output, error) from None


def _unwritable(output: Path, error: OSError) -> OutputError:
    message = f"the output folder {output} cannot be written: {error.strerror}"
    return OutputError(message, cure="Mend that, or name another folder with --output-dir.")


def _no_mount_point(output: Path) -> OutputError:
    message = f"the output folder {output} is a mount point, which cannot be replaced as a whole"
    return OutputError(message, cure="Name a folder inside of it with --output-dir.")


def publish(built: Sequence[Distribution], output: Path, *, whole: bool) -> None:
    """
    Put distributions into the output folder in one step.

    Files of the same project that they replace go: other versions always, and with `whole`
    (every target was built) everything of this version, too, that was not built again. Other
    files stay. Raises OutputError, or OSError when the disk is full; the folder is then as it
    was.
    """
    output = output.resolve()
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as folder:
            fresh = Path(folder, output.name)
            _fill(fresh, built, output, whole=whole)
            _swap(fresh, output)
    except OSError as error:
        if error.errno in DISK_FULL:
            raise
        if error.errno == errno.EBUSY:
            raise _no_mount_point(output) from None
        raise _unwritable(output, error) from None


def _fill(fresh: Path, built: Sequence[Distribution], output: Path, *, whole: bool) -> None:
    """Make the folder that is to be the new output folder."""
    fresh.mkdir()
    if output.is_dir():
        shutil.copymode(output, fresh)
        for path in output.iterdir():
            if _stays(path, built, whole=whole):
                _link(path, fresh / path.name)
    for distribution in built:
        _link(distribution.path, fresh / distribution.path.name)


def _stays(path: Path, built: Sequence[Distribution], *, whole: bool) -> bool:
    old = read_distribution(path)
    ours = [new for new in built if old is not None and new.name == old.name]
    if old is None or not ours:
        return path.name not in {new.path.name for new in built}
    return not whole and old.version == ours[0].version


def _link(source: Path, target: Path) -> None:
    """Give a file, or all in a folder, a second name; copy it where that cannot be."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        for path in source.iterdir():
            _link(path, target / path.name)
        shutil.copystat(source, target)
        return
    target.unlink(missing_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _swap(fresh: Path, output: Path) -> None:
    """Let `fresh` take the place of `output`, and `output` that of `fresh`."""
    if not output.exists():
        fresh.rename(output)
        return
    number = _exchange(fresh, output)
    if number == 0:
        return
    if number not in _NO_EXCHANGE:
        raise OSError(number, os.strerror(number), str(output))
    # Not every file system can exchange two names; without that, two renames come close.
    aside = fresh.with_name("aside")
    output.rename(aside)
    try:
        fresh.rename(output)
    except BaseException:
        aside.rename(output)
        raise


def _exchange(one: Path, other: Path) -> int:
    """Exchange two names in one step (Linux: renameat2(2)); return 0 or the error's number."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return errno.ENOSYS
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return 0 if libc.renameat2(*paths, _RENAME_EXCHANGE) == 0 else ctypes.get_errno()
