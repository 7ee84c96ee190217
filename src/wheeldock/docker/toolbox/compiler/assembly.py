"""
What inline assembly could read.

By `.include` and `.incbin` the assembler reads files of which neither the preprocessor nor a
linker tells. ccache leaves alone what has the latter in its usual form, and knows nothing of the
former. Where the code of a source tree has one of them, any file of the tree may be meant: what is
compiled or linked there depends on all of them.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_CODE = (
    *(".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inc", ".inl", ".ipp", ".tpp"),
    *(".def", ".in", ".src", ".pxd", ".pxi", ".pyx"),
)
"""Files that may have code in C or C++, or become such."""

_DIRECTIVE = re.compile(rb"(?:^|[\s\";]|\\[nt])\.inc(?:bin|lude)(?=[\s\"'\\])", re.MULTILINE)
_NAMES = (b".incbin", b".include")
"""What is in all that has a directive, and is looked for twenty times as fast."""


def fingerprint(source: Path) -> str:
    """A digest of all files of a source tree whose assembly could read them; else ""."""
    files = sorted(path for path in source.rglob("*") if path.is_file())
    code = (path.read_bytes() for path in files if path.name.lower().endswith(_CODE))
    if not any(_DIRECTIVE.search(text) for text in code if any(name in text for name in _NAMES)):
        return ""
    digest = sha256()
    for path in files:
        content = sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {path}\n".encode(errors="surrogateescape"))
    return f"{digest.hexdigest()}  {source}\n"
