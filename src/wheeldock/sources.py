"""
What is built: a source tree, or an sdist.

A source is asked for by a folder, an sdist's path or a requirement (PEP 508). A folder whose
pyproject.toml names another one as `[tool.wheeldock] source` stands for that one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement

from wheeldock import archive, pyproject
from wheeldock.errors import (
    ConfigurationError,
    NotAPythonProjectError,
    RequirementNotFoundError,
    SourceNotFoundError,
)
from wheeldock.worktree import is_tracked, repository_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PROJECT_FILES = ("pyproject.toml", "setup.py")
"""What makes a folder a Python project: either of these."""

_PATH_SUFFIXES = (*archive.SUFFIXES, ".whl", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".toml", ".py")


@dataclass(frozen=True)
class DirectorySource:
    """A source tree: a folder with a pyproject.toml or a setup.py."""

    path: Path
    """Absolute; cibuildwheel's `{package}`."""
    subfolder: str = ""
    """Where it is in the project around it, with slashes; "" where it is the project."""

    @property
    def project(self) -> Path:
        """The folder that travels to the engine, absolute; cibuildwheel's `{project}`."""
        return self.path.parents[self.subfolder.count("/")] if self.subfolder else self.path


@dataclass(frozen=True)
class SdistSource:
    """An sdist: a `.tar.gz` (PEP 625) or a legacy `.zip`, with one top-level folder."""

    path: Path
    """Absolute."""


Source = DirectorySource | SdistSource


def open_source(
    text: str,
    *,
    cwd: Path,
    download_dir: Path,
    environ: Mapping[str, str] | None = None,
) -> Source:
    """
    Return the source that a folder, an sdist's path or a requirement stands for.

    What exists decides: a folder, a file, else a requirement, whose sdist is downloaded into
    `download_dir`, or found there when it is pinned (`name==version`). Relative paths are
    relative to `cwd`. `environ` (the process's) may name the index, as for pip. Of a repository
    in which `cwd` is, a folder below that has `cwd` for its project.

    Raises SourceNotFoundError, NotAPythonProjectError, RequirementNotFoundError or
    ConfigurationError.
    """
    path = cwd / os.path.expanduser(text)  # noqa: PTH111 - Path.expanduser raises for ~unknown
    if path.is_dir():
        return _in_project(_follow(path.resolve()), cwd.resolve())
    if path.is_file():
        return _sdist(path.resolve())
    requirement = _requirement(text)
    if requirement is None:
        raise _missing(path)
    # It takes 0.3 s to import, which only a requirement needs.
    from wheeldock.index import find_sdist  # noqa: PLC0415

    environ = os.environ if environ is None else environ
    return _sdist(find_sdist(requirement, download_dir.absolute(), environ))


def _in_project(package: Path, cwd: Path) -> DirectorySource:
    """The tree with the working directory for its project, if both are of one repository."""
    if cwd not in package.parents or repository_of(package) != repository_of(cwd):
        return DirectorySource(package)
    if not is_tracked(package, PROJECT_FILES):  # it may be ignored, or somebody else's
        return DirectorySource(package)
    return DirectorySource(package, package.relative_to(cwd).as_posix())


def _follow(tree: Path) -> Path:
    """Go where the tree's `[tool.wheeldock] source` points to."""
    target = _target(tree)
    if target is None:
        _check_tree(tree)
        return tree
    place, path = target
    if not path.is_dir():
        raise ConfigurationError([f"{place}: got {str(path)!r}; expected a folder that exists"])
    _check_tree(path)
    if path != tree and _target(path):
        message = f"{place}: {path} points to yet another source; one step is allowed"
        raise ConfigurationError([message])
    return path


def _target(tree: Path) -> tuple[str, Path] | None:
    """Where the tree's `[tool.wheeldock] source` is, and what folder it names."""
    file = tree / "pyproject.toml"
    if not file.is_file():
        return None
    try:
        table = pyproject.tool_table(pyproject.parse(file.read_bytes(), str(file)), str(file))
    except ConfigurationError:
        return None  # That is told with all else that is wrong in the file.
    place, value = f"{file}: tool.wheeldock.source", table.get("source")
    if not isinstance(value, str) or not value:
        # Where it is none, that is told with all else that is wrong in the table.
        return None
    others = ", ".join(key for key in table if key != "source")
    if others:
        problem = f"{place}: options stand in the pyproject.toml of {value!r}; move there: {others}"
        raise ConfigurationError([problem])
    return place, (tree / value).resolve()


def _check_tree(path: Path) -> None:
    if not any((path / name).is_file() for name in PROJECT_FILES):
        raise NotAPythonProjectError(
            f"{path} is no Python project: it has neither {' nor '.join(PROJECT_FILES)}",
            cure="Go to the folder that has one of them, or name it, an sdist, or a requirement as "
            "'name==1.0' by --source, which build, plan, test and verify take.",
        )


def _sdist(path: Path) -> SdistSource:
    if path.suffix == ".whl":
        raise NotAPythonProjectError(
            f"{path} is a wheel, which is built already",
            cure="Give its sdist (.tar.gz) or its source tree.",
        )
    if not path.name.endswith(archive.SUFFIXES):
        raise NotAPythonProjectError(
            f"{path} is no sdist; expected a folder, or a file of {' or '.join(archive.SUFFIXES)}"
        )
    if not archive.read_files(path, PROJECT_FILES):
        message = f"{path} is no sdist: it has neither {' nor '.join(PROJECT_FILES)}"
        raise NotAPythonProjectError(message)
    return SdistSource(path)


def _requirement(text: str) -> Requirement | None:
    """The requirement, or None for what can only be a path."""
    if "://" not in text and text.endswith(_PATH_SUFFIXES):
        return None
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        requirement = None
    if "://" in text or (requirement and requirement.marker):
        raise RequirementNotFoundError(
            f"{text!r} is more than a name and versions; expected the like of 'name==1.0'",
            cure="Download the sdist and give its path.",
        )
    return requirement


def _missing(path: Path) -> SourceNotFoundError:
    path = Path(os.path.normpath(path.absolute()))
    parent = next(folder for folder in path.parents if folder.exists())
    what = "is a file" if parent.is_file() else "is there"
    return SourceNotFoundError(
        f"the source {path} is missing; {parent} {what}",
        cure="Give a folder, an sdist, or a requirement such as 'name==1.0'.",
    )
