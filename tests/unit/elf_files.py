"""Shared libraries with nothing in them but dynamic symbols, made without a compiler."""

from __future__ import annotations

import struct
from dataclasses import dataclass

HEADER_LAYOUT = "16sHHIWWWIHHHHHH"

STRTAB, DYNSYM, VERSYM, VERNEED = 3, 11, 0x6FFFFFFF, 0x6FFFFFFE
GLOBAL, WEAK = 1, 2
FIRST_VERSION = 2
"""The indices before are taken: local, and global without a version."""


@dataclass(frozen=True)
class Form:
    """How files of an architecture are laid out."""

    bits: int = 64
    order: str = "<"

    def struct(self, layout: str) -> struct.Struct:
        """A layout in which `W` is an address, a place or a size."""
        return struct.Struct(self.order + layout.replace("W", "Q" if self.bits == 64 else "I"))

    def symbol(self, name: int, info: int, section: int) -> bytes:
        """An entry of a symbol table."""
        if self.bits == 64:
            return self.struct("IBBHWW").pack(name, info, 0, section, 0, 0)
        return self.struct("IWWBBH").pack(name, 0, 0, info, 0, section)


X86_64_FORM = Form()
HEADER = X86_64_FORM.struct(HEADER_LAYOUT)


@dataclass(frozen=True)
class Entry:
    """A symbol of the library to make."""

    name: str
    version: str = ""
    defined: bool = False
    weak: bool = False


class Strings:
    """A string table that grows."""

    def __init__(self) -> None:
        self.data = b"\0"

    def add(self, text: str) -> int:
        """Add a string and return where it is."""
        self.data += text.encode() + b"\0"
        return len(self.data) - len(text.encode()) - 1


def shared_library(
    *entries: Entry, unused_versions: tuple[str, ...] = (), form: Form = X86_64_FORM
) -> bytes:
    """An ELF file with these dynamic symbols, all versions of libc."""
    number_of, need = form.struct("H"), form.struct("HHIII")
    need_version = form.struct("IHHII")
    strings = Strings()
    versions = [*dict.fromkeys(e.version for e in entries if e.version), *unused_versions]
    symbols, numbers = form.symbol(0, 0, 0), number_of.pack(0)
    size = len(symbols)
    for entry in entries:
        binding = WEAK if entry.weak else GLOBAL
        section = 1 if entry.defined else 0
        symbols += form.symbol(strings.add(entry.name), binding << 4 | 2, section)
        number = versions.index(entry.version) + FIRST_VERSION if entry.version else 1
        numbers += number_of.pack(number)
    needs = need.pack(1, len(versions), strings.add("libc.so.6"), need.size, 0)
    for index, version in enumerate(versions):
        last = index == len(versions) - 1
        needs += need_version.pack(
            0, 0, index + FIRST_VERSION, strings.add(version), 0 if last else need_version.size
        )
    return link(
        [
            (".dynstr", STRTAB, strings.data, 0, 0, 0),
            (".dynsym", DYNSYM, symbols, 1, 1, size),
            (".gnu.version", VERSYM, numbers, 2, 0, 2),
            *([(".gnu.version_r", VERNEED, needs, 1, 1, 0)] if versions else []),
        ],
        form,
    )


def link(sections: list[tuple[str, int, bytes, int, int, int]], form: Form = X86_64_FORM) -> bytes:
    """An ELF file of sections: name, type, content, link, info, size of an entry."""
    of_file, of_section = form.struct(HEADER_LAYOUT), form.struct("IIWWWWIIWW")
    names = Strings()
    content, headers = b"", of_section.pack(*[0] * 10)
    for name, kind, data, linked, info, size in sections:
        place = of_file.size + len(content)
        headers += of_section.pack(
            names.add(name), kind, 0, 0, place, len(data), linked, info, 8, size
        )
        content += data + bytes(-len(data) % 8)
    name = names.add(".shstrtab")
    place = of_file.size + len(content)
    headers += of_section.pack(name, STRTAB, 0, 0, place, len(names.data), 0, 0, 1, 0)
    content += names.data
    count = len(sections) + 2
    ident = b"\x7fELF" + bytes([form.bits // 32, "<>".index(form.order) + 1, 1]) + bytes(9)
    table = of_file.size + len(content)
    header = of_file.pack(
        ident, 3, 62, 1, 0, 0, table, 0, of_file.size, 0, 0, of_section.size, count, count - 1
    )
    return header + content + headers


PROGRAM = struct.Struct("<IIQQQQQQ")
DYNAMIC_ENTRY = struct.Struct("<qQ")
LOAD, DYNAMIC, GNU_STACK = 1, 2, 0x6474E551
NEEDED, STRING_TABLE, RUN_PATH, STRING_SIZE = 1, 5, 29, 10
X86_64, AARCH64 = 62, 183


def linked_library(
    *needed: str, run_path: str = "", machine: int = X86_64, executable_stack: bool = False
) -> bytes:
    """An ELF file with segments and no sections: what it needs, where it looks, its stack."""
    strings = Strings()
    entries = [(NEEDED, strings.add(name)) for name in needed]
    if run_path:
        entries.append((RUN_PATH, strings.add(run_path)))
    place = HEADER.size + 3 * PROGRAM.size
    entries += [(STRING_TABLE, place), (STRING_SIZE, len(strings.data)), (0, 0)]
    table = b"".join(DYNAMIC_ENTRY.pack(*entry) for entry in entries)
    names = strings.data + bytes(-len(strings.data) % 8)
    start = place + len(names)
    end = start + len(table)
    flags = 7 if executable_stack else 6
    programs = [
        PROGRAM.pack(LOAD, 4, 0, 0, 0, end, end, 4096),
        PROGRAM.pack(DYNAMIC, 6, start, start, start, len(table), len(table), 8),
        PROGRAM.pack(GNU_STACK, flags, 0, 0, 0, 0, 0, 16),
    ]
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = HEADER.pack(
        ident, 3, machine, 1, 0, HEADER.size, 0, 0, HEADER.size, PROGRAM.size, 3, 0, 0, 0
    )
    return header + b"".join(programs) + names + table
