"""Rules of what a wheel has in it: nothing that should not ship, and modules that can be loaded."""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from wheeldock.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wheeldock.wheelfile import Wheel

_STRAY_FOLDERS = frozenset(
    {"test", "tests", "testing", "doc", "docs", "example", "examples", "benchmarks"}
    | {"build", "dist", "src"}
)
_MODULES = frozenset({".py", ".pyi", ".so", ".pth", ".pyd"})
_SOURCES = frozenset({".c", ".cc", ".cpp", ".cxx", ".pyx", ".f", ".f90", ".rs", ".cu", ".go"})
_COMPILED = frozenset({".o", ".obj", ".a", ".la", ".lo", ".dSYM", ".pyc", ".pyo", ".gcda", ".gcno"})
_LEFTOVERS = frozenset(
    {"__pycache__", ".git", ".hg", ".svn", ".tox", ".venv", ".coverage", ".DS_Store", "Thumbs.db"}
    | {".pytest_cache", ".mypy_cache", ".ruff_cache", "CMakeFiles", "CMakeCache.txt", ".ninja_log"}
)
_EXTENSION = re.compile(r".+?\.(?P<abi>abi3t?|(?:cpython|pypy|graalpy)\w*-[\w-]+|cp\d+[\w-]*)\.so")
_CPYTHON = re.compile(r"cpython-(?P<version>3\d+t?)-?.*")
_CURE = "Leave it out of the wheel in the build backend's settings."


def stray_files(wheel: Wheel) -> Iterator[Problem]:
    """The top of the wheel has packages and modules, and nothing that litters site-packages."""
    for top, names in sorted(_tops(wheel.contents).items()):
        if top.endswith((".dist-info", ".data", ".libs")):
            continue
        is_folder = any("/" in name for name in names)
        if is_folder and top in _STRAY_FOLDERS:
            what = f"{len(names)} files go to site-packages/{top}, which many projects would share"
            yield Problem(f"{top}/", what, _CURE)
        elif not is_folder and PurePosixPath(top).suffix not in _MODULES:
            yield Problem(top, "it is no module, and would lie in site-packages", _CURE)
        elif not is_folder and top in {"setup.py", "conftest.py", "tasks.py", "noxfile.py"}:
            yield Problem(top, f"everyone could `import {top[:-3]}`", _CURE)


def _tops(names: Iterable[str]) -> dict[str, list[str]]:
    tops: dict[str, list[str]] = {}
    for name in names:
        tops.setdefault(name.partition("/")[0], []).append(name)
    return tops


def source_files(wheel: Wheel) -> Iterator[Problem]:
    """No source of compiled code is in it: whoever wants that takes the sdist."""
    for name in wheel.contents:
        if PurePosixPath(name).suffix in _SOURCES:
            yield Problem(name, "it is source of compiled code", _CURE)


def leftovers(wheel: Wheel) -> Iterator[Problem]:
    """Nothing is in it that a build or a tool left behind."""
    for name in wheel.contents:
        path = PurePosixPath(name)
        if path.suffix in _COMPILED or not _LEFTOVERS.isdisjoint(path.parts):
            yield Problem(name, "a build or a tool left it behind", _CURE)


def extension_tags(wheel: Wheel) -> Iterator[Problem]:
    """Extension modules are for the interpreter that the wheel is for."""
    abis = {tag.abi for tag in wheel.name.tags}
    if not all(abi.startswith(("cp3", "abi3")) for abi in abis):
        return
    for name in wheel.contents:
        match = _EXTENSION.fullmatch(PurePosixPath(name).name)
        if match is None or match["abi"] in {"abi3", "abi3t"}:
            continue
        cpython = _CPYTHON.fullmatch(match["abi"])
        if cpython is None or f"cp{cpython['version']}" not in abis:
            what = f"it is for {match['abi']}, which no interpreter of the wheel's tags loads"
            cure = "Clean what an earlier build left in the source tree, and build again."
            yield Problem(name, what, cure)
