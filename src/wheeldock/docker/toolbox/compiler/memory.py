"""
What was found out of a toolchain before, kept as long as none of its files has changed.

A file is known by where it is, its size, its inode and the times of its last changes. No program
sets the last of these, so a file that was changed, or came from another image, is another one.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.toolchain import Toolchain, inspect
from compiler.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable

_FORMAT = 2
"""A new number forgets all notes: of linkers whose options were not known, say."""
_SETTLED = 2_000_000_000
"""Nanoseconds after which a further change of a file would have another time."""


def toolchain(compilers: set[str], folder: Path) -> tuple[Toolchain, str]:
    """
    What the compilers run and its identity, remembered in the folder or found out.

    Raises OSError for compilers that do not run.
    """
    note = folder / f"{_question(compilers)}.json"
    try:
        known = json.loads(note.read_text("utf-8"))
        if known["stamps"] == _stamps(known["stamps"]):
            return Toolchain(**known["toolchain"]), known["identity"]
    except (OSError, ValueError, TypeError, KeyError):
        pass
    before = time.time_ns() - _SETTLED
    found = inspect(compilers)
    identity = found.identity()
    folders = {str(Path(file).parent) for file in found.files}
    stamps = _stamps({*found.on_path, *found.files, *folders})
    if all(changed < before for *_, changed in stamps.values()):
        known = {"stamps": stamps, "toolchain": asdict(found), "identity": identity}
        write_whole(note, json.dumps(known))
    return found, identity


def _question(compilers: set[str]) -> str:
    surroundings = [os.environ.get(name, "") for name in ("PATH", "LD_LIBRARY_PATH")]
    question = [_FORMAT, *surroundings, *_stamps(compilers).items()]
    return sha256(json.dumps(question).encode()).hexdigest()


def _stamps(paths: Iterable[str]) -> dict[str, list[int]]:
    found = {path: Path(path).stat() for path in sorted(paths)}
    return {
        path: [status.st_size, status.st_ino, status.st_mtime_ns, status.st_ctime_ns]
        for path, status in found.items()
    }
