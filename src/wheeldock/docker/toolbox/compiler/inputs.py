"""
What a linker read, and what it would read now.

The linker lists every file that it opened in a dependency file (GNU ld since 2.35). A file of
the same name that turns up earlier on the search path would be read instead: so for each name
it is kept which of the searched folders have it.
"""

# pathlib takes longer to import than a link from the cache takes.
# ruff: noqa: PTH110, PTH116, PTH118, PTH119, PTH123
from __future__ import annotations

import os
import re
import time
from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_LIBRARY = re.compile(r"(lib.+)\.(?:so|a)\Z")
_LTO_TEMPORARY = re.compile(r"(?:\.(?:ltrans\d*|lto|debug\.temp)|/cc\w{6})\.o\Z")
_BINARIES = (b"\x7fELF", b"!<arch>\n")
_OPENS_OTHERS = (b"SEARCH_DIR", b"INCLUDE", b"!<thin>\n")
_OFFLOADED = b".gnu.offload_lto"
"""The section with code for another processor: other compilers than ours would take it."""
_LARGEST = 500_000_000
"""Bytes; what is larger is not worth the memory that it takes to read it."""

ONE_TICK = 10_000_000
"""Nanoseconds; the clock that dates a file's changes may be that much behind."""


def read_dependency_file(text: str) -> list[str]:
    """
    The files that a linker read, of its dependency file (a rule of a makefile).

    What LTO made in passing and removed is left out. Raises ValueError for a name in doubt.
    """
    rule = text.partition("\n\n")[0]
    _, *lines = rule.replace("\\\n", "\n").splitlines()
    names = [line.strip() for line in lines if line.strip()]
    for name in names:
        if set(name) & set("\\$#:"):
            raise ValueError(name)
    kept = [name for name in names if os.path.exists(name) or not _LTO_TEMPORARY.search(name)]
    return sorted(set(kept))


def digest(path: str) -> str:
    """The SHA-256 of a file's content; raises OSError."""
    with open(path, "rb") as file:
        return sha256(file.read()).hexdigest()


def settled_digest(path: str, before: int) -> str:
    """
    The SHA-256 of a file that has not changed since that time (nanoseconds since the epoch).

    Raises ValueError when it has, or when the linker would open or run others because of it.
    """
    with open(path, "rb") as file:
        status = os.fstat(file.fileno())
        if status.st_ctime_ns >= before - ONE_TICK or status.st_size > _LARGEST:
            raise ValueError(path)
        content = file.read()
        if os.fstat(file.fileno()).st_ctime_ns != status.st_ctime_ns:
            raise ValueError(path)
    doubtful = (_OFFLOADED,) if content.startswith(_BINARIES) else _OPENS_OTHERS
    if any(word in content for word in doubtful):
        raise ValueError(path)
    return sha256(content).hexdigest()


def settle(paths: Iterable[str]) -> int:
    """Wait until the last change of the files is clearly in the past, and return the time then."""
    changes = [os.stat(path).st_ctime_ns for path in paths if os.path.exists(path)]
    newest = max(changes, default=0) + ONE_TICK
    while newest >= (now := time.time_ns()):
        if newest > now + ONE_TICK:  # the file is from the future: no wait would help
            break
        time.sleep((newest - now + 1) / 1e9)
    return time.time_ns()


def searched_names(files: Iterable[str]) -> list[str]:
    """The names by which a linker searches for these files, or could have."""
    names = set()
    for file in files:
        name = os.path.basename(file)
        names.add(name)
        if match := _LIBRARY.match(name):
            names |= {f"{match[1]}.so", f"{match[1]}.a"}
    return sorted(names)


def present(names: Iterable[str], folders: Iterable[str]) -> list[str]:
    """Which of the names are in which of the folders, as paths."""
    paths = [os.path.join(folder, name) for folder in dict.fromkeys(folders) for name in names]
    return [path for path in paths if os.path.lexists(path)]
