"""Digests by which the same is known again: of a folder, of a file, of plain values."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path
    from typing import IO


def of_folder(folder: Path, files: Iterable[Path] | None = None) -> str:
    """
    Of what is in a folder: names, whether files can be run, and what is in them.

    `files` are all that count, if not all do; Git may know some that are not there, or folders.
    """
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")) if files is None else filter(_is_file, sorted(files)):
        status = path.lstat()
        if path.is_symlink():
            data = os.fsencode(path.readlink())
        else:
            data = b"" if path.is_dir() else path.read_bytes()
        place = path.relative_to(folder).as_posix()
        digest.update(f"{place!r} {status.st_mode:o} {len(data)}\n".encode())
        digest.update(data)
    return digest.hexdigest()


def of_file(path: Path) -> str:
    """Of what is in a file: its SHA-256. Raises OSError."""
    with path.open("rb") as file:
        return of_stream(file)


def of_stream(file: IO[bytes]) -> str:
    """Of what an open file has from here on: its SHA-256."""
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest()


def of_values(values: Sequence[object]) -> str:
    """Of plain values, the same in every process."""
    return hashlib.sha256(_text(values).encode()).hexdigest()


def _text(value: object) -> str:
    """A text that the same value has in every process."""

    def plain(value: object) -> object:
        if is_dataclass(value) and not isinstance(value, type):
            return {each.name: getattr(value, each.name) for each in fields(value) if each.compare}
        return sorted(map(str, value)) if isinstance(value, (set, frozenset)) else str(value)

    return json.dumps(value, default=plain, sort_keys=True)


def _is_file(path: Path) -> bool:
    """Whether it is there, as a file or as a link to whatever there is."""
    return path.is_symlink() or path.is_file()
