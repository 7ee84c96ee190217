from __future__ import annotations

import pytest

from wheeldock import imagelacks
from wheeldock.errors import BuildFailedError, CommandFailedError, RepairError

MATURIN = """\
      File "/env/lib/python3.13/site-packages/maturin/__init__.py", line 83, in _get_env
        extra_env = setup_rust()
      File "/env/lib/python3.13/site-packages/puccinialin/_setup_rust.py", line 34, in download_rustup
        response = client.head(url)
    httpx.ConnectError: [Errno -2] Name or service not known
"""  # noqa: E501 - as it is printed
APT = """\
    Reading package lists...
    Building dependency tree...
    Reading state information...
    E: Unable to locate package libffi-dev
"""
NEWER_APT = "    Error: Unable to locate package libffi-dev\n"
FAILED = "cp313-manylinux_x86_64, stage tools: before-all ended with exit code 100: {}\n"


@pytest.mark.parametrize(
    ("log", "lacks"),
    [
        ("    bash: line 1: yum: command not found", "I has no yum."),
        ("    sh: 1: apt-get: not found", "I has no apt-get."),
        ("    error: can't find Rust compiler\n    \n    If you are using an outdated pip", "Rust"),
        (MATURIN, "I has no Rust."),
        ("  Caused by: Cargo metadata failed. Do you have cargo in your PATH?", "I has no Rust."),
        (
            "💥 maturin failed\n  Caused by: rustc, the rust compiler, is not installed or not in",
            "I has no Rust.",
        ),
        ("    Cargo, the Rust package manager, is not installed or is not on PATH.", "Rust"),
        ("    bash: line 1: cargo: command not found", "I has no Rust."),
        ("    FileNotFoundError: [Errno 2] No such file or directory: 'cargo'", "Rust"),
        ("    ../meson.build:1:0: ERROR: Unknown compiler(s): [['rustc']]", "I has no Rust."),
        ("    ERROR: Unknown compiler(s): [['gfortran'], ['flang']]", "I has no Fortran compiler"),
        ("      No CMAKE_Fortran_COMPILER could be found.", "I has no Fortran compiler"),
        ("    FileNotFoundError: [Errno 2] No such file or directory: 'gfortran'", "no Fortran"),
        ("    Error: Unable to find a match: libffi-dev", "I has no package libffi-dev:"),
        ("    ERROR: unable to select packages:\n      ffi-dev (no such package):", "ffi-dev:"),
        (APT, "apt-get knows no package libffi-dev, since I has none of its lists"),
        (NEWER_APT, "apt-get knows no package libffi-dev, since I has none of its lists"),
        ("    E: Package 'nano' has no installation candidate", "apt-get knows no package nano,"),
        ("    a.c:1:1: error: unknown type name 'rustc'\n    cargo is not what it was", ""),
        ("    Compiling cargo-platform v0.1\n    error[E0432]: unresolved import", ""),
    ],
)
def test_what_an_image_lacks_is_read_in_a_log(log: str, lacks: str) -> None:
    told = imagelacks.cure(f"cp313-manylinux_x86_64, stage build: it failed\n{log}\n", "I")
    assert bool(told) == bool(lacks)
    assert lacks in told


def test_of_several_commands_it_is_what_the_last_one_lacked() -> None:
    command = "yum install -y libffi-devel || apk add libffi-dev || apt-get install -y libffi-dev"
    shell = "    bash: line 1: yum: command not found\n    bash: line 1: apk: command not found\n"
    told = imagelacks.cure(FAILED.format(command) + shell + APT, "I")
    assert "`apt-get update` goes before it, and `system-packages` does that" in told
    assert "yum" not in told
    without = shell + "    bash: line 1: apt-get: command not found\n"
    assert imagelacks.cure(FAILED.format(command) + without, "I").startswith("I has no apt-get.")


@pytest.mark.parametrize(
    "failed",
    [
        FAILED.format("apt-get update && apt-get install -y libffi-dev"),
        FAILED.format("apt-get -q update; apt-get install -y libffi-dev"),
        "stage tools: system-packages: apt-get ended with exit code 100 for libffi-dev\n",
    ],
)
def test_a_package_that_is_in_no_list_is_told_as_that(failed: str) -> None:
    assert imagelacks.cure(failed + APT, "I").startswith("I has no package libffi-dev: names of")


