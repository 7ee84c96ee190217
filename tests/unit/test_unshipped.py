from __future__ import annotations

import pytest

from wheeldock import unshipped
from wheeldock.errors import BuildFailedError, CommandFailedError, RepairError

PROJECT = [
    *("pyproject.toml", "csrc/add.h", "csrc/a.c", "tools/gen.py", "helpers/__init__.py"),
    *("cmake/own.cmake", "sub/meson.build", "file", "tests/test_add.py"),
]
SDIST = ["pyproject.toml", "PKG-INFO", "csrc/a.c"]
LACKING = set(PROJECT) - set(SDIST)


@pytest.mark.parametrize(
    ("log", "file"),
    [
        ("a.c:1:10: fatal error: add.h: No such file or directory", "csrc/add.h"),
        ("error in setup command: 'tools/gen.py' does not name an existing file", "tools/gen.py"),
        ("python: can't open file '/src/tools/gen.py': [Errno 2] No such file", "tools/gen.py"),
        ("  cause: File not found: tools/gen.py", "tools/gen.py"),
        ("FileNotFoundError: [Errno 2] No such file or directory: './csrc/add.h'", "csrc/add.h"),
        ("ModuleNotFoundError: No module named 'tools.gen'", "tools/gen.py"),
        ("ModuleNotFoundError: No module named 'helpers'", "helpers/__init__.py"),
        ("  include could not find requested file:\n\n    cmake/own.cmake", "cmake/own.cmake"),
        ("meson.build:3:0: ERROR: Nonexistent build file 'sub/meson.build'", "sub/meson.build"),
        ("a.c:1:10: fatal error: other.h: No such file or directory", None),
        ("ModuleNotFoundError: No module named 'numpy'", None),
        ("a.c:7: error: unknown type in csrc/add.h", None),
        ("fatal error: csrc/a.c: No such file or directory", None),
    ],
)
def test_the_file_that_a_log_misses_is_found(log: str, file: str | None) -> None:
    assert unshipped.missed(f"before\n{log}\nafter", LACKING) == file


def test_the_cure_names_it_and_what_ships_it() -> None:
    for kind in (BuildFailedError, CommandFailedError):
        error = kind("gcc failed\n    fatal error: add.h: No such file or directory")
        unshipped.tell(error, LACKING)
        assert error.cure.startswith("csrc/add.h is in the project and not in its sdist")
        assert "MANIFEST.in" in error.cure
        assert 'build-from = "tree"' in error.cure


def test_other_errors_keep_their_cure() -> None:
    missing = RepairError("add.h: No such file or directory", cure="Mend it.")
    unshipped.tell(missing, LACKING)
    known = BuildFailedError("syntax error", cure="Mend it.")
    unshipped.tell(known, LACKING)
    assert missing.cure == known.cure == "Mend it."
