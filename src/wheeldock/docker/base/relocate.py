"""
Makes a CPython of Debian's feel at home below /opt: what its files say of paths and compilers.

usage: relocate.py VERSION GLIBC, run by that interpreter itself, before it has pip

After this it installs where upstream's does, has ensurepip, and builds extensions with the image's
compiler for the image's C library, not for its private one.
"""

from __future__ import annotations

import json
import os
import pprint
import re
import sys
from pathlib import Path
from typing import NamedTuple

from elf import ElfFile, parse_version

MULTIARCH = f"{os.uname().machine}-linux-gnu"

C_LIBRARY = [
    "libc.so.6",
    "libm.so.6",
    "libpthread.so.0",
    "libdl.so.2",
    "librt.so.1",
    "libutil.so.1",
    "libresolv.so.2",
    "libcrypt.so.1",
]
INLINE_IN_THE_IMAGE = {"stat", "fstat", "lstat", "fstatat", "mknod", "mknodat"}
"""Functions of the image's C library that its headers define: no symbols before glibc 2.33."""

BASECFLAGS = "-fno-strict-overflow -Wsign-compare"
OPT = "-DNDEBUG -g -fwrapv -O3 -Wall"
COMPILER_VARIABLES = {
    # As upstream's configure has them. Debian's hold flags that the image's compiler does not
    # know, and flags that are Debian's taste.
    "BASECFLAGS": BASECFLAGS,
    "OPT": OPT,
    "CFLAGS": f"{BASECFLAGS} {OPT}",
    "PY_CFLAGS": f"{BASECFLAGS} {OPT}",
    "CPPFLAGS": "-I.",
    "PY_CPPFLAGS": "-I.",
    "CONFIGURE_CFLAGS": "",
    "CONFIGURE_CPPFLAGS": "",
    "CONFIGURE_LDFLAGS": "",
    "LDFLAGS": "",
    "PY_LDFLAGS": "",
    "PY_CORE_LDFLAGS": "",
    "RUNSHARED": "",
    # Before glibc 2.34 threads are a library of their own.
    "CC": "gcc -pthread",
    "CXX": "g++ -pthread",
    "LINKCC": "gcc -pthread",
    "LDSHARED": "gcc -pthread -shared",
    "BLDSHARED": "gcc -pthread -shared",
    "LDCXXSHARED": "g++ -pthread -shared",
    "AR": "ar",
    "RANLIB": "ranlib",
}


class Home(NamedTuple):
    """Where the interpreter is now."""

    version: str
    """Major and minor, e.g. `3.13`."""
    prefix: Path

    @property
    def stdlib(self) -> Path:
        """The standard library's folder."""
        return self.prefix / f"lib/python{self.version}"

    @property
    def wheels(self) -> Path:
        """The folder of the wheels that ensurepip installs."""
        return self.prefix / "wheels"

    def moved(self, value: object) -> object:
        """The value, e.g. of a build variable, with paths of this interpreter moved to here."""
        if not isinstance(value, str):
            return value
        value = re.sub(r"/build/\S*", "", value)  # where Debian built it
        for old, new in (
            (f"/usr/lib/{MULTIARCH}", self.prefix / "lib"),
            (f"/usr/lib/python{self.version}", self.stdlib),
            (f"/usr/include/python{self.version}", self.prefix / f"include/python{self.version}"),
            ("/usr/share/python-wheels", self.wheels),
        ):
            value = value.replace(old, str(new))
        # Whole paths only: /usr/bin/install stays where it is.
        rest = rf"(/bin/python{self.version}|/bin|/include|/lib|/share/man)?(['\s]|$)"
        return re.sub(rf"(?<![^\s'=])/usr(?={rest})", str(self.prefix), value)


def main() -> None:
    """Relocate the interpreter of the command line."""
    version, glibc = sys.argv[1:]
    home = Home(version, Path(f"/opt/_internal/cpython-{version}"))
    restore_install_schemes(home)
    restore_ensurepip(home)
    rewrite_build_variables(home)
    rewrite_build_details(home)
    rewrite_pkg_config(home)
    hide_newer_functions(home, glibc)


def restore_install_schemes(home: Home) -> None:
    """Install into site-packages; Debian's schemes have the system's dist-packages."""
    sysconfig = home.stdlib / "sysconfig.py"
    if not sysconfig.exists():
        sysconfig = home.stdlib / "sysconfig/__init__.py"
    if home.version != "3.9":
        replace(sysconfig, "'posix_local'\n", "'posix_prefix'\n")
        replace(sysconfig, ", 'posix_local')", ", 'posix_prefix')")
    # Debian's patches for the distutils of setuptools, which looks for this module.
    (home.stdlib / "_distutils_system_mod.py").unlink(missing_ok=True)
    distutils = home.stdlib / "distutils"
    if distutils.exists():
        replace(distutils / "command/install.py", '_scheme("unix_local")', '_scheme("unix_prefix")')
        replace(
            distutils / "sysconfig.py",
            'os.path.join(prefix, "lib", "python3", "dist-packages")',
            'os.path.join(libpython, "site-packages")',
        )


