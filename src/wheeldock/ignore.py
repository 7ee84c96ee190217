"""What of a source tree does not travel to the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def ignored(path: Path, *, outputs: Sequence[Path] = ()) -> list[str]:
    """
    Return the lines of a `Dockerfile.dockerignore` for a source tree.

    They name what Git ignores there, and known by-products (virtual environments, caches,
    `dist`) that it does not track. `outputs` are more folders that hold by-products. A file
    that Git tracks is never among them.
    """
    raise NotImplementedError
