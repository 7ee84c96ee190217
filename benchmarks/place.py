"""Where a way builds, and what every way says alike."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.freshimage import FreshImage


KEPT = Path(".wheeldock", "benchmarks").absolute()
"""What one run leaves for the next: downloads and cibuildwheel."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one way builds in one round; nobody else does."""

    tree: Path
    output: Path
    home: Path
    """A folder for what the way needs besides."""
    image: FreshImage
    ca: Path | None


def identifiers(pythons: Sequence[str]) -> str:
    """The build identifiers of interpreters such as `cp313`, as options take them."""
    return " ".join(f"{python}-manylinux_x86_64" for python in pythons)


def without(environment: Mapping[str, str], prefix: str) -> dict[str, str]:
    """An environment without the settings that the user has."""
    return {name: value for name, value in environment.items() if not name.startswith(prefix)}
