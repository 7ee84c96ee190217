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


def check_writable(output: Path) -> None:
    """Raise OutputError unless files can be put into the folder, made if need be."""
    if output.exists() and not output.is_dir():
        message = f"the output folder {output} is a file"
        raise OutputError(message, cure="Remove it, or name another with --output-dir.")
    home = output if output.is_dir() else _nearest_folder(output)
    try:
        with tempfile.TemporaryFile(dir=home):
            pass
    except OSError as error:
        message = f"the output folder {output} cannot be written: {error.strerror}"
        raise OutputError(
            message, cure="Mend its rights, or name another with --output-dir."
        ) from None


def _nearest_folder(path: Path) -> Path:
    return next(parent for parent in path.absolute().parents if parent.is_dir())


def publish(built: Sequence[Distribution], output: Path, *, whole: bool) -> None:
    """
    Put distributions into the output folder in one step.

    Files of the same project that they replace go: other versions always, and with `whole`
    (every target was built) everything of this version, too, that was not built again. Other
    files stay. Raises OutputError; the folder is then as it was.
    """
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{output.name}-", dir=output.parent) as folder:
        fresh = Path(folder, output.name)
        fresh.mkdir()
        if output.is_dir():
            shutil.copymode(output, fresh)
            for path in output.iterdir():
                if _stays(path, built, whole=whole):
                    _link(path, fresh / path.name)
        for distribution in built:
            _link(distribution.path, fresh / distribution.path.name)
        _swap(fresh, output)


def _stays(path: Path, built: Sequence[Distribution], *, whole: bool) -> bool:
    old = read_distribution(path)
    ours = [new for new in built if old is not None and new.name == old.name]
    if old is None or not ours:
        return path.name not in {new.path.name for new in built}
    return not whole and old.version == ours[0].version


def _link(source: Path, target: Path) -> None:
    """Give a file a second name, or copy it where that cannot be (another disk, a folder)."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True)
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
    if number not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        message = f"the output folder {output} cannot be replaced: {os.strerror(number)}"
        raise OutputError(message, cure="Name a folder that is no mount point with --output-dir.")
    # Not every file system can exchange two names; without that, two renames come close.
    number = ctypes.get_errno()
    if number not in {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP}:
        message = f"the output folder {output} cannot be replaced: {os.strerror(number)}"
        raise OutputError(message, cure="Name another with --output-dir.")
    aside = fresh.with_name("aside")
    output.rename(aside)
    try:
        fresh.rename(output)
    except OSError:
        aside.rename(output)
        raise


def _exchange(one: Path, other: Path) -> int:
    """Exchange two names in one step (Linux: renameat2(2)); return 0 or the error's number."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return errno.ENOSYS
    paths = (_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other))
    return 0 if libc.renameat2(*paths, _RENAME_EXCHANGE) == 0 else ctypes.get_errno()
