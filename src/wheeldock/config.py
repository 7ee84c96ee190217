"""
The configuration of a build, and where each of its values comes from.

An option is set by, weakest first: defaults.toml, `[tool.wheeldock]` in the source's
pyproject.toml, a `WHEELDOCK_…` environment variable, the command line. An environment variable
that is empty sets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Config:
    """The value of every option."""

    build: tuple[str, ...]
    """Globs of the build identifiers to build: a list, or one string with spaces."""
    skip: tuple[str, ...]
    """Globs of the build identifiers to leave out of `build`."""
    source: str
    """What to build: a folder, an sdist, or a requirement such as `name==1.0`."""
    output_dir: Path
    """The folder for the sdist and the wheels, relative to the working directory."""
    jobs: int | None
    """How many wheels to build at once, or "auto" (None): as many as the machine bears."""
    manylinux_x86_64_image: str
    """The base image: a policy such as `manylinux_2_28`, or an image reference."""
    cache_dir: Path
    """The folder of the persistent build cache, relative to the working directory."""
    config_settings: Mapping[str, str | tuple[str, ...]]
    """Settings for the build backend (PEP 517): a table of strings and lists of strings."""
    builder: str
    """The name of the Buildx builder, or "" for the current one."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value comes from, by option."""

    def origin(self, option: str) -> str:
        """
        Where an option's value comes from, for people.

        `default`, `pyproject.toml [tool.wheeldock] jobs`, `WHEELDOCK_JOBS`, or `--jobs`.
        """
        return self.origins[option]


def load(
    pyproject_table: Mapping[str, object],
    *,
    path: Path | str,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
) -> Config:
    """
    Join what defaults, pyproject.toml, environment and command line say, and validate it.

    `pyproject_table` is the `[tool.wheeldock]` table of the file `path`, which is only named in
    messages. `overrides` are the command line's, by option (`output-dir`); None sets nothing.

    Raises ConfigurationError with every problem, or UsageError when all of them are on the
    command line.
    """
    raise NotImplementedError


def source_text(environ: Mapping[str, str], override: str | None = None) -> str:
    """What to build, as `open_source` reads it: from command line, environment or default."""
    raise NotImplementedError
