"""
What a cut libstdc++.so.6 lacks, as a static library that extensions link to and keep to themselves.

usage: hide.py STATIC CUT OUTPUT

The cut shared library is too old for std::filesystem and the like. As Red Hat's gcc-toolset does,
take those from the static library, but only the members that define them and what those need in
turn: with the whole of it, a link with LTO would pull in everything. What the shared library does
offer stays its alone (the empty string, facet ids and type infos have an identity): a definition
of it here becomes a reference to it. All other definitions are hidden, so that no extension exports
them.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from elf import (
    SHN_UNDEF,
    SHT_SYMTAB,
    STB_GLOBAL,
    STB_GNU_UNIQUE,
    STB_LOCAL,
    STB_WEAK,
    STV_HIDDEN,
    ElfFile,
    Symbol,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_ARCHIVE_MAGIC = b"!<arch>\n"
_MEMBER_HEADER_SIZE = 60
_MEMBER_SIZE = slice(48, 58)
_ELF_MAGIC = b"\x7fELF"


class Member(NamedTuple):
    """An object file of the static library."""

    file: ElfFile
    defines: frozenset[str]
    wants: frozenset[str]


def members(archive: bytes) -> Iterator[ElfFile]:
    """The object files of a static library (ar(5))."""
    offset = len(_ARCHIVE_MAGIC)
    while offset + _MEMBER_HEADER_SIZE <= len(archive):
        start = offset + _MEMBER_HEADER_SIZE
        size = int(archive[offset:start][_MEMBER_SIZE])
        if archive.startswith(_ELF_MAGIC, start):  # and not a table of names
            yield ElfFile(archive[start : start + size])
        offset = start + size + size % 2


def hide(file: ElfFile, offered: frozenset[str]) -> Member:
    """Edit the object file: what the shared library offers is wanted of it, the rest is hidden."""
    defines, wants = set(), set()
    for symbol in file.symbols(SHT_SYMTAB):
        if symbol.binding == STB_LOCAL:
            continue
        if not symbol.defined:
            wants.add(symbol.name)
        elif symbol.name in offered:
            wants.add(symbol.name)
            file.write_symbol(as_reference(symbol))
        else:
            defines.add(symbol.name)
            file.write_symbol(as_hidden(symbol))
    return Member(file, frozenset(defines), frozenset(wants))


def as_reference(symbol: Symbol) -> Symbol:
    """The same symbol, wanted and not defined."""
    return symbol._replace(info=STB_GLOBAL << 4, other=0, section=SHN_UNDEF, value=0, size=0)


def as_hidden(symbol: Symbol) -> Symbol:
    """The same symbol, for the extension that links it and no other."""
    # A unique symbol is one for the whole process, which a hidden one cannot be.
    binding = STB_WEAK if symbol.binding == STB_GNU_UNIQUE else symbol.binding
    return symbol._replace(
        info=binding << 4 | symbol.info & 0xF, other=symbol.other & ~3 | STV_HIDDEN
    )


def select(library: list[Member], missing: frozenset[str]) -> list[Member]:
    """The members that define what is missing, and those that these need in turn."""
    selected: list[Member] = []
    sought = set(missing)
    while True:
        found = [m for m in library if m not in selected and m.defines & sought]
        if not found:
            return selected
        selected += found
        sought = {name for member in selected for name in member.wants}
        sought -= {name for member in selected for name in member.defines}


def main() -> None:
    """Write the static library of the command line."""
    static, cut, output = (Path(argument) for argument in sys.argv[1:])
    exports = list(ElfFile.read(cut).exports())
    offered = frozenset(export.name for export in exports if export.default)
    missing = frozenset(export.name for export in exports) - offered
    library = [hide(file, offered) for file in members(static.read_bytes())]
    selected = select(library, missing)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, f"{index}.o") for index in range(len(selected))]
        for index, member in enumerate(selected):
            paths[index].write_bytes(member.file.data)
        output.unlink(missing_ok=True)
        subprocess.run(["ar", "rcs", output, *paths], check=True)
    print(f"{output.name}: {len(selected)} of {len(library)} members for {len(missing)} symbols")


if __name__ == "__main__":
    main()