def restore_ensurepip(home: Home) -> None:
    """Let ensurepip work, with our wheels; Debian's refuses outside a virtual environment."""
    ensurepip = home.stdlib / "ensurepip/__init__.py"
    head = "def _ensurepip_is_disabled_in_debian_for_system():\n"
    replace(ensurepip, head, f"{head}    return\n")
    if home.version == "3.9":  # newer ones find the folder in a build variable
        replace(ensurepip, "/usr/share/python-wheels", str(home.wheels))
        replace(ensurepip, '    "pkg_resources",\n', "")  # Debian has it split off setuptools


def rewrite_build_variables(home: Home) -> None:
    """Rewrite what sysconfig knows of the build: its module, its JSON twin and the Makefile."""
    module = (home.stdlib / f"_sysconfigdata__linux_{MULTIARCH}.py").resolve()
    names: dict[str, dict[str, object]] = {}
    exec(module.read_text(encoding="utf-8"), names)  # noqa: S102 - it is this interpreter's own
    variables = {name: home.moved(value) for name, value in names["build_time_vars"].items()}
    variables.update(COMPILER_VARIABLES)
    variables.update(
        prefix=str(home.prefix),
        LIBDIR=str(home.prefix / "lib"),
        # A manylinux extension must not need libpython (PEP 513), so there is none to link to.
        Py_ENABLE_SHARED=0,
        LDLIBRARY=f"libpython{home.version}.a",
        INSTSONAME=f"libpython{home.version}.a",
    )
    write(module, f"build_time_vars = {pprint.pformat(variables)}\n")
    for path in home.stdlib.glob("_sysconfig_vars_*.json"):
        write(path, json.dumps(variables, indent=2, sort_keys=True))

    def assignment(match: re.Match[str]) -> str:
        value = variables.get(match["name"])
        plain = isinstance(value, str) and "$" not in match["value"]
        return f"{match['name']}=\t{value}" if plain else match[0]

    makefile = home.stdlib / f"config-{home.version}-{MULTIARCH}/Makefile"
    text = makefile.read_text(encoding="utf-8")
    pattern = r"^(?P<name>\w+)=[ \t]*(?P<value>.*)$"
    write(makefile, re.sub(pattern, assignment, text, flags=re.MULTILINE))


def rewrite_build_details(home: Home) -> None:
    """Rewrite build-details.json (PEP 739), and give it the name that it has upstream."""

    def moved_values(mapping: dict[str, object]) -> dict[str, object]:
        return {key: home.moved(value) for key, value in mapping.items()}

    for path in home.stdlib.glob("build-details*.json"):
        details = json.loads(path.read_text(encoding="utf-8"), object_hook=moved_values)
        details.pop("libpython", None)
        path.unlink()
        write(home.stdlib / "build-details.json", json.dumps(details, indent=2))


def rewrite_pkg_config(home: Home) -> None:
    """Rewrite the pkg-config files, which Meson reads."""
    for path in (home.prefix / "lib/pkgconfig").glob("*.pc"):
        text = path.read_text(encoding="utf-8")
        write(path, re.sub(rf"=/usr(/lib)?(/{MULTIARCH})?", rf"={home.prefix}\1", text))


def hide_newer_functions(home: Home, glibc: str) -> None:
    """
    Take from pyconfig.h the functions that extensions will not find.

    The interpreter was configured for its own, newer C library; extensions are linked to the
    image's, as of the policy.
    """
    image = functions(Path("/lib", MULTIARCH), newest=glibc)
    newer = functions(home.prefix / "rt") - image - INLINE_IN_THE_IMAGE
    hidden = []

    def undefine(match: re.Match[str]) -> str:
        if match["function"].lower() not in newer:
            return match[0]
        hidden.append(match["function"].lower())
        return f"/* #undef HAVE_{match['function']} */"

    header = home.prefix / f"include/python{home.version}/pyconfig.h"
    text = header.read_text(encoding="utf-8")
    pattern = r"^#define HAVE_(?P<function>\w+) 1$"
    write(header, re.sub(pattern, undefine, text, flags=re.MULTILINE))
    print(f"cp{home.version.replace('.', '')}: not for extensions:", *hidden)


def functions(folder: Path, newest: str = "") -> set[str]:
    """What the C library in a folder defines, but for what is newer than that glibc."""
    limit = parse_version(f"GLIBC_{newest}")
    versions = {
        (export.name, parse_version(export.version))
        for name in C_LIBRARY
        if (folder / name).exists()
        for export in ElfFile.read(folder / name).exports()
    }
    return {
        name
        for name, version in versions
        if not newest or version[0] != limit[0] or version <= limit
    }


def replace(path: Path, old: str, new: str) -> None:
    """Replace a text in a file. Exits when it is not there: Debian's patches have changed."""
    text = path.read_text(encoding="utf-8")
    if old not in text:
        sys.exit(f"{path}: there is no {old!r} to replace")
    write(path, text.replace(old, new))


def write(path: Path, text: str) -> None:
    """Write a text file."""
    path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
