"""Sdists as archives: what is in one, and its unpacked form."""

from __future__ import annotations

import gzip
import hashlib
import os
import posixpath
import shutil
import stat
import sys
import zipfile
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.errors import NotAPythonProjectError
from wheeldock.swap import remove, take_place

# Debian 12's Python 3.11.2 has no extraction filters (PEP 706).
if TYPE_CHECKING or sys.version_info >= (3, 12):
    import tarfile
else:
    from backports import tarfile

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

SUFFIXES = (".tar.gz", ".zip")
"""The formats of sdists: PEP 625's, and the one before it."""

Archive = tarfile.TarFile | zipfile.ZipFile

_SECOND = 10**9
"""In nanoseconds."""

_BROKEN = (tarfile.TarError, zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError)


def read_files(sdist: Path, names: Collection[str]) -> dict[str, bytes]:
    """
    Return the content of those of the named files that lie in the sdist's top-level folder.

    Raises NotAPythonProjectError for an archive that is broken or is no sdist.
    """
    with _opened(sdist) as archive:
        members = _members(archive, sdist)
        return {
            name: _content(archive, member) for member, name in members.items() if name in names
        }


def unpack(sdist: Path, into: Path) -> None:
    """
    Unpack an sdist, without its top-level folder, as the folder `into`.

    What is there already is replaced, all at once, whatever became of it since; files of it that
    are in the sdist as they are become the new folder's. Modes are 0644 and 0755, so that the same
    sdist gives the same tree on every machine, and times as `settle` gives them.

    Raises NotAPythonProjectError for an archive that is broken or has unsafe members.
    """
    digest = hashlib.sha256(sdist.read_bytes()).hexdigest()
    fresh = into.with_name(f"{into.name}.new")
    remove(fresh)
    fresh.mkdir(parents=True)
    try:
        with _opened(sdist) as archive:
            members = _members(archive, sdist)
            if isinstance(archive, zipfile.ZipFile):
                _unpack_zip(archive, members, fresh)
            else:
                _unpack_tar(archive, members, fresh, before=into)
        settle(fresh, digest)
        take_place(fresh, into)
    finally:
        remove(fresh)


def files_below(folder: Path) -> list[str]:
    """The paths of the files of an unpacked sdist, relative to it, with slashes."""
    paths = (path for path in folder.rglob("*") if not path.is_dir())
    return [path.relative_to(folder).as_posix() for path in paths]


@contextmanager
def _opened(sdist: Path) -> Iterator[Archive]:
    try:
        with zipfile.ZipFile(sdist) if sdist.suffix == ".zip" else tarfile.open(sdist) as archive:
            yield archive
    except tarfile.FilterError as error:
        raise _unsafe(sdist, str(error)) from None
    except _BROKEN as error:
        message = f"{sdist} is no archive that can be read: {error}"
        raise NotAPythonProjectError(message, cure="Download or build it again.") from None


def _members(archive: Archive, sdist: Path) -> dict[str, str]:
    """The archive's member names, each with its path below the top-level folder."""
    names = archive.getnames() if isinstance(archive, tarfile.TarFile) else archive.namelist()
    paths = {name: posixpath.normpath(name) for name in names}
    for name, path in paths.items():
        if path.startswith(("/", "../")) or path == ".." or "\\" in path:
            raise _unsafe(sdist, f"{name!r} would land outside of the folder")
    tops = sorted({path.partition("/")[0] for path in paths.values()} - {"."})
    if len(tops) != 1 or not any("/" in path for path in paths.values()):
        found = ", ".join(repr(top) for top in tops[:5]) or "nothing"
        raise NotAPythonProjectError(
            f"{sdist} is no sdist: an sdist holds one folder, and this holds {found}",
            cure="`python -m build --sdist` makes an sdist of a source tree.",
        )
    return {name: path.partition("/")[2] for name, path in paths.items() if "/" in path}


def _unsafe(sdist: Path, reason: str) -> NotAPythonProjectError:
    return NotAPythonProjectError(f"{sdist} is unsafe to unpack: {reason}")


def _content(archive: Archive, member: str) -> bytes:
    if isinstance(archive, zipfile.ZipFile):
        return archive.read(member)
    file = archive.extractfile(member)
    return b"" if file is None else file.read()


def _unpack_tar(
    archive: tarfile.TarFile, members: dict[str, str], into: Path, before: Path
) -> None:
    def stripped(member: tarfile.TarInfo, destination: str) -> tarfile.TarInfo | None:
        if member.name not in members:
            return None
        link = members.get(member.linkname, member.linkname) if member.islnk() else member.linkname
        moved = member.replace(name=members[member.name], linkname=link, deep=False)
        return tarfile.data_filter(moved, destination)

    def is_taken_over(member: tarfile.TarInfo) -> bool:
        place = members.get(member.name)
        return place is not None and _took_over(archive, member, before / place, into / place)

    changed = [*archive]
    if _is_plain(changed, members):
        changed = [member for member in changed if not is_taken_over(member)]
    try:
        archive.extractall(into, changed, filter=stripped)  # noqa: S202 - the filter is what S202 asks for
    except KeyError as error:
        raise tarfile.ReadError(str(error)) from None


def _is_plain(archived: Sequence[tarfile.TarInfo], members: Mapping[str, str]) -> bool:
    """Whether there is nothing but files and folders, each once."""
    paths = [members[member.name] for member in archived if member.name in members]
    is_plain = all(member.isreg() or member.isdir() for member in archived)
    return is_plain and len(set(paths)) == len(paths)


def _took_over(archive: tarfile.TarFile, member: tarfile.TarInfo, old: Path, new: Path) -> bool:
    """
    Give a file of the folder that was there before to the new one, if it is the member as it is.

    After a folder is removed, a file system may take long to make as many files anew (ext4). What
    has another name somewhere has its mode and time there, too, and is left as it is.
    """
    content = archive.extractfile(member) if member.isreg() else None
    try:
        if not content or old.is_symlink() or old.stat().st_nlink > 1:
            return False
        if old.read_bytes() != content.read():
            return False
        new.parent.mkdir(parents=True, exist_ok=True)
        new.hardlink_to(old)
    except OSError:
        return False
    new.chmod(member.mode & 0o777)
    os.utime(new, (member.mtime, member.mtime))
    return True


def _unpack_zip(archive: zipfile.ZipFile, members: dict[str, str], into: Path) -> None:
    for info in archive.infolist():
        mode = info.external_attr >> 16
        if stat.S_ISLNK(mode):
            raise _unsafe(Path(archive.filename or ""), f"{info.filename!r} is a symbolic link")
        if info.filename not in members:
            continue
        path = into / members[info.filename]
        if info.is_dir():
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(info) as content, path.open("wb") as file:
            shutil.copyfileobj(content, file)
        path.chmod(mode & 0o777 | 0o600)


def settle(tree: Path, digest: str) -> None:
    """
    Give all files plain modes, and times that tell of the digest, which is the whole tree's.

    It is in the fraction of a second: BuildKit takes a file of the same path, size and time for the
    one that it has. It is one for all files, since make and others build anew what is older than
    what it is of.
    """
    fraction = int(digest, 16) % _SECOND
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder, name) for name in files):
            if not path.is_symlink():
                status = path.stat()
                path.chmod(0o755 if status.st_mode & stat.S_IXUSR else 0o644)
                time = int(status.st_mtime) * _SECOND + fraction
                os.utime(path, ns=(time, time))
