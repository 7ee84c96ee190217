"""build_wheel.py SOURCE OUTPUT: build the platform wheel of an unpacked sdist into a folder."""

from __future__ import annotations

import os
import sys
import zipfile
from pathlib import Path

from compiler.front import CachedCompilers
from frontend import PURE_WHEEL, build, fail
from packaging.utils import parse_wheel_filename


def why_pure(wheel: Path) -> str:
    """Say why a wheel is no platform wheel; "" when it is one."""
    if all(tag.platform == "any" for tag in parse_wheel_filename(wheel.name)[3]):
        return "is a pure-Python wheel"
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            with archive.open(name) as member:
                if member.read(4) == b"\x7fELF":
                    return ""
    return "is tagged as a platform wheel and has no compiled file in it"


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    compilers = CachedCompilers(source, Path("/env"))
    off = os.environ.get("COMPILER_CACHE") == "off" or os.environ.get("COLD")
    wheel = build("wheel", source, output, None if off else compilers)
    if reason := why_pure(wheel):
        fail(
            PURE_WHEEL,
            f"{wheel.name} {reason}; a platform wheel was due.",
            "The build backend may have gone on without the compiled part; the end of its log:",
        )
    if compilers.summary:
        print(compilers.summary)
