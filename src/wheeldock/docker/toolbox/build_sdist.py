"""build_sdist.py SOURCE OUTPUT: build the sdist of a source tree into a folder."""

from __future__ import annotations

import gzip
import os
import sys
import tarfile
from contextlib import nullcontext
from pathlib import Path

import requirements
from compiler.mount import CACHE, is_in_use, is_lost
from compiler.translations import CachedTranslations
from frontend import ask_for, build

PROJECT = Path("/project")
"""All that there is to build from."""


def normalise(sdist: Path, epoch: int) -> None:
    """
    Pack an sdist again so that nothing in it tells of the machine or the moment.

    Few build backends do: members are in the order of their names and have one time, the rights
    0644 or 0755, and no owner.
    """

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
        member.mtime, member.pax_headers = epoch, {}
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        return member

    fresh = sdist.with_name(f"{sdist.name}.fresh")
    with (
        tarfile.open(sdist) as old,
        fresh.open("wb") as file,
        # The highest level takes five times as long, for a hundredth of the size.
        gzip.GzipFile("", "wb", compresslevel=6, fileobj=file, mtime=epoch) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            new.addfile(plain(member), old.extractfile(member) if member.isreg() else None)
    fresh.replace(sdist)


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    translations = CachedTranslations(PROJECT, Path("/env"), CACHE / "translations")
    if is_in_use() and translations.are_likely and is_lost():
        ask_for("the compiler cache")
    os.environ["WHEELDOCK_PACKED_AGAIN"] = str(output)  # _wheeldock_sdist.py of startup/ reads it
    with translations if is_in_use() else nullcontext():
        made = build("sdist", source, output)
    if made.name.endswith(".tar.gz"):
        normalise(made, int(os.environ["SOURCE_DATE_EPOCH"]))
    requirements.note()
    if line := translations.counts.line():
        print(line)
