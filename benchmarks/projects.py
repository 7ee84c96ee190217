"""What is built: real projects, and the edits of a developer's day in them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from packaging.requirements import Requirement

from wheeldock.archive import unpack
from wheeldock.index import find_sdist

UNSHIPPED = "ci/steps.txt"
"""A file that each tree has and no sdist."""


class Edit(Enum):
    """What was changed in a tree."""

    UNSHIPPED = "unshipped"
    PYTHON = "python"
    LIBRARY = "library"
    NATIVE = "native"


@dataclass(frozen=True, kw_only=True)
class Project:
    """A project on the index, and where in it a developer edits."""

    requirement: str
    """As the index has it, or a folder of this repository."""
    pythons: tuple[str, ...]
    """The interpreters to build for, e.g. `cp313`."""
    added_python: str
    """One more, which is added in the end."""
    extension: str
    """What the path of an extension module in each wheel begins with; it has both native files."""
    python_file: str
    """A Python module, at the same path in the tree and in the wheel."""
    library_file: str
    """A C or C++ file in the tree that does not include Python.h."""
    native_file: str
    """One that does, or a Cython file."""

    def tree(self, downloads: Path, folder: Path) -> Path:
        """Unpack the project's sdist as a source tree, or copy the folder."""
        if Path(self.requirement).is_dir():
            shutil.copytree(self.requirement, folder)
        else:
            unpack(find_sdist(Requirement(self.requirement), downloads, os.environ), folder)
        self.edit(Edit.UNSHIPPED, folder, "as it was")
        return folder

    def edit(self, edit: Edit, tree: Path, marker: str) -> None:
        """Change a file of the tree such that what is built from it contains the marker."""
        if edit is Edit.UNSHIPPED:
            path, text = tree / UNSHIPPED, f"{marker}\n"
            path.parent.mkdir(exist_ok=True)
        elif edit is Edit.PYTHON:
            path, text = tree / self.python_file, f"\n# {marker}\n"
        else:
            path = tree / (self.library_file if edit is Edit.LIBRARY else self.native_file)
            constant = f"wheeldock_{edit.value}"
            text = f'static const char {constant}[] __attribute__((used)) = "{marker}";'
            if path.suffix == ".pyx":
                # Cython compresses the constants of its own.
                text = f'cdef extern from *:\n    """\n    {text}\n    """'
            text = f"\n{text}\n"
        with path.open("a", encoding="utf-8") as file:
            file.write(text)


PROJECTS = {
    # One C++17 extension of two files, pybind11, CMake, linked with LTO.
    "pyovf": Project(
        requirement="pyovf==0.3.0",
        pythons=("cp39", "cp311", "cp313"),
        added_python="cp314",
        extension="pyovf/_ovf_core",
        python_file="pyovf/ovf_handler.py",
        library_file="src/pyovf/ovf-rw/src_c++/OVF_File.cpp",
        native_file="src/pyovf/bindings/ovf_bindings.cpp",
    ),
    # Eight extensions, Cython, and 120 C and C++ files of the libraries that it brings along.
    "numcodecs": Project(
        requirement="numcodecs==0.15.1",
        pythons=("cp311", "cp313"),
        added_python="cp314",
        extension="numcodecs/blosc",
        python_file="numcodecs/pickles.py",
        library_file="c-blosc/blosc/blosc.c",
        native_file="numcodecs/blosc.pyx",
    ),
}
"""The projects, by name."""

EXAMPLE = Project(
    requirement="examples/ovf",
    pythons=(),
    added_python="",
    extension="ovf_example/_core",
    python_file="src/ovf_example/__init__.py",
    library_file="src/ovf.cpp",
    native_file="src/bindings.cpp",
)
"""The example of this repository, which all interpreters can build."""
