"""
Headers of the C library and of libstdc++ as of an older glibc.

usage: headers.py GLIBC FUNCTION…

What the linker cannot find must not be declared: a linker script or `-z lazy` lets an undefined
symbol without a version through, and auditwheel does not see it. GLIBC is the version to be, at
least 2.28 and below 2.31; FUNCTIONs are those that it has not. A header that is edited is diverted
first, so that an upgrade of its package does not undo this.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

INCLUDE = Path("/usr/include")
MULTIARCH = INCLUDE / f"{os.uname().machine}-linux-gnu"


def main() -> None:
    """Edit the headers for the glibc of the command line."""
    glibc, *functions = sys.argv[1:]
    edit(
        INCLUDE / "features.h",
        r"^(#define\s+__GLIBC_MINOR__\s+)\d+$",
        rf"\g<1>{glibc.partition('.')[2]}",
    )
    # libstdc++ found these functions when it was configured.
    (configuration,) = MULTIARCH.glob("c++/*/bits/c++config.h")
    edit(
        configuration,
        r"^#define (_GLIBCXX_USE_PTHREAD_(COND_CLOCKWAIT|MUTEX_CLOCKLOCK|RWLOCK_CLOCKLOCK)) .*$",
        r"/* #undef \1 */",
    )
    # totalorder and totalordermag take pointers since 2.31; their older versions take values.
    edit(
        MULTIARCH / "bits/mathcalls.h",
        r"(totalorder(mag)?,, )\(const _Mdouble_ \*__x,\s+const _Mdouble_ \*__y\)\)\s+"
        r"__attribute_pure__;",
        r"\1(_Mdouble_ __x, _Mdouble_ __y)) __attribute__ ((__const__));",
    )
    declaration = rf"^extern [^;{{}}]*?\b({'|'.join(functions)})\b\s*\([^;{{}}]*;"
    headers = [*INCLUDE.glob("*.h"), *MULTIARCH.glob("bits/*.h"), *MULTIARCH.glob("sys/*.h")]
    for header in sorted(headers):
        if re.search(declaration, read(header), flags=re.MULTILINE):
            edit(header, declaration, rf"/* \1: newer than {glibc} */")
            print(f"{header}: without", *sorted(set(re.findall(r"/\* (\w+): newer", read(header)))))


def edit(header: Path, pattern: str, replacement: str) -> None:
    """Replace a pattern in a header, once diverted. Exits when there is no match."""
    text, count = re.subn(pattern, replacement, read(header), flags=re.MULTILINE)
    if not count:
        sys.exit(f"{header}: nothing matches {pattern!r}")
    original = header.with_name(header.name + ".image")
    if not original.exists():
        divert = ["dpkg-divert", "--local", "--quiet", "--rename", "--divert", str(original)]
        subprocess.run([*divert, "--add", header], check=True)
    header.write_text(text, encoding="utf-8")


def read(header: Path) -> str:
    """The text of a header."""
    return header.read_text(encoding="utf-8", errors="surrogateescape")


if __name__ == "__main__":
    main()
