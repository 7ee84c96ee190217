"""Rules of a wheel as a ZIP archive: what PyPI refuses, since installers read it differently."""

from __future__ import annotations

import stat
from collections import Counter
from typing import TYPE_CHECKING

from rich.filesize import decimal

from wheeldock.findings import Problem
from wheeldock.limits import LARGEST_CONTENTS, LARGEST_RATIO, SMALLEST_BOMB

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.zipstructure import Member, Structure

_ENCRYPTED, _DESCRIPTOR = 0x1, 0x8
_STORED, _DEFLATED = 0, 8
_ZIP64, _UNICODE_PATH = 0x0001, 0x7075
_REPACK = "Pack it anew with Python's zipfile, as build backends do."


def readable(problem: Problem) -> Iterator[Problem]:
    """The archive can be read from end to end."""
    yield Problem(problem.place, problem.what, "Build it, or copy it, again.")


def layout(structure: Structure) -> Iterator[Problem]:
    """The members lie one behind the other, and nothing is before, between or after them."""
    for start, end in structure.gaps():
        yield Problem("", f"bytes {start} to {end} belong to no member", _REPACK)
    for member in structure.overlaps():
        yield Problem(_name(member), "its data is another member's, too", _REPACK)
    if structure.loose:
        yield Problem("", f"{structure.loose} bytes follow the directory", _REPACK)
    if structure.comment:
        what = f"{structure.comment} bytes follow its end: a comment, or other data"
        yield Problem("", what, _REPACK)
    for member in structure.members:
        if member.comment:
            yield Problem(_name(member), "it has a comment", _REPACK)


def duplicates(structure: Structure) -> Iterator[Problem]:
    """No two members have the same name."""
    names = Counter(member.directory.name for member in structure.members)
    for name, times in names.items():
        if times > 1:
            cure = "Find what packs it twice: an include and a package's own files, say."
            yield Problem(_text(name), f"{times} members have this name", cure)


def headers(structure: Structure) -> Iterator[Problem]:
    """The directory and each member's own header say the same of it."""
    for member in structure.members:
        ours, own = member.directory, member.local
        for what, mine, its in (
            ("name", _text(ours.name), _text(own.name)),
            ("flags", ours.flags, own.flags),
            ("method", ours.method, own.method),
            ("checksum", ours.checksum, own.checksum),
            ("packed size", ours.packed, own.packed),
            ("size", ours.size, own.size),
        ):
            later = own.flags & _DESCRIPTOR and what in {"checksum", "packed size", "size"}
            if mine != its and not later:
                said = f"its {what} is {mine} in the directory and {its} in its own header"
                yield Problem(_name(member), said, _REPACK)


def member_names(structure: Structure) -> Iterator[Problem]:
    """The names of members are relative paths below the archive's root, in UTF-8."""
    for member in structure.members:
        if why := _flaw(member.directory.name):
            yield Problem(_name(member), why, "Pack it under a name below the wheel's root.")


def _flaw(name: bytes) -> str:
    try:
        text = name.decode()
    except UnicodeDecodeError:
        return "the name is no UTF-8"
    if not text.isprintable():
        return "the name has characters that do not print"
    if "\\" in text:
        return "the name has a backslash"
    parts = text.removesuffix("/").split("/")
    if not parts[0] or parts[0].endswith(":"):
        return "the name is an absolute path"
    if not {"", ".", ".."}.isdisjoint(parts):
        return "the path is not plain: it has a part that is empty, `.` or `..`"
    return ""


def features(structure: Structure) -> Iterator[Problem]:
    """Members are plain files, stored or deflated: not encrypted, no links, none of later sizes."""
    for member in structure.members:
        header = member.directory
        if header.flags & _ENCRYPTED:
            yield Problem(_name(member), "it is encrypted", _REPACK)
        if (header.flags | member.local.flags) & _DESCRIPTOR:
            yield Problem(_name(member), "its sizes follow its data (a data descriptor)", _REPACK)
        if header.method not in {_STORED, _DEFLATED}:
            yield Problem(_name(member), f"it is packed by method {header.method}", _REPACK)
        if member.mode and stat.S_IFMT(member.mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
            yield Problem(
                _name(member), "it is a link or a device", "Wheels have no links (PEP 427)."
            )
        if any(extra.count(i) > 1 for extra in _extras(member) for i in (_ZIP64, _UNICODE_PATH)):
            yield Problem(_name(member), "an extra field is there twice", _REPACK)


def _extras(member: Member) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return member.directory.extra, member.local.extra


def bomb(structure: Structure) -> Iterator[Problem]:
    """The archive does not unpack to many times its size."""
    unpacked = sum(member.directory.size for member in structure.members)
    packed = max(structure.directory, 1)
    if unpacked > LARGEST_CONTENTS:
        yield Problem("", f"it unpacks to {decimal(unpacked)}: that is not looked into")
    elif unpacked > SMALLEST_BOMB and unpacked > LARGEST_RATIO * packed:
        what = f"it unpacks to {decimal(unpacked)}, {unpacked // packed} times its size"
        cure = f"PyPI takes no more than {LARGEST_RATIO} times: ship large data in another way."
        yield Problem("", what, cure)


def _name(member: Member) -> str:
    return _text(member.directory.name)


def _text(name: bytes) -> str:
    return ascii(name.decode(errors="replace"))[1:-1]
