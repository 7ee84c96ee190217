"""
What is built: a source tree, or an sdist.

A source is asked for by a folder, an sdist's path or a requirement (PEP 508). A folder whose
pyproject.toml names another one as `[tool.wheeldock] source` stands for that one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class DirectorySource:
    """A source tree: a folder with a pyproject.toml or a setup.py."""

    path: Path
    """Absolute."""


@dataclass(frozen=True)
class SdistSource:
    """An sdist: a `.tar.gz` (PEP 625) or a legacy `.zip`, with one top-level folder."""

    path: Path
    """Absolute."""


Source = DirectorySource | SdistSource


def open_source(text: str, *, cwd: Path, download_dir: Path) -> Source:
    """
    Return the source that a folder, an sdist's path or a requirement stands for.

    What exists decides: a folder, a file, else a requirement, whose sdist is downloaded into
    `download_dir`, or found there when it is pinned (`name==version`). Relative paths are
    relative to `cwd`.

    Raises SourceNotFoundError, NotAPythonProjectError, RequirementNotFoundError or
    ConfigurationError.
    """
    raise NotImplementedError
