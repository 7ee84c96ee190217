"""
Compressing a wheel once: what the repair packs anew, a build backend need not compress before.

Setuptools can be told so, from its version 70.1 on, which makes wheels itself.
"""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

if TYPE_CHECKING:
    from collections.abc import MutableMapping

_MAKES_WHEELS = Version("70.1")
_VARIABLE = "DIST_EXTRA_CONFIG"
"""Setuptools reads the file that it names after those of the project."""

_FILE = Path("/tmp/wheeldock-uncompressed.cfg")  # noqa: S108 - the container is this build's alone
_CONFIG = """\
[bdist_wheel]
compression = stored
"""


def leave_to_repair(
    environ: MutableMapping[str, str], environment: Path, config: Path = _FILE
) -> None:
    """Let the setuptools of an environment not compress, by a file that is written for it."""
    if _VARIABLE in environ:
        return
    folders = [str(folder) for folder in environment.glob("lib/*/site-packages")]
    found = distributions(name="setuptools", path=folders)
    if any(Version(each.version) >= _MAKES_WHEELS for each in found):
        config.write_text(_CONFIG, encoding="utf-8")
        environ[_VARIABLE] = str(config)
