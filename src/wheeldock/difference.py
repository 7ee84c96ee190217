"""How two archives differ that should be the same: which members, and in what."""

from __future__ import annotations

import tarfile
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from itertools import count
from typing import TYPE_CHECKING

from wheeldock.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from typing import IO

_CHUNK = 2**20


@dataclass(frozen=True)
class _Entry:
    """What an archive says of a member, and a way to its content."""

    size: int
    time: str
    mode: int
    packed: int
    """Bytes in the archive; 0 where members are not packed one by one."""
    open: Callable[[], IO[bytes] | None]


def differences(ours: Path, again: Path) -> Iterator[Problem]:
    """
    The members in which two wheels, or two sdists, differ, and how; nothing where they do not.

    Raises OSError, BadZipFile or TarError for what cannot be read.
    """
    if _same_bytes(ours, again):
        return
    reader = _zip if ours.suffix == ".whl" else _tar
    with reader(ours) as first, reader(again) as second:
        found = list(_of_members(first, second))
    yield from found or [Problem("", "the members are the same, and packed in another way")]


def _same_bytes(ours: Path, again: Path) -> bool:
    with ours.open("rb") as first, again.open("rb") as second:
        return _first_difference(first, second) is None


def _of_members(first: Mapping[str, _Entry], second: Mapping[str, _Entry]) -> Iterator[Problem]:
    for name in sorted(first.keys() - second.keys()):
        yield Problem(name, "the second build does not have it")
    for name in sorted(second.keys() - first.keys()):
        yield Problem(name, "only the second build has it")
    both = [name for name in first if name in second]
    if both != [name for name in second if name in first]:
        yield Problem("", "the members are in another order")
    for name in both:
        if said := "; ".join(_of_member(first[name], second[name])):
            yield Problem(name, said)


def _of_member(first: _Entry, second: _Entry) -> Iterator[str]:
    if first.size != second.size:
        yield f"{first.size} and {second.size} bytes"
    one, other = first.open(), second.open()
    if one and other:
        with one, other:
            place = _first_difference(one, other)
        if place is not None:
            yield f"the first byte that differs is at {place}"
        elif first.packed != second.packed:
            yield f"packed to {first.packed} and {second.packed} bytes"
    if first.time != second.time:
        yield f"of {first.time} and {second.time}"
    if first.mode != second.mode:
        yield f"mode {first.mode:o} and {second.mode:o}"


def _first_difference(first: IO[bytes], second: IO[bytes]) -> int | None:
    """Where two files begin to differ; None where they do not."""
    for start in count(0, _CHUNK):
        one, other = first.read(_CHUNK), second.read(_CHUNK)
        if one != other:
            pairs = enumerate(zip(one, other, strict=False))
            length = min(len(one), len(other))
            return start + next((place for place, (a, b) in pairs if a != b), length)
        if not one:
            return None
    return None


@contextmanager
def _zip(path: Path) -> Iterator[dict[str, _Entry]]:
    with zipfile.ZipFile(path) as archive:
        yield {
            info.filename: _Entry(
                size=info.file_size,
                time=datetime(*info.date_time, tzinfo=timezone.utc).isoformat(),
                mode=info.external_attr >> 16,
                packed=info.compress_size,
                open=partial(archive.open, info),
            )
            for info in archive.infolist()
        }


@contextmanager
def _tar(path: Path) -> Iterator[dict[str, _Entry]]:
    with tarfile.open(path) as archive:
        yield {
            info.name: _Entry(
                size=info.size,
                time=datetime.fromtimestamp(info.mtime, timezone.utc).isoformat(),
                mode=info.mode,
                packed=0,
                open=partial(archive.extractfile, info),
            )
            for info in archive
        }
