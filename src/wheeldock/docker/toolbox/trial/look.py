"""look.py: what it runs on, as a build identifier, the version of its C library, and its path."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

IMPLEMENTATIONS = {"cpython": "cp", "pypy": "pp"}
OF_32_BITS = {"x86_64": "i686", "aarch64": "armv7l"}
"""What a processor of 64 bits is to a program of 32."""


def libc() -> tuple[str, str]:
    """The family of wheels that the C library runs, and its version."""
    try:
        name, version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()
    except (ValueError, OSError):  # musl knows no such name
        (loader, *_) = Path("/lib").glob("ld-musl-*.so.1")
        said = subprocess.run([loader], check=False, stderr=subprocess.PIPE, text=True).stderr
        (version,) = re.findall(r"^Version (\S+)", said, re.MULTILINE)
        return "musllinux", version
    return {"glibc": "manylinux"}[name], version


if __name__ == "__main__":
    variant = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
    python = f"{IMPLEMENTATIONS[sys.implementation.name]}3{sys.version_info[1]}{variant}"
    machine = platform.machine()
    if sys.maxsize < 2**32:
        machine = OF_32_BITS.get(machine, machine)
    family, version = libc()
    print(f"{python}-{family}_{machine} {version} {sys.executable}")
