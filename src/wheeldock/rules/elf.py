"""Rules of a wheel's ELF files, from their own headers; what a policy forbids is auditwheel's."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from wheeldock.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.wheelfile import Wheel

_LIBPYTHON = re.compile(r"libpython[23].*\.so.*")
_ORIGIN = re.compile(r"\$(ORIGIN\b|\{ORIGIN\})")


def readable(wheel: Wheel) -> Iterator[Problem]:
    """Each ELF file can be read."""
    for name, content in wheel.contents.items():
        if isinstance(content.elf, str):
            yield Problem(name, f"it is a damaged ELF file: {content.elf}", "Build it again.")


def architecture(wheel: Wheel) -> Iterator[Problem]:
    """Each ELF file is for the platform tag's architecture; a wheel for any platform has none."""
    platforms = wheel.name.platforms
    for name, elf in wheel.elf_files:
        if wheel.name.is_pure:
            what = f"it is for {elf.architecture}, and the wheel is tagged for any platform"
            yield Problem(name, what, "Tell the build backend that the wheel has compiled files.")
        elif not all(tag.endswith(f"_{elf.architecture}") for tag in platforms):
            what = f"it is for {elf.architecture}, and the wheel for {', '.join(platforms)}"
            yield Problem(name, what, "Clean what an earlier build left, and build again.")


def libraries(wheel: Wheel) -> Iterator[Problem]:
    """No ELF file needs a library by a path, nor Python's own library."""
    for name, elf in wheel.elf_files:
        for library in elf.needed:
            if "/" in library:
                cure = "Link with -l and a library that has a soname."
                yield Problem(name, f"it needs the library at the path {library}", cure)
            elif _LIBPYTHON.fullmatch(library):
                cure = "Do not link extension modules with libpython: interpreters may have none."
                yield Problem(name, f"it needs {library}", cure)


def run_path(wheel: Wheel) -> Iterator[Problem]:
    """The paths where ELF files look for libraries are in the wheel."""
    for name, elf in wheel.elf_files:
        for path in elf.run_paths:
            if not _is_inside(name, path):
                cure = "auditwheel takes such paths away: `invoke build` repairs wheels with it."
                yield Problem(name, f"it looks for libraries in {path}, outside of the wheel", cure)


def _is_inside(name: str, path: str) -> bool:
    origin = _ORIGIN.match(path)
    if origin is None:
        return False
    folder = posixpath.normpath(f"./{posixpath.dirname(name)}/{path[origin.end() :]}")
    return folder != ".." and not folder.startswith(("../", "/"))


def stack(wheel: Wheel) -> Iterator[Problem]:
    """No ELF file asks for an executable stack, which glibc 2.41 and later refuse."""
    for name, elf in wheel.elf_files:
        if elf.executable_stack:
            cure = "Assemble with --noexecstack, or link with -z noexecstack."
            yield Problem(name, "it asks for an executable stack", cure)


def debug(wheel: Wheel) -> Iterator[Problem]:
    """No ELF file has debugging information, which is most of its size."""
    # Without --only-plat auditwheel names every older policy that the wheel keeps to as well.
    command = "auditwheel repair --strip --only-plat -w {dest_dir} {wheel}"
    cure = f"Build without -g, or set repair-wheel-command = '{command}'."
    for name, elf in wheel.elf_files:
        if elf.debug:
            yield Problem(name, "it has debugging information", cure)
