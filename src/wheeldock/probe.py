"""
The smallest program of each architecture: it ends at once, with exit code 0.

ELF executables without sections, of one segment (System V gABI, chapters 4 and 5). Each asks
Linux for `exit` as its architecture's calling convention has it (syscall(2)).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from wheeldock.tags import Architecture

_ADDRESS = 0x10000
"""Where the file is in memory; aligned for the largest pages that any of them has."""


_IDENT_SIZE = 16
_CURRENT = 1
"""EV_CURRENT."""
_EXECUTABLE = 2
"""ET_EXEC."""
_LOADED = 1
"""PT_LOAD."""
_FLAGS = 5
"""PF_R and PF_X."""


@dataclass(frozen=True)
class _Machine:
    """What an architecture's executables have of their own."""

    number: int
    """e_machine."""
    code: str
    """The instructions, in hexadecimal digits."""
    flags: int = 0
    """e_flags."""
    is_wide: bool = True
    """Whether it has 64 bits, and not 32."""
    order: str = "<"
    """Of bytes, as the module struct has it."""


_MACHINES = {
    # xor edi, edi; mov eax, 60; syscall
    Architecture.X86_64: _Machine(62, "31ff b83c000000 0f05"),
    # xor ebx, ebx; mov eax, 1; int 0x80
    Architecture.I686: _Machine(3, "31db b801000000 cd80", is_wide=False),
    # mov x0, 0; mov x8, 93; svc 0
    Architecture.AARCH64: _Machine(183, "000080d2 a80b80d2 010000d4"),
    # mov r0, 0; mov r7, 1; svc 0; flags: version 5 of the EABI
    Architecture.ARMV7L: _Machine(40, "0000a0e3 0170a0e3 000000ef", 0x05000000, is_wide=False),
    # li r3, 0; li r0, 1; sc; flags: version 2 of the ABI
    Architecture.PPC64LE: _Machine(21, "00006038 01000038 02000044", 2),
    # lghi r2, 0; svc 1
    Architecture.S390X: _Machine(22, "a7290000 0a01", order=">"),
    # li a0, 0; li a7, 93; ecall
    Architecture.RISCV64: _Machine(243, "13050000 9308d005 73000000"),
}


def program(architecture: Architecture) -> bytes:
    """An executable that does nothing but end."""
    machine = _MACHINES[architecture]
    code = bytes.fromhex(machine.code)
    word = "Q" if machine.is_wide else "I"
    header = struct.Struct(f"{machine.order}HHI3{word}I6H")
    segment = struct.Struct(f"{machine.order}II6{word}")
    segments = _IDENT_SIZE + header.size
    start = segments + segment.size
    size = start + len(code)
    is_little = machine.order == "<"
    ident = b"\x7fELF" + bytes([2 if machine.is_wide else 1, 1 if is_little else 2, _CURRENT])
    place = (0, _ADDRESS, _ADDRESS, size, size)
    # The flags come second among 64 bits, for their alignment, and else last but one.
    loaded = (_FLAGS, *place) if machine.is_wide else (*place, _FLAGS)
    return b"".join(
        (
            ident.ljust(_IDENT_SIZE, b"\0"),
            header.pack(
                *(_EXECUTABLE, machine.number, _CURRENT, _ADDRESS + start, segments, 0),
                *(machine.flags, segments, segment.size, 1, 0, 0, 0),
            ),
            segment.pack(_LOADED, *loaded, _ADDRESS),
            code,
        )
    )
