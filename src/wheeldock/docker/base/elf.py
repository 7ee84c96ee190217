"""
What the scripts here need of ELF files: sections, symbols and their versions.

64-bit little-endian files only. Layouts and names after the System V gABI (chapter 4) and the
Linux Standard Base (Core, 10.7: Symbol Versioning); those of the C structs are in elf.h.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SHT_SYMTAB = 2
SHT_DYNSYM = 11
SHT_GNU_VERDEF = 0x6FFFFFFD
SHT_GNU_VERSYM = 0x6FFFFFFF
SHN_UNDEF = 0
STB_LOCAL = 0
STB_GLOBAL = 1
STB_WEAK = 2
STB_GNU_UNIQUE = 10
STV_HIDDEN = 2
VERSYM_HIDDEN = 0x8000
"""A definition with this bit is no default: programs that run find it, the linker does not."""

_SECTION_TABLE = struct.Struct("<Q10xHH")  # e_shoff, …, e_shentsize, e_shnum
_SECTION_TABLE_OFFSET = 40
_SECTION = struct.Struct("<IIQQQQIIQQ")
_SYMBOL = struct.Struct("<IBBHQQ")
_VERSION = struct.Struct("<H")
_VERSION_DEFINITION = struct.Struct("<HHHHIII")
_VERSION_NAME = struct.Struct("<I")


class Section(NamedTuple):
    """A section header: Elf64_Shdr."""

    name: int
    type: int
    flags: int
    address: int
    offset: int
    size: int
    link: int
    info: int
    alignment: int
    entry_size: int


class Symbol(NamedTuple):
    """An entry of a symbol table: Elf64_Sym, with its name and its place in the file."""

    offset: int
    name: str
    name_offset: int
    info: int
    other: int
    section: int
    value: int
    size: int

    @property
    def binding(self) -> int:
        """STB_LOCAL, STB_GLOBAL, …."""
        return self.info >> 4

    @property
    def defined(self) -> bool:
        """Whether it is here; otherwise it is only wanted."""
        return self.section != SHN_UNDEF


class Export(NamedTuple):
    """A definition that a shared library offers."""

    name: str
    version: str
    """E.g. `GLIBC_2.29`; "" when it has none."""
    default: bool
    """Whether the linker may bind to it."""
    position: int
    """Its place in the symbol table, and in that of the versions."""


class ElfFile:
    """An ELF file in memory: `data` may be edited in place."""

    def __init__(self, data: bytes) -> None:
        self.data = bytearray(data)
        start, size, count = _SECTION_TABLE.unpack_from(self.data, _SECTION_TABLE_OFFSET)
        self.sections: list[Section] = [
            Section(*_SECTION.unpack_from(self.data, start + index * size))
            for index in range(count)
        ]

    @classmethod
    def read(cls, path: Path) -> ElfFile:
        """The file of that path."""
        return cls(path.read_bytes())

    def section(self, kind: int) -> Section:
        """The only section of that type. Raises KeyError when there is none."""
        return {section.type: section for section in self.sections}[kind]

    def symbols(self, kind: int) -> Iterator[Symbol]:
        """The symbols of each table of that type, but for the empty one that begins it."""
        for table in self.sections:
            if table.type != kind:
                continue
            strings = self.sections[table.link]
            for offset in range(
                table.offset + _SYMBOL.size, table.offset + table.size, _SYMBOL.size
            ):
                name_offset, *rest = _SYMBOL.unpack_from(self.data, offset)
                yield Symbol(offset, self._string(strings, name_offset), name_offset, *rest)

    def write_symbol(self, symbol: Symbol) -> None:
        """Put an entry of a symbol table back in its place; its name stays."""
        _SYMBOL.pack_into(
            self.data,
            symbol.offset,
            symbol.name_offset,
            symbol.info,
            symbol.other,
            symbol.section,
            symbol.value,
            symbol.size,
        )

    def exports(self) -> Iterator[Export]:
        """What the shared library offers; a name can be there at several versions."""
        versions = self._version_names()
        table = self.section(SHT_GNU_VERSYM)
        for index, symbol in enumerate(self.symbols(SHT_DYNSYM), start=1):
            if not symbol.defined:
                continue
            (version,) = _VERSION.unpack_from(self.data, table.offset + index * _VERSION.size)
            number, hidden = version & ~VERSYM_HIDDEN, bool(version & VERSYM_HIDDEN)
            yield Export(symbol.name, versions.get(number, ""), not hidden, index)

    def set_default(self, export: Export, *, default: bool) -> None:
        """Let the linker bind to this definition, or not; programs that run see no difference."""
        offset = self.section(SHT_GNU_VERSYM).offset + export.position * _VERSION.size
        (version,) = _VERSION.unpack_from(self.data, offset)
        version = version & ~VERSYM_HIDDEN if default else version | VERSYM_HIDDEN
        _VERSION.pack_into(self.data, offset, version)

    def _version_names(self) -> dict[int, str]:
        """The versions that the library defines, by number; 0 (local) and 1 (global) are none."""
        table = self.section(SHT_GNU_VERDEF)
        strings = self.sections[table.link]
        names = {}
        offset = table.offset
        while True:
            _, _, number, _, _, auxiliary, following = _VERSION_DEFINITION.unpack_from(
                self.data, offset
            )
            (name_offset,) = _VERSION_NAME.unpack_from(self.data, offset + auxiliary)
            if number > 1:
                names[number] = self._string(strings, name_offset)
            if not following:
                return names
            offset += following

    def _string(self, table: Section, offset: int) -> str:
        start = table.offset + offset
        return self.data[start : self.data.index(0, start)].decode()


def parse_version(name: str) -> tuple[str, tuple[int, ...]]:
    """Take `GLIBCXX_3.4.26` apart, to `("GLIBCXX", (3, 4, 26))`; `("", ())` for what has none."""
    family, _, number = name.rpartition("_")
    parts = number.split(".")
    if not family or not all(part.isdigit() for part in parts):
        return "", ()
    return family, tuple(int(part) for part in parts)