MESON = """\
    Run-time dependency cairo found: NO  (tried pkg-config and cmake)
    ../cairo/meson.build:31:12: ERROR: Dependency "{}" not found (tried pkg-config and cmake)
"""
CMAKE = """\
    CMake Error at /usr/share/cmake/FindPackageHandleStandardArgs.cmake:290 (message):
      Could NOT find {} (missing: CURL_LIBRARY CURL_INCLUDE_DIR)
"""
CMAKE_PACKAGE = """\
    CMake Error at CMakeLists.txt:3 (find_package):
      Could not find a package configuration file provided by "fmt" with any
      of the following names:
"""
CMAKE_MODULE = """\
    CMake Error at CMakeLists.txt:3 (find_package):
      By not providing "Findfmt.cmake" in CMAKE_MODULE_PATH this project has
      asked CMake to find a package configuration file provided by "fmt", but
      CMake did not find one.

      Could not find a package configuration file provided by "fmt" with any
"""
CMAKE_PKG_CONFIG = """\
    CMake Error at /usr/share/cmake/FindPkgConfig.cmake:1093 (message):
      The following required packages were not found:

       - cairo>=1
"""


@pytest.mark.parametrize(
    ("log", "library"),
    [
        (MESON.format("cairo"), "cairo"),
        ("    meson.build:9:9: ERROR: Dependency lookup for zlib with method 'pkgconfig'", "zlib"),
        (CMAKE.format("CURL"), "CURL"),
        (CMAKE_PACKAGE, "fmt"),
        (CMAKE_MODULE, "fmt"),
        (CMAKE_PKG_CONFIG, "cairo"),
        ("    Error: pg_config executable not found.", "pg_config"),
        ("    /bin/sh: 1: mysql_config: not found", "mysql_config"),
        ("    sh: line 1: curl-config: command not found", "curl-config"),
        ("    FileNotFoundError: [Errno 2] No such file or directory: 'pg_config'", "pg_config"),
        (MESON.format("python-3.13-embed"), None),
        (CMAKE.format("Python3"), None),
        (CMAKE.format("CURL").replace("Error", "Warning"), None),
        ("    -- Could NOT find CURL (missing: CURL_LIBRARY)", None),
        ("    Run-time dependency cairo found: NO", None),
        ("    FileNotFoundError: [Errno 2] No such file or directory: 'own.config'", None),
    ],
)
def test_a_library_that_a_build_does_not_find_is_named(log: str, library: str | None) -> None:
    told = imagelacks.cure(f"cp313-manylinux_x86_64, stage build: it failed\n{log}\n", "I")
    assert told.startswith(f"The build finds no {library} in I. ") if library else not told


FILES = ["src/own.h", "csrc/lib/deep.h", "a.c"]


@pytest.mark.parametrize(
    ("log", "header"),
    [
        ("    a.c:1:10: fatal error: ffi.h: No such file or directory", "ffi.h"),
        ("    src/_mod.c:15:10: fatal error: openssl/ssl.h: No such file or directory", "openssl/"),
        ("    a.cpp:2:10: fatal error: 'Eigen/Dense' file not found", "Eigen/Dense"),
        ("    a.c:1:10: fatal error: own.h: No such file or directory", None),
        ("    a.c:1:10: fatal error: ../lib/deep.h: No such file or directory", None),
        ("    cc1: fatal error: gone.c: No such file or directory", None),
        ("    a.c:1:10: error: ffi.h", None),
    ],
)
def test_a_header_of_no_file_is_a_system_librarys(log: str, header: str | None) -> None:
    for kind in (BuildFailedError, CommandFailedError):
        error = kind(f"cp39-manylinux_x86_64, stage build: it failed\n{log}\n    it ended.")
        imagelacks.tell_of_header(error, FILES)
        assert bool(error.cure) == bool(header)
        if header:
            assert error.cure.startswith(header)
            assert "`system-packages`" in error.cure


def test_a_cure_that_is_known_stays() -> None:
    log = "a.c:1:10: fatal error: ffi.h: No such file or directory"
    for error in (BuildFailedError(log, cure="Mend it."), RepairError(log, cure="Mend it.")):
        imagelacks.tell_of_header(error, FILES)
        assert error.cure == "Mend it."
