"""
What a cache folder holds: by project exports, a compiler cache and tools; and notes on images.

A cache folder may lie where other things do, so only what has the names and the shape of an
export is told, counted or removed.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.cache import BASE_IMAGES, KeptFolder, TargetCache
from wheeldock.compilercache import CompilerCache
from wheeldock.identifier import BuildIdentifier
from wheeldock.swap import remove
from wheeldock.tools import KeptTools

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


@dataclass(frozen=True)
class Export:
    """The cache export of one target of a project."""

    path: Path
    size: int = field(compare=False)
    """In bytes."""
    written: float = field(compare=False)
    """When, in seconds since the epoch: each build of the target writes it anew."""
    plain: bool = field(default=True, compare=False)
    """Whether nothing is in it but files and folders."""

    @property
    def is_half_written(self) -> bool:
        """Whether it was given up, or a build writes it at the moment."""
        return self.path.suffix == KeptFolder.FRESH

    @property
    def project(self) -> str:
        """The project, as its folder is named."""
        return self.path.parent.name

    @property
    def target(self) -> str:
        """
        A build identifier, `sdist`, `compiler-cache`, or `tools-` and a platform tag.

        It ends in `.new`, or in a checkout's mark and that, when it was given up half-written.
        """
        return self.path.name

    def age(self) -> float:
        """Seconds since it was written."""
        return max(0.0, time.time() - self.written)

    def flaw(self, *, thorough: bool = False) -> str:
        """Why it cannot be imported, in a few words, or ""."""
        if self.is_half_written:
            return "half-written"
        if not self.plain:
            return "has links or devices"
        return kept(self.path).flaw(thorough=thorough)


def find(folder: Path) -> list[Export]:
    """Every export in a cache folder, by project and target."""
    found = []
    for path in sorted(folder.glob("*/*")):
        with contextlib.suppress(FileNotFoundError):  # a build has taken it away meanwhile
            if _is_ours(path):
                found.append(_export(path))
    return found


def kept(path: Path) -> TargetCache | CompilerCache | KeptTools:
    """What a folder of a project is, by its name."""
    name = KeptFolder.finished(path.name)
    if name.startswith(KeptTools.PREFIX):
        return KeptTools(path)
    return CompilerCache(path) if name == CompilerCache.NAME else TargetCache(path)


def _is_ours(path: Path) -> bool:
    name = KeptFolder.finished(path.name)
    try:
        named = (
            name in {"sdist", CompilerCache.NAME}
            or name.startswith(KeptTools.PREFIX)
            or bool(BuildIdentifier.parse(name))
        )
    except ValueError:
        return False
    return named and kept(path).has_shape()


def _export(path: Path) -> Export:
    states = list(_states(path))
    written = max((state.st_mtime for state in states), default=path.stat().st_mtime)
    plain = all(stat.S_ISREG(state.st_mode) for state in states)
    return Export(path, sum(state.st_size for state in states), written, plain)


def _states(folder: Path) -> Iterator[os.stat_result]:
    """What the system says of all below a folder that is none, unless a build takes it away."""
    for home, folders, names in os.walk(folder):
        for path in (Path(home, name) for name in (*folders, *names)):
            with contextlib.suppress(FileNotFoundError):
                state = path.lstat()
                if not stat.S_ISDIR(state.st_mode):
                    yield state


def notes(folder: Path) -> list[Path]:
    """The files in which a cache folder tells of base images."""
    return [
        path
        for path in sorted((folder / BASE_IMAGES).glob("*.json"))
        if re.fullmatch(r"[0-9a-f]{64}", path.stem)
    ]


def total(exports: Iterable[Export]) -> int:
    """What exports take, in bytes."""
    return sum(export.size for export in exports)


def beyond(exports: Sequence[Export], keep: int, *, thorough: bool = False) -> list[Export]:
    """
    What has to go so that no more than `keep` bytes stay.

    What cannot be imported goes in any case, and what is larger than that alone; then what was
    written longest ago.
    """
    going = [item for item in exports if item.size > keep or item.flaw(thorough=thorough)]
    rest = sorted((item for item in exports if item not in going), key=lambda item: item.written)
    left = total(rest)
    for export in rest:
        if left <= keep:
            break
        going.append(export)
        left -= export.size
    return sorted(going, key=lambda export: export.path)


def take_away(folder: Path, paths: Iterable[Path]) -> None:
    """
    Remove exports of a cache folder, and the folders that are empty then.

    The notes on base images go with the last export. Raises OSError.
    """
    going = list(paths)
    for path in going:
        remove(path)
    if not find(folder):
        going += notes(folder)
        for note in notes(folder):
            remove(note)
    for parent in {path.parent for path in going}:
        _remove_if_empty(parent)
    _remove_if_empty(folder)


def _remove_if_empty(folder: Path) -> None:
    with contextlib.suppress(OSError):
        folder.rmdir()
