"""
Copies of shared libraries that the linker takes for those of an older glibc.

usage: cut.py [--keep FAMILY=VERSION]… --into FOLDER LIBRARY…

A symbol whose default version is newer than its family's limit stops being the default, and the
newest version that is not above the limit becomes it: with GLIBC=2.28, `pow` is
pow@GLIBC_2.2.5, no longer pow@GLIBC_2.29. Nothing but the table of versions changes. The copies
are to link to; what runs uses the originals. Prints what can no longer be linked to, a name a line.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from elf import ElfFile, Export, parse_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Limits = Mapping[str, tuple[int, ...]]
    """The newest version that stays, by family: `{"GLIBC": (2, 28)}`."""


def cut(library: ElfFile, limits: Limits) -> Iterator[str]:
    """Edit the library in place; the names that it no longer offers to the linker."""
    versions_of: defaultdict[str, list[Export]] = defaultdict(list)
    for export in library.exports():
        versions_of[export.name].append(export)
    for name, exports in versions_of.items():
        newest = next((export for export in exports if export.default), None)
        if newest is None or within(newest, limits):
            continue
        library.set_default(newest, default=False)
        family, _ = parse_version(newest.version)
        older = [
            export
            for export in exports
            if parse_version(export.version)[0] == family and within(export, limits)
        ]
        if older:
            heir = max(older, key=lambda export: parse_version(export.version))
            library.set_default(heir, default=True)
        elif name != newest.version:  # which stands for the version itself
            yield name


def within(export: Export, limits: Limits) -> bool:
    """Whether the version of the definition is not above its family's limit."""
    family, number = parse_version(export.version)
    return family not in limits or number <= limits[family]


def main() -> None:
    """Cut the libraries of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="append", type=parse_limit, required=True)
    parser.add_argument("--into", type=Path, required=True)
    parser.add_argument("libraries", nargs="+", type=Path)
    arguments = parser.parse_args()
    for path in arguments.libraries:
        library = ElfFile.read(path)
        for name in cut(library, dict(arguments.keep)):
            print(name)
        (arguments.into / path.name).write_bytes(library.data)


def parse_limit(text: str) -> tuple[str, tuple[int, ...]]:
    """Read `GLIBC=2.28`."""
    return parse_version(text.replace("=", "_"))


if __name__ == "__main__":
    main()
