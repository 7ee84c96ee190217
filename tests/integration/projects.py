"""Small projects to build: a C extension that takes two seconds, and what can be wrong with one."""

from __future__ import annotations

import secrets
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "tiny"
version = "1.0"
"""

SETUPTOOLS_SCM = """\
[build-system]
requires = ["setuptools", "setuptools-scm"]
build-backend = "setuptools.build_meta"

[project]
name = "tiny"
dynamic = ["version"]

[tool.setuptools_scm]
"""

HATCH_VCS = """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
build-backend = "hatchling.build"

[project]
name = "tiny"
dynamic = ["version"]

[tool.hatch]
version.source = "vcs"
build.targets.wheel.bypass-selection = true
"""

SETUP = """\
from setuptools import Extension, setup

setup(packages=[], ext_modules=[Extension("tiny", ["tiny.c"])])
"""

CODE = """\
#include <Python.h>

static PyModuleDef module = {PyModuleDef_HEAD_INIT, "tiny", NULL, -1, NULL};

PyMODINIT_FUNC PyInit_tiny(void) { return PyModule_Create(&module); }
"""

SDIST_ALONE = """\
import sys

from setuptools import setup

if "bdist_wheel" in sys.argv:
    raise SystemExit("the sdist is all that is wanted")
setup()
"""

LIMITED_SETUP = """\
from setuptools import Extension, setup

KEY = "py_limited_api"
extension = Extension("tiny", ["tiny.c"], **{KEY: True})
setup(packages=[], ext_modules=[extension], options={"bdist_wheel": {KEY: "cp311"}})
"""

LIMITED_CODE = "#define Py_LIMITED_API 0x030B0000\n" + CODE

STALE_SETUP = """\
from setuptools import Extension, setup

stale = ["tiny.cpython-311-x86_64-linux-gnu.so"]
setup(packages=[], ext_modules=[Extension("tiny", ["tiny.c"])], data_files=[("", stale)])
"""

PURE_SETUP = """\
from setuptools import setup

setup(py_modules=[])
"""

NEWER_SYMBOL_SETUP = """\
import os
import subprocess

from setuptools import Extension, setup

# As the mathematical library of a newer system.
os.makedirs("/newer", exist_ok=True)
with open("/newer/versions", "w") as file:
    file.write("GLIBC_2.29 { pow; };")
options = ["-shared", "-fPIC", "-Wl,-soname,libm.so.6", "-Wl,--version-script=/newer/versions"]
subprocess.run(
    ["gcc", "-x", "c", "-", *options, "-o", "/newer/libm.so"],
    input=b"double pow(double base, double exponent) { return base * exponent; }",
    check=True,
)
extension = Extension("tiny", ["tiny.c"], library_dirs=["/newer"], libraries=["m"])
setup(ext_modules=[extension])
"""

NEWER_SYMBOL_CALL = """\
extern double pow(double base, double exponent);

double newer(double base, double exponent) { return pow(base, exponent); }
"""

LOST_LIBRARY_SETUP = """\
import os
import subprocess

from setuptools import Extension, setup

# As a library that is found at build time, and nowhere at run time.
os.makedirs("/lost", exist_ok=True)
options = ["-shared", "-fPIC", "-Wl,-soname,liblost.so.1"]
subprocess.run(
    ["gcc", "-x", "c", "-", *options, "-o", "/lost/liblost.so"],
    input=b"int lost(void) { return 1; }",
    check=True,
)
extension = Extension("tiny", ["tiny.c"], library_dirs=["/lost"], libraries=["lost"])
setup(ext_modules=[extension])
"""

LOST_LIBRARY_CALL = """\
extern int lost(void);

int found(void) { return lost(); }
"""

NOT_FROM_13_ON = """\
#include <Python.h>
#if PY_VERSION_HEX >= 0x030D0000
#error "tiny does not know this Python"
#endif
"""


NO_IGNORED = """\
import os

if os.path.exists("ignored"):
    raise SystemExit("what is ignored came along")
"""

DISK_FILLING_SETUP = """\
import sys

if "bdist_wheel" in sys.argv:
    # A small disk that every container has.
    with open("/dev/shm/big", "wb") as file:
        file.write(bytes(65 << 20))

from setuptools import setup

setup()
"""

WHEEL = "tiny-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
"""The file of the wheel that the tools' own interpreter builds of it."""


def unlike() -> str:
    """C code that no other run of the tests has: an engine keeps what it built of the same."""
    return f'const char unlike[] = "{secrets.token_hex()}";\n'


def write_tiny(
    folder: Path, *, pyproject: str = "", setup: str = SETUP, code: str = CODE, more_code: str = ""
) -> None:
    """
    Write the project into a folder, made if need be.

    `pyproject` and `more_code` are added to what is there; `setup` and `code` replace it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(PYPROJECT + pyproject, encoding="utf-8")
    (folder / "setup.py").write_text(setup, encoding="utf-8")
    (folder / "tiny.c").write_text(code + more_code, encoding="utf-8")


def sleeping_setup(seconds: str, *, in_wheel: bool) -> str:
    """Return a setup.py that sleeps, once the sdist is built or before; such a number marks it."""
    commands = "bdist_wheel" if in_wheel else "sdist"
    return (
        "import subprocess\n"
        "import sys\n"
        f"if {commands!r} in sys.argv:\n"
        f"    subprocess.run(['sleep', '{seconds}'])\n"
    ) + SETUP


def extension(wheel: Path) -> bytes:
    """The content of a wheel's extension module."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.read("tiny.cpython-313-x86_64-linux-gnu.so")
