"""
The compilers of an image, and what they are: by content, each program and library they run.

A driver's own content says little: the assembler and the linker come from other packages, and
much of their code is in shared libraries.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from compiler import driver

_NAME = re.compile(
    r"(?:\w+-\w+-(?:\w+-)?)?"  # a triplet
    r"(?:gcc|g\+\+|cc|c\+\+|clang|clang\+\+)"
    r"(?:-\d+(?:\.\d+)*)?"  # a version
)
_PROGRAMS = ("cc1", "cc1plus", "lto1", "as", "ld")
_LIBRARY = re.compile(r"(/\S+) \(0x")
_SEARCHED_FOLDER = re.compile(r'SEARCH_DIR\("=?([^"]+)"\)')


@dataclass(frozen=True)
class Toolchain:
    """What a set of compilers run; each path is a program's or library's own, no link to it."""

    programs: list[str]
    """The programs, the compilers among them."""
    libraries: list[str]
    """The shared libraries of the programs."""
    on_path: list[str]
    """The programs that compilers look for on PATH when they run, as PATH has them."""
    lists_what_it_reads: bool
    """Whether the linker is GNU ld and can list what it reads."""
    library_folders: list[str]
    """The folders that the linker searches of its own accord."""

    @property
    def files(self) -> list[str]:
        """All that decides what compiles and links give."""
        return [*self.programs, *self.libraries]

    def identity(self) -> str:
        """The content of all of it: a digest and a path a line."""
        lines = [f"{sha256(Path(file).read_bytes()).hexdigest()}  {file}\n" for file in self.files]
        return "".join(sorted(lines))


def compilers_on_path(path: str) -> dict[str, str]:
    """Each compiler's name on PATH, and where it is."""
    found: dict[str, str] = {}
    for folder in map(Path, path.split(os.pathsep)):
        for program in sorted(folder.iterdir()) if folder.is_dir() else ():
            if _NAME.fullmatch(program.name) and os.access(program, os.X_OK):
                found.setdefault(program.name, str(program))
    return found


def inspect(compilers: set[str]) -> Toolchain:
    """Ask compilers what they run; raises OSError for one that does not run."""
    # Each program once, whatever its names: they are asked a dozen questions.
    one_of_each = {os.path.realpath(compiler): compiler for compiler in compilers}.values()
    asked = [program for compiler in one_of_each for program in _programs(compiler)]
    on_path = {path for name in asked if os.sep not in name and (path := shutil.which(name))}
    found = {*compilers, *on_path, *filter(os.path.isabs, asked)}
    programs = {os.path.realpath(path) for path in found if Path(path).exists()}
    libraries = {found for path in programs for found in _LIBRARY.findall(_say("ldd", path))}
    linkers = [program for program in found if Path(program).name == "ld"]
    linker = linkers[0] if len(linkers) == 1 else "false"
    return Toolchain(
        programs=sorted(programs),
        libraries=sorted({os.path.realpath(library) for library in libraries}),
        on_path=sorted(on_path),
        lists_what_it_reads=_lists_what_it_reads(linker),
        library_folders=_SEARCHED_FOLDER.findall(_say(linker, "--verbose")),
    )


def _programs(compiler: str) -> list[str]:
    """What a compiler runs, with a path or as a name that it looks for on PATH."""
    link = driver.plan(compiler, ["-shared", "/dev/null"])
    return [
        *(_say(compiler, f"-print-prog-name={name}").strip() for name in _PROGRAMS),
        _say(compiler, "-print-file-name=specs").strip(),
        *(link.command.programs if link else ()),
    ]


def _lists_what_it_reads(linker: str) -> bool:
    is_gnu = _say(linker, "--version").startswith("GNU ld")
    return is_gnu and "--dependency-file" in _say(linker, "--help")


def _say(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    return done.stdout
