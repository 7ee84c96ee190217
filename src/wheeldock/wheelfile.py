"""
A wheel, opened to be checked (the binary distribution format, PEP 427).

Its members are read once, chunk by chunk; what rules ask of them is noted on the way. No member is
ever held as a whole, but for short texts.
"""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name, parse_wheel_filename

from wheeldock.elf import MAGIC, BrokenElfError, Elf, read_elf
from wheeldock.limits import LONGEST_TEXT
from wheeldock.secretscan import Secret, SecretScan, secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.version import Version

_CHUNK = 2**20
_IN_MEMORY = 16 * 2**20
"""Bytes of an ELF file above which a temporary file holds it."""

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
    *(RuntimeError, ValueError, OverflowError, LookupError),
)
"""What zipfile raises for members that are damaged, encrypted or packed in unknown ways."""


class UnreadableError(Exception):
    """A member cannot be read: which one, and why."""

    def __init__(self, member: str, why: str) -> None:
        super().__init__(f"{member}: {why}")
        self.member = member
        self.why = why


@dataclass(frozen=True)
class WheelName:
    """What a wheel's file name says."""

    file: str
    written: str
    """The project's name as it is written there."""
    written_version: str
    name: str
    """The project's name, normalised."""
    version: Version
    build: tuple[int, str] | tuple[()]
    tags: frozenset[Tag]

    @classmethod
    def parse(cls, file: str) -> WheelName:
        """Read a file name. Raises InvalidWheelFilename."""
        name, version, build, tags = parse_wheel_filename(file)
        written, written_version = file.split("-", 2)[:2]
        return cls(file, written, written_version, canonicalize_name(name), version, build, tags)

    @property
    def platforms(self) -> list[str]:
        """Its platform tags, sorted."""
        return sorted({tag.platform for tag in self.tags})

    @property
    def is_pure(self) -> bool:
        """Whether it is for any platform."""
        return self.platforms == ["any"]

    @property
    def info(self) -> str:
        """The name that its `.dist-info` folder has to have."""
        return f"{self.written}-{self.written_version}.dist-info"


@dataclass(frozen=True)
class Content:
    """What was seen of a member's content."""

    size: int
    sha256: bytes
    secrets: tuple[str, ...]
    elf: Elf | str | None
    """What an ELF file says, or why it cannot be read; None for any other file."""


@dataclass(frozen=True)
class Wheel:
    """An open wheel; folders are no members of it."""

    name: WheelName
    archive: zipfile.ZipFile
    contents: Mapping[str, Content]
    public_secrets: tuple[str, ...] = ()
    """The paths of files, or globs of them, whose secrets are public."""

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """All secrets that were seen."""
        return tuple(secrets((name, each.secrets) for name, each in self.contents.items()))

    def text(self, member: str) -> str | None:
        """
        The text of a file in the `.dist-info` folder; None where it is missing.

        Raises UnreadableError for more than `LONGEST_TEXT`, or for what is no UTF-8.
        """
        name = f"{self.name.info}/{member}"
        if name not in self.contents:
            return None
        if self.contents[name].size > LONGEST_TEXT:
            raise UnreadableError(name, f"it has more than {LONGEST_TEXT:,} bytes")
        try:
            return self.archive.read(name).decode()
        except UnicodeDecodeError as error:
            raise UnreadableError(name, f"it is no UTF-8: {error}") from None

    @property
    def elf_files(self) -> Iterator[tuple[str, Elf]]:
        """The ELF files that can be read, by name."""
        for name, content in self.contents.items():
            if isinstance(content.elf, Elf):
                yield name, content.elf


@contextlib.contextmanager
def opened(path: Path, name: WheelName, public_secrets: tuple[str, ...] = ()) -> Iterator[Wheel]:
    """
    Open a wheel whose structure was found to be sound, and look through all of it.

    Raises UnreadableError for the first member that cannot be read.
    """
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise UnreadableError("", f"zipfile cannot open it: {error}") from None
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        contents = {info.filename: _content(archive, info) for info in members}
        yield Wheel(name, archive, contents, public_secrets)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Content:
    digest, scan, size = sha256(), SecretScan(), 0
    elf: Elf | str | None = None
    try:
        with archive.open(info) as member, tempfile.SpooledTemporaryFile(_IN_MEMORY) as copy:
            while chunk := member.read(_CHUNK):
                is_elf = copy.tell() > 0 or (size == 0 and chunk.startswith(MAGIC))
                if is_elf:
                    copy.write(chunk)
                digest.update(chunk)
                scan.update(chunk)
                size += len(chunk)
            if copy.tell():
                elf = _elf(copy)
    except _BROKEN as error:
        raise UnreadableError(info.filename, f"{error}" or type(error).__name__) from None
    return Content(size, digest.digest(), tuple(scan.found), elf)


def _elf(copy: tempfile.SpooledTemporaryFile[bytes]) -> Elf | str:
    copy.seek(0)
    try:
        return read_elf(copy)  # type: ignore[arg-type]
    except BrokenElfError as error:
        return str(error)
