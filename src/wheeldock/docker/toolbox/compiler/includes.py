"""
What an #include could find, by name.

ccache knows the content of each header that a compile read, but not that a new one would now be
read instead of it, or that `__has_include` now says yes. It looks at the environment as well,
however: with these names in a variable that no compiler here reads, it takes the result of an
earlier compile at once only if no name came or went. Otherwise it preprocesses, and knows.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

VARIABLE = "EXTERNAL_INCLUDE"
"""Microsoft's compiler reads it, and ccache looks at it for any compiler."""

_IMAGE = Path("/opt/wheeldock/include-names")
_NO_GENERATORS = (
    *(".py", ".pyi", ".pyx", ".pxd", ".ipynb", ".md", ".rst", ".csv", ".npy", ".png", ".svg"),
    *(".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx"),
)
"""Files that do not decide which headers a build makes: only their names matter."""

_LARGEST_GENERATOR = 1_000_000
"""Bytes; what is larger is data."""


def fingerprint(source: Path, environment: Path) -> str:
    """A digest of what compiles of this source tree could include, in this environment."""
    names = sha256()
    names.update(_IMAGE.read_bytes() if _IMAGE.exists() else b"")
    for installed in sorted(environment.glob("lib/python*/site-packages/*-info")):
        names.update(f"{installed.name}\n".encode())
    for folder, folders, files in os.walk(source):
        folders.sort()
        for name in sorted(files):
            path = Path(folder, name)
            names.update(f"{path}\n".encode(errors="surrogateescape"))
            if _may_generate(path):
                names.update(path.read_bytes())
    return names.hexdigest()


def _may_generate(path: Path) -> bool:
    if path.name in {"PKG-INFO", "SOURCES.txt"}:  # they change with each version
        return False
    if path.name != "setup.py" and path.suffix in _NO_GENERATORS:
        return False
    return path.is_file() and path.stat().st_size <= _LARGEST_GENERATOR
