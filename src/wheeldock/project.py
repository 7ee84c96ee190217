"""What a source says about itself: its name, version, Pythons and build system."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet

    from wheeldock.sources import Source


@dataclass(frozen=True, kw_only=True)
class BuildSystem:
    """The `[build-system]` table (PEP 517 and 518), with its defaults."""

    requires: tuple[str, ...] = ("setuptools>=40.8.0",)
    """Requirements (PEP 508) of the build backend."""
    build_backend: str = "setuptools.build_meta:__legacy__"
    """The backend as an entry point."""
    backend_path: tuple[str, ...] = ()
    """Folders in the source tree that hold the backend."""


@dataclass(frozen=True, kw_only=True)
class Project:
    """What is known of a project before anything of it is built."""

    name: str | None
    """Its name as it writes it, None where only a build could tell."""
    version: str | None
    """Its version, None where it is dynamic."""
    requires_python: SpecifierSet | None
    """The Pythons that it supports, None where it does not say."""
    build_system: BuildSystem
    tool_table: Mapping[str, object]
    """Its `[tool.wheeldock]`, unvalidated, empty where there is none."""

    @property
    def normalized_name(self) -> NormalizedName | None:
        """Its name as PEP 503 normalises it."""
        return None if self.name is None else canonicalize_name(self.name)


def read_project(source: Source) -> Project:
    """
    Read pyproject.toml, setup.cfg, PKG-INFO and setup.py of a source; run nothing of it.

    Raises ConfigurationError with all that is wrong with them.
    """
    raise NotImplementedError
