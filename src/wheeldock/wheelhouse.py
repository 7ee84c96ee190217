"""What was built, and how it gets into the output folder: all at once or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
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

from wheeldock import digests
from wheeldock.errors import DISK_FULL, OutputError
from wheeldock.swap import take_place
from wheeldock.worktree import UNFINISHED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from packaging.version import Version


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
        return digests.of_file(self.path)


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
    Make sure that `publish` can write the folder, made if need be, and replace it as a whole.

    `keep_out` are folders that must not be in it, since what is in it is moved. Raises
    OutputError, or OSError when the disk is full.
    """
    place = _place(output)
    check_apart(output, keep_out)
    try:
        _check_replaceable(place)
        for home in {_nearest(place), _nearest(place.parent)}:
            with tempfile.TemporaryFile(dir=home):
                pass
    except OSError as error:
        raise _refused(output, error) from None


def check_apart(output: Path, keep_out: Sequence[Path], origin: str = "") -> None:
    """
    Make sure that none of those folders is in the output folder, nor is that folder itself.

    `origin` is where it is named, for messages. Raises OutputError.
    """
    for folder in keep_out:
        if _place(folder).is_relative_to(_place(output)):
            where = f"{origin}: " if origin else ""
            message = f"{where}the output folder {output} has {folder} in it"
            raise OutputError(message, cure="Name a folder of its own with --output-dir.")


def _place(path: Path) -> Path:
    """Where a folder really is: a link to it stays, and what it leads to is replaced."""
    return Path(os.path.realpath(path))


def _check_replaceable(place: Path) -> None:
    if place.is_mount():
        raise _no_mount_point(place)
    # It raises, too, when the name is too long, or leads through a file or round in circles.
    with contextlib.suppress(FileNotFoundError):
        if place.stat().st_mode & stat.S_ISVTX:
            message = f"the output folder {place} is one that users share"
            raise OutputError(message, cure="Name a folder inside of it with --output-dir.")


def _nearest(path: Path) -> Path:
    """What there is of a path: itself, or the nearest parent that is there."""
    return next(place for place in (path, *path.parents) if place.exists())


def _refused(output: Path, error: OSError) -> OSError | OutputError:
    if error.errno in DISK_FULL:
        return error
    if error.errno == errno.EBUSY:
        return _no_mount_point(output)
    return _unwritable(output, error)


def _unwritable(output: Path, error: OSError) -> OutputError:
    message = f"the output folder {output} cannot be written: {error.strerror or error}"
    return OutputError(message, cure="Mend that, or name another folder with --output-dir.")


def _no_mount_point(output: Path) -> OutputError:
    message = f"the output folder {output} is a mount point, which cannot be replaced as a whole"
    return OutputError(message, cure="Name a folder inside of it with --output-dir.")


def publish(built: Sequence[Distribution], output: Path, *, whole: bool) -> None:
    """
    Put distributions into the output folder in one step.

    Files of the same project that they replace go: other versions always, and with `whole`
    (every target was built) everything of this version, too, that was not built again, but for
    an sdist where none was built. Other files stay. Raises OutputError, or OSError when the disk
    is full; the folder is then as it was.
    """
    place = _place(output)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # What was in the folder goes with the temporary one.
        with tempfile.TemporaryDirectory(
            prefix=UNFINISHED, dir=place.parent, ignore_cleanup_errors=True
        ) as folder:
            fresh = Path(folder, "fresh")
            _fill(fresh, built, place, whole=whole)
            take_place(fresh, place)
    except OSError as error:
        raise _refused(output, error) from None


def _fill(fresh: Path, built: Sequence[Distribution], place: Path, *, whole: bool) -> None:
    """Make the folder that is to be the new output folder."""
    fresh.mkdir()
    for distribution in built:
        # A copy has the rights of a new file, and is not the user's own sdist, too.
        shutil.copyfile(distribution.path, fresh / distribution.path.name)
    if os.path.lexists(place):
        for path in place.iterdir():
            if _stays(path, built, whole=whole):
                _link(path, fresh / path.name)
        _resemble(fresh, place)
        os.utime(fresh)


def _stays(path: Path, built: Sequence[Distribution], *, whole: bool) -> bool:
    if any(path.name == new.path.name for new in built):
        return False
    old = read_distribution(path)
    ours = [new for new in built if old is not None and new.name == old.name]
    if old is None or not ours:
        return True
    is_replaced = whole and (path.suffix == ".whl" or any(map(_is_sdist, built)))
    return not is_replaced and old.version == ours[0].version


def _is_sdist(distribution: Distribution) -> bool:
    return distribution.path.suffix != ".whl"


def _link(source: Path, target: Path) -> None:
    """Give a file, or all in a folder, a second name; copy it where that cannot be."""
    if source.is_dir() and not source.is_symlink():
        target.mkdir()
        for path in source.iterdir():
            _link(path, target / path.name)
        _resemble(target, source)
        return
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:
        shutil.copy2(source, target, follow_symlinks=False)


def _resemble(folder: Path, other: Path) -> None:
    """Give a folder the owner and the rights of another."""
    status = other.stat()
    with contextlib.suppress(PermissionError):  # only root can give away
        os.chown(folder, status.st_uid, status.st_gid)
    shutil.copystat(other, folder)
