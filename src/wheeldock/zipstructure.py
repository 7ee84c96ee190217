"""
A ZIP archive's records, as they lie in the file (PKWARE's APPNOTE, 4.3).

Installers differ in which records they believe: some read the central directory at the end, some
the headers before each member. `read_structure` reads both, so that they can be held against
each other before anything is unpacked. Time and memory are bounded by `limits`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from wheeldock.limits import LARGEST_DIRECTORY, MOST_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

DIRECTORY = 0x06054B50
MEMBER = 0x02014B50
LOCAL = 0x04034B50

_END = struct.Struct("<IHHHHIIH")
_MEMBER = struct.Struct("<IHHHHHHIIIHHHHHII")
_LOCAL = struct.Struct("<IHHHHHIIIHH")
_END64 = struct.Struct("<IQHHIIQQQQ")
_LOCATOR64 = struct.Struct("<IIQI")
_FIELD = struct.Struct("<HH")
_END64_SIGNATURE, _LOCATOR64_SIGNATURE = 0x06064B50, 0x07064B50
_ZIP64, _BEYOND = 0x0001, 0xFFFFFFFF
_LONGEST_COMMENT = 0xFFFF


class BrokenZipError(Exception):
    """It is no ZIP archive that can be read; the message says where it goes wrong."""


@dataclass(frozen=True)
class Header:
    """What one record says of a member."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    """Bytes in the archive."""
    size: int
    """Bytes once unpacked."""
    extra: tuple[int, ...]
    """The ids of its extra fields."""


@dataclass(frozen=True)
class Member:
    """A member: what the central directory says of it, and its own header."""

    directory: Header
    local: Header
    start: int
    """Where its header begins, in bytes from the file's beginning."""
    end: int
    """Where its data ends."""
    mode: int
    """Its Unix mode; 0 where there is none."""
    comment: int
    """Bytes of its comment."""


@dataclass(frozen=True)
class Structure:
    """An archive's members in the order of its directory, and what is around them."""

    members: tuple[Member, ...]
    directory: int
    """Where the central directory begins."""
    loose: int
    """Bytes between the directory and its end record that belong to neither."""
    comment: int
    """Bytes after the end record: a comment, or anything."""

    def gaps(self) -> Iterator[tuple[int, int]]:
        """Where bytes belong to no member: start and end."""
        place = 0
        for member in sorted(self.members, key=lambda member: member.start):
            if member.start > place:
                yield place, member.start
            place = max(place, member.end)
        if place < self.directory:
            yield place, self.directory

    def overlaps(self) -> Iterator[Member]:
        """Members whose bytes are another's, too, or the directory's."""
        place = 0
        for member in sorted(self.members, key=lambda member: member.start):
            if member.start < place or member.end > self.directory:
                yield member
            place = max(place, member.end)


def read_structure(file: BinaryIO) -> Structure:
    """
    Read the records of an archive, and none of its members.

    Raises BrokenZipError where they lead nowhere, or are more than the limits allow.
    """
    size = file.seek(0, 2)
    end, comment = _find_end(file, size)
    _, disk, first_disk, here, count, length, start, _ = _END.unpack(_read(file, end, _END.size))
    after = end
    if _BEYOND in (length, start) or 0xFFFF in (here, count):  # noqa: PLR2004 - ZIP64's sign
        after, (disk, first_disk, here, count, length, start) = _end64(file, end)
    if disk or first_disk or here != count:
        raise BrokenZipError("it is a part of an archive of several volumes")
    if count > MOST_MEMBERS or length > LARGEST_DIRECTORY:
        raise BrokenZipError(
            f"its directory has {count:,} members and {length:,} bytes; "
            f"{MOST_MEMBERS:,} and {LARGEST_DIRECTORY:,} are looked at"
        )
    if start + length > after:
        raise BrokenZipError("its central directory is not where its end record says")
    directory = _read(file, start, length)
    members = tuple(_members(file, directory, count))
    return Structure(members, start, after - start - length, comment)


