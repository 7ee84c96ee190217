"""Wheels and sdists made by hand: right in all, or wrong in what a test names."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

from tests.unit.elf_files import Entry, shared_library

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

WHEEL = "ovf-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
INFO = "ovf-1.0.dist-info"
SDIST = "ovf-1.0.tar.gz"
MODULE = "ovf/_core.cpython-313-x86_64-linux-gnu.so"
METADATA = """\
Metadata-Version: 2.4
Name: ovf
Version: 1.0
Summary: Reads OVF files
Requires-Python: >=3.9
License-File: LICENSE
Description-Content-Type: text/markdown

# ovf
"""
CORE = shared_library(Entry("malloc", "GLIBC_2.2.5"), Entry("PyInit__core", defined=True))


def tags_of(name: str) -> str:
    """The Tag lines of the WHEEL file that goes with a file name."""
    python, abi, platform = name.removesuffix(".whl").split("-")[-3:]
    return "".join(
        f"Tag: {one}-{two}-{three}\n"
        for one in python.split(".")
        for two in abi.split(".")
        for three in platform.split(".")
    )


def wheel_text(name: str, *, pure: bool = False) -> str:
    """The WHEEL file that goes with a file name."""
    return f"Wheel-Version: 1.0\nRoot-Is-Purelib: {str(pure).lower()}\n{tags_of(name)}"


def row(name: str, data: bytes) -> str:
    """A file's row in RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
    return f"{name},sha256={digest},{len(data)}\n"


def wheel_files(name: str = WHEEL, **changed: bytes | str | None) -> dict[str, bytes]:
    """
    What a good wheel of that name has in it, RECORD but for the last.

    `changed` replaces METADATA, WHEEL, RECORD, LICENSE or entry_points; None leaves one out.
    """
    texts: dict[str, bytes | str | None] = {
        "METADATA": METADATA,
        "WHEEL": wheel_text(name),
        "licenses/LICENSE": changed.pop("LICENSE", "MIT\n"),
        "entry_points.txt": changed.pop("entry_points", None),
        "RECORD": "",
        **changed,
    }
    files: dict[str, bytes] = {"ovf/__init__.py": b"", MODULE: CORE}
    for file, text in texts.items():
        if text is not None:
            files[f"{INFO}/{file}"] = text.encode() if isinstance(text, str) else text
    return files


def write_wheel(path: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """Write a wheel; an empty RECORD is filled in."""
    files = dict(wheel_files(path.name) if files is None else files)
    record = f"{INFO}/RECORD"
    if files.get(record) == b"":
        rows = "".join(row(name, data) for name, data in files.items() if name != record)
        files[record] = f"{rows}{record},,\n".encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 2, 2, 0, 0, 0)), data)
    return path


def sdist_files(**changed: str | None) -> dict[str, bytes]:
    """What a good sdist has in its folder; `changed` replaces `info`, `pyproject` or `license`."""
    texts = {"info": METADATA, "pyproject": "[project]\n", "license": "MIT\n", **changed}
    names = {"info": "PKG-INFO", "pyproject": "pyproject.toml", "license": "LICENSE"}
    return {names[key]: text.encode() for key, text in texts.items() if text is not None}


def write_sdist(
    path: Path,
    files: Mapping[str, bytes] | None = None,
    *extra: tarfile.TarInfo,
    folder: str = "ovf-1.0",
) -> Path:
    """Write an sdist, and members without content after its files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in (sdist_files() if files is None else files).items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        for entry in extra:
            archive.addfile(entry)
    path.write_bytes(gzip.compress(buffer.getvalue(), mtime=0))
    return path
