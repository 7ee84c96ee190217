"""Distributions made by hand in a moment: tiny, whole, and good enough for any index."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

METADATA = """\
Metadata-Version: 2.1
Name: {name}
Version: {version}
Summary: Made by hand
License: MIT
Requires-Python: >=3.9
Description-Content-Type: text/plain

Made by hand.
"""
TOP = "{name}-{version}"


def wheel(
    folder: Path, name: str, version: str, tag: str = "py3-none-any", code: bytes = b"X = 1\n"
) -> Path:
    """Write a wheel with one module, which `code` makes another file of the same name."""
    info = f"{TOP.format(name=name, version=version)}.dist-info"
    files = {
        f"{name}/__init__.py": code,
        f"{info}/METADATA": METADATA.format(name=name, version=version).encode(),
        f"{info}/WHEEL": (
            f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n"
        ).encode(),
    }
    record = "".join(f"{path},{_record(content)}\n" for path, content in files.items())
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{TOP.format(name=name, version=version)}-{tag}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for place, content in files.items():
            member = zipfile.ZipInfo(place, (2026, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            member.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(member, content)
    return path


def _record(content: bytes) -> str:
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return f"sha256={digest},{len(content)}"


def sdist(folder: Path, name: str, version: str) -> Path:
    """Write an sdist of the same project."""
    top = TOP.format(name=name, version=version)
    files = {
        "PKG-INFO": METADATA.format(name=name, version=version),
        "pyproject.toml": f'[project]\nname = "{name}"\nversion = "{version}"\n',
        f"{name}/__init__.py": "X = 1\n",
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{top}.tar.gz"
    with (
        path.open("wb") as file,
        gzip.GzipFile(fileobj=file, mode="wb", filename="", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for place, text in files.items():
            member = tarfile.TarInfo(f"{top}/{place}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    return path
