"""build_wheel.py SOURCE OUTPUT: build the platform wheel of a folder in /src into another."""

from __future__ import annotations

import os
import re
import sys
import zipfile
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

import requirements
from before_build import before_build
from compiler.front import BYPASSED, CachedCompilers
from compiler.mount import CACHE, is_in_use, is_lost
from compiler.translations import CachedTranslations
from compression import leave_to_repair
from ending import fail
from frontend import PURE_WHEEL, ask_for, build
from machine import compiles_at_once, memory, parallel_builds, processors
from packaging.utils import parse_wheel_filename

STALE_EXTENSION = 27
EXTENSION_MODULE = re.compile(r"\.(cpython-|pypy|graalpy|abi3)[^/]*so$")
"""A file name by which an interpreter finds an extension module that was compiled for it."""

ENVIRONMENT = Path("/env")
"""What the wheel is built in."""

TREE = Path("/src")
"""All that there is to build from: an unpacked sdist, or a project with the source in it."""


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


def compiled_files(source: Path) -> dict[bytes, str]:
    """The name of each compiled file that is in a source tree, by the digest of its content."""
    files = (path for path in source.rglob("*.so*") if path.is_file())
    return {sha256(path.read_bytes()).digest(): path.name for path in files}


def stale_modules(wheel: Path, shipped: dict[bytes, str]) -> list[str]:
    """The extension modules of a wheel that came with its source tree, by their place in it."""
    if not any(map(EXTENSION_MODULE.search, shipped.values())):
        return []
    with zipfile.ZipFile(wheel) as archive:
        return [
            name
            for name in sorted(archive.namelist())
            if EXTENSION_MODULE.search(name) and sha256(archive.read(name)).digest() in shipped
        ]


def was_compiled(wheel: Path, shipped: dict[bytes, str]) -> bool:
    """Whether a wheel has a compiled file that its source tree did not ship."""
    with zipfile.ZipFile(wheel) as archive:
        contents = map(archive.read, archive.namelist())
        return any(
            content.startswith(b"\x7fELF") and sha256(content).digest() not in shipped
            for content in contents
        )


if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    at_once = compiles_at_once(processors(), memory())
    os.environ |= parallel_builds(os.environ, at_once)
    off, cold = os.environ.get("COMPILER_CACHE") == "off", bool(os.environ.get("COLD"))
    if is_in_use() and is_lost():
        ask_for("the compiler cache")
    shipped = compiled_files(TREE)
    if command := os.environ.get("BEFORE_BUILD"):
        before_build(command, TREE / os.environ.get("SUBFOLDER", ""), source)
    compilers = CachedCompilers(TREE, ENVIRONMENT, at_once=at_once, cold=cold)
    translations = CachedTranslations(TREE, ENVIRONMENT, CACHE / "translations")
    brought = compiled_files(TREE) if command else shipped
    if os.environ.get("PACKED_AGAIN") == "yes":
        leave_to_repair(os.environ, ENVIRONMENT)
    with translations if is_in_use() else nullcontext():
        wheel = build("wheel", source, output, None if off else compilers)
    requirements.note()
    if reason := why_pure(wheel):
        fail(
            PURE_WHEEL,
            f"{wheel.name} {reason}; a platform wheel was due.",
            "What has nothing to compile needs no wheeldock: `python -m build` makes its wheel.",
            "The build backend may have gone on without the compiled part; the end of its log:",
        )
    if stale := stale_modules(wheel, shipped):
        fail(
            STALE_EXTENSION,
            f"{wheel.name} has what was compiled before this build: {', '.join(stale)}.",
            "The source brings it along, from a build in place on another machine, perhaps.",
            "Remove it (`git clean -nX` lists such files), or keep it out of the sdist: for "
            "setuptools `global-exclude *.so` in MANIFEST.in.",
        )
    if counts := compilers.counts:
        missed = compilers.doubt != BYPASSED or was_compiled(wheel, brought)
        print(counts.line(translations.counts, compilers.doubt if missed else ""))
