from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.unit.compiler_modules import load

memory, toolchain = load("memory"), load("toolchain")


class Compiler:
    """A compiler and its linker, which are looked into; `looks` counts how often."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.gcc, self.ld = folder / "bin/gcc", folder / "libexec/ld"
        for program in (self.gcc, self.ld):
            program.parent.mkdir()
            program.write_text(program.name)
        self.notes = folder / "notes"
        self.looks = 0
        monkeypatch.setattr(memory, "inspect", self._inspect)
        # As if the files had been there for long.
        monkeypatch.setattr(memory, "_SETTLED", -1_000_000_000)

    def _inspect(self, compilers: set[str]) -> Any:
        self.looks += 1
        return toolchain.Toolchain(
            programs=sorted([*compilers, str(self.ld)]),
            libraries=[],
            on_path=[str(self.ld)],
            lists_what_it_reads=True,
            library_folders=["/usr/lib"],
        )

    def ask(self) -> tuple[Any, str]:
        return memory.toolchain({str(self.gcc)}, self.notes)


@pytest.fixture
def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compiler:
    return Compiler(tmp_path, monkeypatch)


def test_compilers_are_looked_into_once(compiler: Compiler) -> None:
    assert compiler.ask() == compiler.ask()
    assert compiler.looks == 1


@pytest.mark.parametrize("name", ["gcc", "ld"])
def test_a_program_that_changed_is_another(compiler: Compiler, name: str) -> None:
    _, before = compiler.ask()
    program = getattr(compiler, name)
    times = program.stat().st_atime_ns, program.stat().st_mtime_ns
    program.write_text(program.read_text().swapcase())
    os.utime(program, ns=times)
    _, after = compiler.ask()
    assert before != after
    assert compiler.looks == 2


def test_a_program_that_turns_up_beside_another_is_looked_for(compiler: Compiler) -> None:
    compiler.ask()
    (compiler.ld.parent / "real-ld").touch()
    compiler.ask()
    assert compiler.looks == 2


def test_another_path_is_another_question(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiler.ask()
    monkeypatch.setenv("PATH", "/elsewhere")
    compiler.ask()
    assert compiler.looks == 2


def test_files_that_changed_just_now_are_not_remembered(
    compiler: Compiler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_SETTLED", 2_000_000_000)
    compiler.ask()
    compiler.ask()
    assert compiler.looks == 2


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"stamps": {"/none": [1]}}'])
def test_a_damaged_note_is_as_none(compiler: Compiler, text: str) -> None:
    compiler.ask()
    (note,) = compiler.notes.iterdir()
    note.write_text(text)
    compiler.ask()
    compiler.ask()
    assert compiler.looks == 2


def test_the_identity_is_of_the_content(compiler: Compiler) -> None:
    _, identity = compiler.ask()
    assert [Path(line.split("  ")[1]).name for line in identity.splitlines()].count("ld") == 1
    assert all(len(line.split("  ")[0]) == 64 for line in identity.splitlines())
