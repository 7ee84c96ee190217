"""
What an #include could find, by name.

ccache knows the content of each header that a compile read, but not that a new one would now be
read instead of it, or that `__has_include` now says yes. It looks at the environment as well,
however: with these names in a variable that no compiler here reads, it takes the result of an
earlier compile at once only if no name came or went. Otherwise it preprocesses, and knows.
"""

from __future__ import annotations

import os
import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container

VARIABLE = "EXTERNAL_INCLUDE"
"""Microsoft's compiler reads it, and ccache looks at it for any compiler."""

_IMAGE = Path("/opt/wheeldock/include-names")
_NO_GENERATORS = (
    *(".pyi", ".pyx", ".pxd", ".ipynb", ".md", ".rst", ".csv", ".npy", ".png", ".svg"),
    *(".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx"),
)
"""Files that do not decide which headers a build makes: only their names matter."""

_NAMES_HEADER = re.compile(rb"\.(?:h|hh|hpp|hxx|inc|inl|ipp|tpp|def)[\"']")
"""What Python code has in it that makes headers, and little other code has."""

_LARGEST_GENERATOR = 1_000_000
"""Bytes; what is larger is data."""


def fingerprint(source: Path, environment: Path) -> str:
    """A digest of what compiles of this source tree could include, in this environment."""
    names = sha256()
    names.update(_IMAGE.read_bytes() if _IMAGE.exists() else b"")
    for installed in requirements(environment):
        names.update(f"{installed}\n".encode())
    names.update(tree(source))
    return names.hexdigest()


def requirements(environment: Path) -> list[str]:
    """What is installed in an environment, with the versions."""
    return sorted(found.name for found in environment.glob("lib/python*/site-packages/*-info"))


def tree(source: Path, contents: Container[str] = ()) -> bytes:
    """
    A digest of a source tree's names, and of the content of what may generate headers.

    `contents` are suffixes of files whose content matters, too.
    """
    names = sha256()
    for folder, folders, files in os.walk(source):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            names.update(f"{path}\n".encode(errors="surrogateescape"))
            if _may_generate(path) or (path.suffix.lower() in contents and path.is_file()):
                names.update(path.read_bytes())
    return names.digest()


def _may_generate(path: Path) -> bool:
    if path.name in {"PKG-INFO", "SOURCES.txt"}:  # they change with each version
        return False
    if path.suffix in _NO_GENERATORS or not path.is_file():
        return False
    if path.stat().st_size > _LARGEST_GENERATOR:
        return False
    is_script = path.suffix == ".py" and path.name != "setup.py"
    return not is_script or bool(_NAMES_HEADER.search(path.read_bytes()))
