"""The modules that a wheel brings, by what lies in it."""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NO_MODULE = (".dist-info", ".data", ".libs")
"""How folders end that the wheel format, or a repair, puts beside the modules."""


def modules_of(wheel: Path) -> list[str]:
    """The names of a wheel's modules, of packages the outermost that can be imported."""
    with zipfile.ZipFile(wheel) as archive:
        return outermost(list(_installed(archive.namelist())))


def dist_info_of(wheel: Path) -> str:
    """The name of a wheel's `.dist-info` folder, which need not be as its file's name has it."""
    with zipfile.ZipFile(wheel) as archive:
        tops = (name.partition("/")[0] for name in archive.namelist())
        return next(top for top in tops if top.endswith(".dist-info"))


def _installed(names: Iterable[str]) -> Iterator[PurePosixPath]:
    """Where files go below site-packages (Binary distribution format: `.data/purelib`)."""
    for name in names:
        path = PurePosixPath(name)
        if path.parts and path.parts[0].endswith(".data"):
            if path.parts[1:2] in {("purelib",), ("platlib",)}:
                yield PurePosixPath(*path.parts[2:])
        elif path.parts and not path.parts[0].endswith(NO_MODULE):
            yield path


def outermost(paths: Iterable[PurePosixPath]) -> list[str]:
    """The modules among files; a folder without an `__init__` is a namespace, and not one."""
    modules = {name for path in paths if (name := _module(path))}
    return sorted(
        name
        for name in modules
        if not any(parent in modules for parent in _parents(name)) and name.isascii()
    )


def _module(path: PurePosixPath) -> str:
    """The dotted name of the module that a file is, or ""."""
    name, _, ending = path.name.partition(".")
    if ending != "py" and not path.name.endswith(".so"):
        return ""
    parts = path.parent.parts if name == "__init__" else (*path.parent.parts, name)
    if not parts or name == "__main__" or not all(part.isidentifier() for part in parts):
        return ""
    return ".".join(parts)


def _parents(name: str) -> Iterator[str]:
    while "." in name:
        name = name.rpartition(".")[0]
        yield name
