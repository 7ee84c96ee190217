"""
The compiler cache of a project as the cache folder keeps it: one file, written by its builds.

An engine holds it in a cache mount, which its garbage collection drops first, and which no cache
export has. What an engine lost, or a new one never had, comes back from here (`seeds`).
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from wheeldock.cache import KeptFolder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from wheeldock.reuse import Counts


def has_grown(gave: Iterable[Counts], cache: CompilerCache) -> bool:
    """Whether builds compiled or linked what is not in the cache that is kept."""
    counts = [count for each in gave for count in each.values()]
    missed = any(count["misses"] for count in counts)
    return missed or (cache.file is None and any(count["hits"] for count in counts))


@dataclass(frozen=True)
class CompilerCache(KeptFolder):
    """The folder with that file."""

    NAME: ClassVar = "compiler-cache"
    """The folder's name beside the exports of a project's targets."""

    LAST = "compiler-cache.tar"
    PARTS = frozenset({LAST})

    @property
    def file(self) -> Path | None:
        """The file, if it is there."""
        path = self.path / self.LAST
        return path if path.is_file() else None

    def flaw(self, *, thorough: bool = False) -> str:
        """
        Why not all can be had of it, in a few words, or "".

        Unless it is to be `thorough`, only the beginning is read.
        """
        if self.file is None:
            return "missing"
        try:
            with tarfile.open(self.file, "r:") as archive, self.file.open("rb") as file:
                if thorough:
                    for member in archive:
                        end = member.offset_data + member.size
                        if end > self.file.stat().st_size:
                            return "truncated"
                    # A broken header or none is the end to tarfile, where two empty blocks are due.
                    file.seek(archive.offset)
                    if file.read(tarfile.BLOCKSIZE) != bytes(tarfile.BLOCKSIZE):
                        return "truncated"
        except tarfile.ReadError:
            return "no compiler cache"
        return ""
