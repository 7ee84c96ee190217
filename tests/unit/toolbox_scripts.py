"""The scripts of the build's stages, for tests of what needs no container."""

from __future__ import annotations

import importlib
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.unit.elf_files import Entry, shared_library

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType


TOOLBOX = DOCKER / "toolbox"
TAG = "manylinux_2_28_x86_64"
WHEEL = "ovf-1.0-cp313-cp313-linux_x86_64.whl"
EXPLAINED = "wheeldock: "

POW = Entry("pow", "GLIBC_2.29")
MALLOC = Entry("malloc", "GLIBC_2.2.5")
INIT = Entry("PyInit_m", defined=True)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A way to a script by its name; without what it imports, its test is skipped."""
    monkeypatch.syspath_prepend(TOOLBOX)
    for needed in ("auditwheel", "elftools", "build"):
        pytest.importorskip(needed)
    known = set(sys.modules)
    yield importlib.import_module
    for path in TOOLBOX.glob("*.py"):
        if path.stem not in known:
            sys.modules.pop(path.stem, None)


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[..., Path]:
    """A way to make a wheel with files of a given content in it."""

    def make(name: str = WHEEL, **files: bytes) -> Path:
        path = tmp_path / "built" / name
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ovf/__init__.py", "")
            for file, data in files.items():
                archive.writestr(f"ovf/{file}.so", data)
        return path

    return make


@pytest.fixture
def newer_libc(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A C library of the system that is newer than the policy."""
    library = shared_library(
        Entry("malloc", "GLIBC_2.2.5", defined=True),
        Entry("pow", "GLIBC_2.2.5", defined=True),
        Entry("pow", "GLIBC_2.29", defined=True),
        Entry("gettid", "GLIBC_2.30", defined=True),
    )
    (tmp_path / "libc.so.6").write_bytes(library)
    monkeypatch.setattr(tool("symbols"), "_LIBRARY_FOLDERS", (str(tmp_path),))
