"""
The dynamic symbols of a wheel's ELF files, held against a policy.

Policies and the symbol versions they allow are auditwheel's own data (PEP 600).
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import TYPE_CHECKING

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

_SYSTEM_LIBRARIES = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1")
_LIBRARY_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_GLOBAL = 1
"""The version index of a symbol without a version (`VER_NDX_GLOBAL`); a local one has 0."""

_ENTRY = {32: "I8xBxH", 64: "IBxH16x"}
"""Name, binding and section of a symbol, in files of either class (gABI, `Elf32_Sym`)."""

_UNDEFINED = 0
_WEAK = 2


@dataclass(frozen=True)
class Symbol:
    """A dynamic symbol: its name, its version as `GLIBC_2.29` or "", and whether it is here."""

    name: str
    version: str
    defined: bool
    weak: bool


def symbols(elf: ELFFile) -> Iterator[Symbol]:
    """The dynamic symbols of an ELF file with their versions."""
    table = elf.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return
    # elftools takes far longer to read each of thousands of entries by itself.
    order = "<" if elf.little_endian else ">"
    entries = struct.iter_unpack(order + _ENTRY[elf.elfclass], table.data())
    versions = elf.get_section_by_name(".gnu.version")
    numbers = struct.iter_unpack(f"{order}H", versions.data()) if versions else repeat((_GLOBAL,))
    names, texts = dict(_version_names(elf)), table.stringtable.data()
    for (start, information, section), (number,) in zip(entries, numbers, strict=False):
        # The table's first entry has no name, and sections have none.
        if name := texts[start : texts.index(b"\0", start)]:
            yield Symbol(
                name=name.decode(errors="replace"),
                version=names.get(number & 0x7FFF, ""),
                defined=section != _UNDEFINED,
                weak=information >> 4 == _WEAK,
            )


def _version_names(elf: ELFFile) -> Iterator[tuple[int, str]]:
    yield from _needed_versions(elf)
    defined = elf.get_section_by_name(".gnu.version_d")
    if isinstance(defined, GNUVerDefSection):
        for definition, auxiliaries in defined.iter_versions():
            # The first is the library's own name, which is the version of no symbol.
            if (number := definition.entry["vd_ndx"] & 0x7FFF) > _GLOBAL:
                yield number, next(iter(auxiliaries)).name


def _needed_versions(elf: ELFFile) -> Iterator[tuple[int, str]]:
    needed = elf.get_section_by_name(".gnu.version_r")
    if isinstance(needed, GNUVerNeedSection):
        for _, auxiliaries in needed.iter_versions():
            for auxiliary in auxiliaries:
                yield auxiliary.entry["vna_other"] & 0x7FFF, auxiliary.name


def elf_files(wheel: Path) -> Iterator[tuple[str, ELFFile]]:
    """The ELF files of a wheel, each with its name in it."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if data.startswith(b"\x7fELF"):
                yield name, ELFFile(io.BytesIO(data))


def newer_than_policy(wheel: Path, platform_tag: str, libraries: Iterable[Path] = ()) -> list[str]:
    """
    What a wheel and libraries to graft need and the policy lacks, as `pow@GLIBC_2.29 in m.so`.

    A version can be needed without a symbol, e.g. `GLIBC_ABI_DT_RELR in m.so`.
    """
    allowed = versions(platform_tag)
    return [
        f"{needed} in {name}"
        for name, elf in (*elf_files(wheel), *map(_library, libraries))
        for needed in _newer(elf, allowed)
    ]


def _library(path: Path) -> tuple[str, ELFFile]:
    return path.name, ELFFile(io.BytesIO(path.read_bytes()))


def _newer(elf: ELFFile, allowed: Mapping[str, frozenset[str]]) -> Iterator[str]:
    newer = {version for _, version in _needed_versions(elf) if _exceeds(version, allowed)}
    for symbol in symbols(elf):
        if not symbol.defined and _exceeds(symbol.version, allowed):
            newer.discard(symbol.version)
            yield f"{symbol.name}@{symbol.version}"
    yield from sorted(newer)


def unversioned_and_newer(wheel: Path, platform_tag: str) -> list[str]:
    """
    The symbols without a version that only a libc newer than the policy defines.

    auditwheel does not see these. They come from linking against libraries that hide their
    newer symbols while the headers still declare them.
    """
    found = [(name, symbol) for name, elf in elf_files(wheel) for symbol in symbols(elf)]
    own = {symbol.name for _, symbol in found if symbol.defined}
    undefined = [
        (name, symbol.name)
        for name, symbol in found
        if not (symbol.version or symbol.weak or symbol.name in own)
    ]
    if not undefined:
        return []
    allowed = versions(platform_tag)
    libc = list(_system_symbols({name for _, name in undefined}))
    old = {symbol.name for symbol in libc if not _exceeds(symbol.version, allowed)}
    newer = {symbol.name: symbol.version for symbol in libc if symbol.name not in old}
    return [f"{symbol}@{newer[symbol]} in {name}" for name, symbol in undefined if symbol in newer]


def versions(platform_tag: str) -> dict[str, frozenset[str]]:
    """The versions that the policy has of each symbol family, e.g. GLIBC: 2.2.5 to 2.28."""
    libc = Libc.MUSL if platform_tag.startswith("musllinux") else Libc.GLIBC
    architecture = platform_tag.split("_", 3)[3]
    policies = WheelPolicies(libc=libc, arch=Architecture(architecture))
    allowed = policies.get_policy_by_name(platform_tag).symbol_versions
    return {family: frozenset(numbers) for family, numbers in allowed.items()}


def _exceeds(version: str, allowed: Mapping[str, frozenset[str]]) -> bool:
    family, _, number = version.partition("_")
    return family in allowed and number not in allowed[family]


def _system_symbols(names: Collection[str]) -> Iterator[Symbol]:
    """What those of the system's libraries define that have one of the names, at least."""
    folders = [
        *map(Path, _LIBRARY_FOLDERS),
        *Path("/lib").glob("*-linux-gnu*"),
    ]
    for library in _SYSTEM_LIBRARIES:
        path = next((f / library for f in folders if (f / library).is_file()), None)
        if path:
            with path.open("rb") as file:
                elf = ELFFile(file)
                if _has_any(elf, names):
                    yield from (symbol for symbol in symbols(elf) if symbol.defined)


def _has_any(elf: ELFFile, names: Collection[str]) -> bool:
    """Whether one of the names may be that of a dynamic symbol: it is where those names are."""
    # A C library has thousands of symbols, which take a quarter of the time of a repair to read.
    table = elf.get_section_by_name(".dynstr")
    texts = table.data() if table else b""
    return any(name.encode() + b"\0" in texts for name in names)
