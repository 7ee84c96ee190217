"""
The dynamic symbols of a wheel's ELF files, held against a policy.

Policies and the symbol versions they allow are auditwheel's own data (PEP 600).
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auditwheel.architecture import Architecture
from auditwheel.libc import Libc
from auditwheel.policy import WheelPolicies
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerDefSection, GNUVerNeedSection, GNUVerSymSection
from elftools.elf.sections import SymbolTableSection

if TYPE_CHECKING:
    from collections.abc import Iterator

_VERSION = re.compile(r"(?P<family>[A-Z]+)_(?P<number>\d+(?:\.\d+)*)\Z")
_SYSTEM_LIBRARIES = ("libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1")
_LIBRARY_FOLDERS = ("/lib64", "/usr/lib64", "/lib", "/usr/lib")
_GLOBAL = 1
"""The version index of a symbol without a version (gABI, `VER_NDX_GLOBAL`)."""


@dataclass(frozen=True)
class Symbol:
    """A dynamic symbol: its name, its version or "", and whether it is defined here."""

    name: str
    version: str
    defined: bool
    weak: bool


def symbols(elf: ELFFile) -> Iterator[Symbol]:
    """The dynamic symbols of an ELF file with their versions."""
    table = elf.get_section_by_name(".dynsym")
    if not isinstance(table, SymbolTableSection):
        return
    versions = elf.get_section_by_name(".gnu.version")
    names = dict(_version_names(elf))
    for index, symbol in enumerate(table.iter_symbols()):
        number = _GLOBAL
        if isinstance(versions, GNUVerSymSection):
            entry = versions.get_symbol(index).entry["ndx"]
            number = entry & 0x7FFF if isinstance(entry, int) else _GLOBAL
        yield Symbol(
            name=symbol.name,
            version=names.get(number, ""),
            defined=symbol.entry["st_shndx"] != "SHN_UNDEF",
            weak=symbol.entry["st_info"]["bind"] == "STB_WEAK",
        )


def _version_names(elf: ELFFile) -> Iterator[tuple[int, str]]:
    needed = elf.get_section_by_name(".gnu.version_r")
    if isinstance(needed, GNUVerNeedSection):
        for _, auxiliaries in needed.iter_versions():
            for auxiliary in auxiliaries:
                yield auxiliary.entry["vna_other"] & 0x7FFF, auxiliary.name
    defined = elf.get_section_by_name(".gnu.version_d")
    if isinstance(defined, GNUVerDefSection):
        for definition, auxiliaries in defined.iter_versions():
            yield definition.entry["vd_ndx"] & 0x7FFF, next(iter(auxiliaries)).name


def elf_files(wheel: Path) -> Iterator[tuple[str, ELFFile]]:
    """The ELF files of a wheel, each with its name in it."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            data = archive.read(name)
            if data.startswith(b"\x7fELF"):
                yield name, ELFFile(io.BytesIO(data))


def newer_than_policy(wheel: Path, platform_tag: str) -> list[str]:
    """The versioned symbols that the policy does not have, as `pow@GLIBC_2.29 in m.so`."""
    newest = newest_versions(platform_tag)
    return [
        f"{symbol.name}@{symbol.version} in {name}"
        for name, elf in elf_files(wheel)
        for symbol in symbols(elf)
        if not symbol.defined and _exceeds(symbol.version, newest)
    ]


def unversioned_and_newer(wheel: Path, platform_tag: str) -> list[str]:
    """
    The symbols without a version that only a libc newer than the policy defines.

    auditwheel does not see these. They come from linking against libraries that hide their
    newer symbols while the headers still declare them.
    """
    undefined = [
        (name, symbol.name)
        for name, elf in elf_files(wheel)
        for symbol in symbols(elf)
        if not (symbol.defined or symbol.version or symbol.weak)
    ]
    if not undefined:
        return []
    newest = newest_versions(platform_tag)
    libc = list(_system_symbols())
    allowed = {symbol.name for symbol in libc if not _exceeds(symbol.version, newest)}
    newer = {symbol.name: symbol.version for symbol in libc if symbol.name not in allowed}
    return [f"{symbol}@{newer[symbol]} in {name}" for name, symbol in undefined if symbol in newer]


def newest_versions(platform_tag: str) -> dict[str, tuple[int, ...]]:
    """The newest version that the policy has of each symbol family, e.g. GLIBC: (2, 28)."""
    libc = Libc.MUSL if platform_tag.startswith("musllinux") else Libc.GLIBC
    architecture = platform_tag.split("_", 3)[3]
    policies = WheelPolicies(libc=libc, arch=Architecture(architecture))
    allowed = policies.get_policy_by_name(platform_tag).symbol_versions
    return {
        family: max((_numbers(version) for version in versions if version[0].isdigit()), default=())
        for family, versions in allowed.items()
    }


def _exceeds(version: str, newest: dict[str, tuple[int, ...]]) -> bool:
    match = _VERSION.match(version)
    if match is None or match["family"] not in newest:
        return False
    return _numbers(match["number"]) > newest[match["family"]]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _system_symbols() -> Iterator[Symbol]:
    folders = [
        *map(Path, _LIBRARY_FOLDERS),
        *Path("/lib").glob("*-linux-gnu*"),
    ]
    for library in _SYSTEM_LIBRARIES:
        path = next((f / library for f in folders if (f / library).is_file()), None)
        if path:
            with path.open("rb") as file:
                yield from (symbol for symbol in symbols(ELFFile(file)) if symbol.defined)
