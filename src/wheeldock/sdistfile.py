"""
An sdist, read through to be checked (PEP 517, PEP 625, PEP 643).

A tar archive does not say ahead what it unpacks to. All of it passes through a reader that stops
at the limits, once: members are looked at as they come, and none is held.
"""

from __future__ import annotations

import gzip
import tarfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast

from packaging.utils import canonicalize_name, parse_sdist_filename

from wheeldock.limits import (
    LARGEST_CONTENTS,
    LARGEST_RATIO,
    LONGEST_TEXT,
    MOST_MEMBERS,
    SMALLEST_BOMB,
)
from wheeldock.secretscan import Secret, SecretScan, secrets

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from packaging.version import Version

_CHUNK = 2**20
_MOST_READS = 20 * MOST_MEMBERS
_BROKEN = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, OverflowError, RuntimeError)
"""What gzip and tarfile raise for archives that are damaged."""


class UnreadableSdistError(Exception):
    """An sdist cannot be read to its end; the message says why."""


@dataclass(frozen=True)
class SdistMember:
    """A member of the archive."""

    name: str
    kind: str
    """`file`, `folder`, `link`, or `other` for a device or a pipe."""
    target: str
    """Where a link leads to, from the archive's root; "" for what is none."""
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sdist:
    """What was seen of an sdist."""

    file: str
    name: str
    """The project's name in its file name, normalised."""
    version: Version
    members: tuple[SdistMember, ...]
    info: str | None
    """Its PKG-INFO; None where there is none."""
    public_secrets: tuple[str, ...] = ()
    """The paths of files in its folder, or globs of them, whose secrets are public."""

    @cached_property
    def folder(self) -> str:
        """
        The top-level folder that it has to have.

        The project's name may be another spelling there: indexes and installers do not mind.
        """
        named = self.file.removesuffix(".tar.gz").removesuffix(".zip")
        tops = {member.name.partition("/")[0] for member in self.members}
        top = tops.pop() if len(tops) == 1 else named
        project, _, version = top.rpartition("-")
        is_same = canonicalize_name(project) == self.name and version == named.rpartition("-")[2]
        return top if is_same else named

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """All secrets that were seen."""
        top = f"{self.folder}/"
        files = ((member.name.removeprefix(top), member.secrets) for member in self.members)
        return tuple(secrets(files))


class _TooMuchError(Exception):
    pass


class _Bounded:
    """A file that gives no more than it may, and no large part of it at once."""

    def __init__(self, file: gzip.GzipFile, most: int) -> None:
        self._file = file
        self._most = most
        self._times = 0

    def read(self, size: int) -> bytes:
        if size > LONGEST_TEXT:
            raise _TooMuchError(f"a header has {size:,} bytes")
        self._check(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, place: int) -> int:
        self._check(place)
        return self._file.seek(place)

    def tell(self) -> int:
        return self._file.tell()

    def count(self, members: int) -> None:
        if members > MOST_MEMBERS:
            raise _TooMuchError(f"it has more than {MOST_MEMBERS:,} members")

    def _check(self, place: int) -> None:
        self._times += 1
        if place > self._most:
            raise _TooMuchError(f"it unpacks to more than {self._most:,} bytes")
        if self._times > _MOST_READS:
            raise _TooMuchError("it does not end")


def read_sdist(path: Path, public_secrets: tuple[str, ...] = ()) -> Sdist:
    """
    Read an sdist with a valid file name from end to end.

    Raises UnreadableSdistError.
    """
    name, version = parse_sdist_filename(path.name)
    most = min(LARGEST_CONTENTS, max(SMALLEST_BOMB, LARGEST_RATIO * path.stat().st_size))
    info: str | None = None
    members = []
    try:
        with gzip.open(path) as unpacked:
            bounded = _Bounded(unpacked, most)
            with tarfile.open(fileobj=cast("IO[bytes]", bounded), mode="r:") as archive:
                for entry in archive:
                    member, text = _look(archive, entry)
                    members.append(member)
                    info = text if text is not None else info
                    bounded.count(len(members))
    except (*_BROKEN, _TooMuchError) as error:
        raise UnreadableSdistError(f"{error}" or type(error).__name__) from None
    name = canonicalize_name(name)
    return Sdist(path.name, name, version, tuple(members), info, public_secrets)


def _look(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> tuple[SdistMember, str | None]:
    """A member, and its text if it is the sdist's PKG-INFO."""
    if entry.issym() or entry.islnk():
        # A symbolic link starts from its own folder, a hard link from the archive's root.
        base = entry.name.rpartition("/")[0] + "/" if entry.issym() else ""
        absolute = entry.linkname.startswith("/")
        return SdistMember(
            entry.name, "link", entry.linkname if absolute else base + entry.linkname
        ), None
    if not entry.isfile():
        return SdistMember(entry.name, "folder" if entry.isdir() else "other", ""), None
    scan, text = SecretScan(), b""
    is_info = entry.name.count("/") == 1 and entry.name.endswith("/PKG-INFO")
    content = archive.extractfile(entry)
    while content and (chunk := content.read(_CHUNK)):
        scan.update(chunk)
        if is_info and len(text) < LONGEST_TEXT:
            text += chunk
    found = text.decode(errors="replace") if is_info else None
    return SdistMember(entry.name, "file", "", tuple(scan.found)), found
