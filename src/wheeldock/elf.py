"""What the header and the dynamic section of an ELF file say (gABI; System V ABI, chapter 5)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

MAGIC = b"\x7fELF"
MOST_ENTRIES = 10_000
"""How many segments, sections and dynamic entries are looked at, each."""

_KINDS = {
    ("EM_X86_64", 64, True): "x86_64",
    ("EM_386", 32, True): "i686",
    ("EM_AARCH64", 64, True): "aarch64",
    ("EM_ARM", 32, True): "armv7l",
    ("EM_PPC64", 64, True): "ppc64le",
    ("EM_PPC64", 64, False): "ppc64",
    ("EM_S390", 64, False): "s390x",
    ("EM_RISCV", 64, True): "riscv64",
}
"""Architectures as platform tags name them, by machine, bits and whether little endian."""


class BrokenElfError(Exception):
    """It begins like an ELF file and is none that can be read."""


@dataclass(frozen=True)
class Elf:
    """What an ELF file says of itself."""

    architecture: str
    """As platform tags name it, or ELF's own words for another."""
    needed: tuple[str, ...]
    """The libraries that it is linked against."""
    run_paths: tuple[str, ...]
    """Where those are looked for (RPATH and RUNPATH)."""
    executable_stack: bool
    """Whether it asks for a stack that can be executed."""
    debug: bool
    """Whether it has debugging information."""


def read_elf(file: BinaryIO) -> Elf:
    """
    Read an ELF file, within `MOST_ENTRIES`.

    Raises BrokenElfError.
    """
    from elftools.elf.elffile import ELFFile  # noqa: PLC0415 - only wheels have need of it

    try:
        elf = ELFFile(file)
        needed, run_paths = _dynamic(elf)
        return Elf(
            architecture=_architecture(elf),
            needed=needed,
            run_paths=run_paths,
            executable_stack=_has_executable_stack(elf),
            debug=_has_debug(elf),
        )
    # pyelftools trusts what it reads: a damaged file ends in any of Python's exceptions.
    except Exception as error:  # noqa: BLE001
        said = f"{type(error).__name__}: {error}".partition("\n")[0][:200].rstrip(": ")
        raise BrokenElfError(said) from None


def _architecture(elf: ELFFile) -> str:
    machine = f"{elf['e_machine']}"
    kind = (machine, elf.elfclass, elf.little_endian)
    return _KINDS.get(kind) or f"{machine} with {elf.elfclass} bits"


def _dynamic(elf: ELFFile) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The needed libraries and the run paths."""
    from elftools.elf.dynamic import DynamicSegment  # noqa: PLC0415 - as above

    needed: list[str] = []
    paths: list[str] = []
    for segment in islice(elf.iter_segments("PT_DYNAMIC"), 1):
        if not isinstance(segment, DynamicSegment):
            continue
        for tag in islice(segment.iter_tags(), MOST_ENTRIES):
            kind = tag.entry.d_tag
            if kind == "DT_NEEDED":
                needed.append(_string(tag, "needed"))
            elif kind in {"DT_RPATH", "DT_RUNPATH"}:
                found = _string(tag, kind.removeprefix("DT_").lower())
                paths += [path for path in found.split(":") if path]
    return tuple(needed), tuple(paths)


def _string(tag: object, name: str) -> str:
    """A tag's string, which pyelftools gives it as an attribute."""
    return str(getattr(tag, name))


def _has_executable_stack(elf: ELFFile) -> bool:
    stacks = islice(elf.iter_segments("PT_GNU_STACK"), 1)
    return any(stack["p_flags"] & 1 for stack in stacks)


def _has_debug(elf: ELFFile) -> bool:
    sections = islice(elf.iter_sections(), MOST_ENTRIES)
    return any(section.name in {".debug_info", ".zdebug_info"} for section in sections)