def _find_end(file: BinaryIO, size: int) -> tuple[int, int]:
    """Where the end record is, and how many bytes follow it."""
    tail = min(size, _END.size + _LONGEST_COMMENT)
    data = _read(file, size - tail, tail)
    place = data.rfind(struct.pack("<I", DIRECTORY))
    if place < 0 or place + _END.size > len(data):
        raise BrokenZipError("it has no end-of-directory record: it is cut short, or no archive")
    return size - tail + place, len(data) - place - _END.size


def _end64(file: BinaryIO, end: int) -> tuple[int, tuple[int, int, int, int, int, int]]:
    """Where the ZIP64 end record begins, and what it says."""
    signature, _, place, _ = _LOCATOR64.unpack(_read(file, end - _LOCATOR64.size, _LOCATOR64.size))
    if signature != _LOCATOR64_SIGNATURE:
        raise BrokenZipError("it is ZIP64 and has no ZIP64 locator")
    fields = _END64.unpack(_read(file, place, _END64.size))
    length = fields[1]
    if fields[0] != _END64_SIGNATURE or place + length + 12 != end - _LOCATOR64.size:
        raise BrokenZipError("its ZIP64 end record is not where its locator says")
    return place, fields[4:]


def _members(file: BinaryIO, directory: bytes, count: int) -> Iterator[Member]:
    place = 0
    for number in range(count):
        try:
            fields = _MEMBER.unpack_from(directory, place)
        except struct.error:
            fields = (0,)
        if fields[0] != MEMBER:
            raise BrokenZipError(f"its directory ends after {number} of {count} members")
        _, _, _, flags, method, _, _, checksum, packed, size = fields[:10]
        named, extended, commented, _, _, attributes, start = fields[10:]
        place += _MEMBER.size
        name = directory[place : place + named]
        extra = directory[place + named : place + named + extended]
        place += named + extended + commented
        ids, (size, packed, start) = _extra(extra, [size, packed, start])
        header = Header(name, flags, method, checksum, packed, size, ids)
        local, data = _local(file, start)
        yield Member(header, local, start, data + packed, attributes >> 16, commented)
    if place != len(directory):
        raise BrokenZipError(f"its directory has more than the {count} members that it counts")


def _local(file: BinaryIO, start: int) -> tuple[Header, int]:
    """A member's own header, and where its data begins."""
    fields = _LOCAL.unpack(_read(file, start, _LOCAL.size))
    if fields[0] != LOCAL:
        raise BrokenZipError(f"there is no member at byte {start}, where its directory names one")
    _, _, flags, method, _, _, checksum, packed, size, named, extended = fields
    name = _read(file, start + _LOCAL.size, named)
    ids, (size, packed) = _extra(_read(file, start + _LOCAL.size + named, extended), [size, packed])
    header = Header(name, flags, method, checksum, packed, size, ids)
    return header, start + _LOCAL.size + named + extended


def _extra(data: bytes, sizes: list[int]) -> tuple[tuple[int, ...], list[int]]:
    """The ids of extra fields, and the sizes with what ZIP64 says in their place (4.5.3)."""
    ids = []
    place = 0
    while place < len(data):
        try:
            number, length = _FIELD.unpack_from(data, place)
            place += _FIELD.size
            if number == _ZIP64:
                values = iter(struct.unpack_from(f"<{length // 8}Q", data, place))
                sizes = [next(values) if value == _BEYOND else value for value in sizes]
        except (struct.error, StopIteration):
            raise BrokenZipError("an extra field is cut short") from None
        ids.append(number)
        place += length
    if place != len(data):
        raise BrokenZipError("an extra field is longer than its record")
    return tuple(ids), sizes


def _read(file: BinaryIO, place: int, length: int) -> bytes:
    if place < 0:
        raise BrokenZipError("a record would lie before the file's beginning")
    file.seek(place)
    data = file.read(length)
    if len(data) != length:
        raise BrokenZipError("a record would lie behind the file's end")
    return data
