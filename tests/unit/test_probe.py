from __future__ import annotations

import io
import platform
import subprocess
from typing import TYPE_CHECKING

import pytest
from elftools.elf.elffile import ELFFile

from wheeldock.probe import program
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from pathlib import Path

ELF_NAMES = {
    Architecture.X86_64: ("x64", 64, True),
    Architecture.I686: ("x86", 32, True),
    Architecture.AARCH64: ("AArch64", 64, True),
    Architecture.ARMV7L: ("ARM", 32, True),
    Architecture.PPC64LE: ("64-bit PowerPC", 64, True),
    Architecture.S390X: ("IBM S/390", 64, False),
    Architecture.RISCV64: ("RISC-V", 64, True),
}


@pytest.mark.parametrize("architecture", list(Architecture))
def test_it_is_an_executable_of_its_architecture(architecture: Architecture) -> None:
    content = program(architecture)
    file = ELFFile(io.BytesIO(content))
    assert (file.get_machine_arch(), file.elfclass, file.little_endian) == ELF_NAMES[architecture]
    assert file["e_type"] == "ET_EXEC"
    (segment,) = file.iter_segments()
    assert segment["p_type"] == "PT_LOAD"
    assert segment["p_filesz"] == len(content)
    assert segment["p_vaddr"] < file["e_entry"] < segment["p_vaddr"] + len(content)


@pytest.mark.skipif(platform.machine() not in set(Architecture), reason="no Linux that has it")
def test_the_one_of_this_machine_ends_well(tmp_path: Path) -> None:
    file = tmp_path / "program"
    file.write_bytes(program(Architecture(platform.machine())) + b"anything")
    file.chmod(0o755)
    assert subprocess.run([file], check=False).returncode == 0
