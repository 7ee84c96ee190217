"""What a base image lacks, by the log of a build or a command that failed for want of it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheeldock.errors import BuildFailedError, CommandFailedError
from wheeldock.images import STAND_IN_NAME

if TYPE_CHECKING:
    from collections.abc import Collection

    from wheeldock.errors import WheeldockError

_NAMES_DIFFER = "names of packages may differ, and overrides tell images apart."
_NO_MANAGER = (
    "{image} has no {manager}. `system-packages` installs with what an image has; " + _NAMES_DIFFER
)
_LISTS = (
    "apt-get knows no package {package}, since {image} has none of its lists: `apt-get update` "
    "goes before it, and `system-packages` does that by itself."
)
_NO_PACKAGE = "{image} has no package {package}: " + _NAMES_DIFFER
_NO_RUST = (
    '{image} has no Rust. `system-packages = ["cargo"]` installs its distribution\'s; for a newer '
    "one, run rustup in `before-all` and put $HOME/.cargo/bin on PATH in `environment`, or name an "
    "image that has it."
)
_NO_FORTRAN = (
    "{image} has no Fortran compiler, which the official images have. "
    '`system-packages = ["gfortran"]` installs that of Debian or Alpine.'
)
_NO_LIBRARY = (
    "The build finds no {library} in {image}. A library comes with its development package: name "
    "that in `system-packages`, or build the library in `before-all`. A Python package is one of "
    "`build-system.requires`."
)
_CMAKE = r"CMake Error at .*:\s+"
_BY = r"provided by\s+\"(?P<library>[^\"]+)\""
_MODULE = r"(?P<library>[\w.+-]+)"
_CURES = {
    r"\b(?P<manager>yum|dnf|microdnf|apk|apt-get|apt): (command )?not found": _NO_MANAGER,
    # apt-get and apt
    r"^ *E(rror)?: (Unable to locate package |Package ')(?P<package>[^\s']+)": _LISTS,
    # dnf and apk
    r"Unable to find a match: (?P<package>.+)$": _NO_PACKAGE,
    r"(?P<package>\S+) \(no such package\)": _NO_PACKAGE,
    # setuptools-rust, maturin, what fetches Rust for it (its traceback), Meson
    r"can't find Rust compiler": _NO_RUST,
    r"(cargo|rustc), the rust [\w ]+, is not installed|Do you have cargo in your PATH": _NO_RUST,
    r"puccinialin/_setup_rust\.py": _NO_RUST,
    r"Unknown compiler\(s\): \[\['rustc'": _NO_RUST,
    r"\b(cargo|rustc): (command )?not found|No such file or directory: '(cargo|rustc)'": _NO_RUST,
    # Meson, CMake, a shell, Python
    r"Unknown compiler\(s\): \[\['gfortran'|No CMAKE_Fortran_COMPILER could be found": _NO_FORTRAN,
    r"\bgfortran: (command )?not found|No such file or directory: 'gfortran'": _NO_FORTRAN,
    # Meson, CMake, and what runs a library's own program
    r"ERROR: Dependency \"(?!python)(?P<library>[^\"]+)\" not found": _NO_LIBRARY,
    r"ERROR: Dependency lookup for (?!python)(?P<library>\S+) with method": _NO_LIBRARY,
    _CMAKE + r"Could (?-i:NOT) find (?!Python)(?P<library>\w+)": _NO_LIBRARY,
    _CMAKE + r"(By not [^!]+?)?Could not find a package configuration file " + _BY: _NO_LIBRARY,
    _CMAKE + r"The following required packages were not found:\s+- " + _MODULE: _NO_LIBRARY,
    r"\b(?P<library>\w+[-_]config)( executable|: command|:) not found": _NO_LIBRARY,
    r"No such file or directory: '(?P<library>\w+[-_]config)'": _NO_LIBRARY,
}
"""How what is lacking is told in a log, and what to do; the last one in a log made it fail."""

_PATTERNS = {re.compile(form, re.MULTILINE | re.IGNORECASE): cure for form, cure in _CURES.items()}
_HAD_LISTS = re.compile(r"\bapt(-get)? (-\S+ )*update\b|system-packages: ")

_HEADER = re.compile(
    r"\S:\d+(:\d+)?: fatal error: '?(?P<name>[^':\n]+?)'?"
    r"(: No such file or directory| file not found)$",
    re.MULTILINE,
)
"""What GCC and Clang say of a header that an `#include` names."""

_LIBRARY = re.compile(r"^  \S+ in lib\S+\.so\b", re.MULTILINE)
"""How a symbol is told that a library of the image needs, and no module of the wheel."""


def cure(log: str, image: str) -> str:
    """What to do about what failed last for want of something in the image; "" for all else."""
    found = [(each, told) for form, told in _PATTERNS.items() for each in form.finditer(log)]
    if not found:
        return ""
    last, told = max(found, key=lambda each: each[0].start())
    if told is _LISTS and _HAD_LISTS.search(log):
        told = _NO_PACKAGE
    return told.format(image=image, **last.groupdict())


def cure_of_symbols(message: str, image: str) -> str:
    """What to do about a library to graft that is too new, since a stand-in's are Debian's."""
    if not (image.startswith(STAND_IN_NAME) and _LIBRARY.search(message)):
        return ""
    return (
        "What `system-packages` adds to a stand-in is Debian's, and may need a newer glibc than "
        "the policy's: build such a library in `before-all`, or the wheel on the official image."
    )


def tell_of_header(error: WheeldockError, files: Collection[str]) -> None:
    """Tell in the cure of a failed build of a header that is none of the source's own files."""
    if error.cure or not isinstance(error, (BuildFailedError, CommandFailedError)):
        return
    for match in _HEADER.finditer(error.message):
        name = match["name"].lstrip("./")
        if not any(f"/{path}".endswith(f"/{name}") for path in files):
            error.cure = (
                f"{name} is no file of the project. A system library's comes with its package: "
                "name that in `system-packages`, or build the library in `before-all`; a Python "
                "package's comes with that, as one of `build-system.requires`."
            )
            return
