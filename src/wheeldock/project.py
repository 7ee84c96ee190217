"""What a source says about itself: its name, version, Pythons and build system."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from wheeldock import archive, legacy_metadata, limited_api, pyproject
from wheeldock.errors import ConfigurationError
from wheeldock.sources import DirectorySource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.legacy_metadata import Facts
    from wheeldock.sources import Source

FILES = ("PKG-INFO", *limited_api.FILES)


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
    tool: Mapping[str, object]
    """Its `[tool]`, unvalidated, empty where there is none."""
    pyproject_place: str
    """How messages name its pyproject.toml."""
    dependency_groups: Mapping[str, object] = field(default_factory=dict)
    """Its `[dependency-groups]` (PEP 735), unvalidated, empty where there is none."""
    abis: frozenset[str] = frozenset()
    """The ABIs, e.g. `cp311-abi3`, by which its wheels may serve several interpreters."""

    @property
    def normalized_name(self) -> NormalizedName | None:
        """Its name as PEP 503 normalises it."""
        return None if self.name is None else canonicalize_name(self.name)


def read_project(source: Source) -> Project:
    """
    Read pyproject.toml, setup.cfg, PKG-INFO and setup.py of a source; run nothing of it.

    Raises ConfigurationError with all that is wrong with them.
    """
    project, problems = examine(source)
    if problems:
        raise ConfigurationError(problems)
    return project


def examine(source: Source) -> tuple[Project, list[str]]:
    """
    As `read_project`, but with what is wrong beside what is right, so that more can be checked.

    Raises ConfigurationError for a pyproject.toml that cannot be read at all.
    """
    files = _read_files(source)
    place = _place(source)
    document = pyproject.parse(files.get("pyproject.toml", b""), place)
    build_system, problems = _build_system(document, place)
    stated, more = _stated(document, place)
    facts = [
        stated,
        legacy_metadata.of_setup_cfg(files.get("setup.cfg", b"")),
        legacy_metadata.of_pkg_info(files.get("PKG-INFO", b"")),
        legacy_metadata.of_setup_py(files.get("setup.py", b"")),
    ]
    requires_python, wrong = _requires_python(_first(facts, "requires_python"), place)
    tool, no_table = _table(document, "tool", place)
    groups, no_groups = _table(document, "dependency-groups", place)
    project = Project(
        name=_first(facts, "name"),
        version=_first(facts, "version"),
        requires_python=requires_python,
        build_system=build_system,
        tool=tool,
        pyproject_place=place,
        dependency_groups=groups,
        abis=limited_api.of_files(files),
    )
    return project, [*problems, *more, *wrong, *no_table, *no_groups]


def _read_files(source: Source) -> dict[str, bytes]:
    if isinstance(source, DirectorySource):
        paths = [source.path / name for name in FILES]
        return {path.name: path.read_bytes() for path in paths if path.is_file()}
    return archive.read_files(source.path, FILES)


def _place(source: Source) -> str:
    """Where the source's pyproject.toml is, as a person in the working directory says it."""
    cwd = Path.cwd()
    near = source.path.is_relative_to(cwd)
    path = Path(os.path.relpath(source.path, cwd)) if near else source.path
    if isinstance(source, DirectorySource):
        return str(path / "pyproject.toml")
    return f"{path}: pyproject.toml"


def _first(facts: list[Facts], key: str) -> str | None:
    return next((fact[key] for fact in facts if fact.get(key)), None)


def _stated(document: pyproject.Table, place: str) -> tuple[Facts, list[str]]:
    """What the `[project]` table says (PEP 621), and what is wrong there."""
    table, problems = _table(document, "project", place)
    facts = {}
    for key in ("name", "version", "requires-python"):
        value = table.get(key)
        if isinstance(value, str):
            facts[key.replace("-", "_")] = value
        elif value is not None:
            got = pyproject.shown(value)
            problems.append(f"{place}: project.{key}: got {got}; expected a string")
    return facts, problems


def _table(document: pyproject.Table, key: str, place: str) -> tuple[pyproject.Table, list[str]]:
    """A table of a document, empty where there is none, and what is wrong with it."""
    try:
        return pyproject.table(document, key, f"{place}: {key}"), []
    except ConfigurationError as error:
        return {}, list(error.problems)


def _requires_python(text: str | None, place: str) -> tuple[SpecifierSet | None, list[str]]:
    if text is None:
        return None, []
    try:
        return SpecifierSet(text), []
    except InvalidSpecifier:
        problem = f"requires-python: got {text!r}; expected version specifiers such as '>=3.9'"
        return None, [f"{place}: project.{problem}"]


def _build_system(document: pyproject.Table, place: str) -> tuple[BuildSystem, list[str]]:
    """The build system, and what is wrong with its table."""
    if "build-system" not in document:
        return BuildSystem(), []
    table, no_table = _table(document, "build-system", place)
    if no_table:
        return BuildSystem(), no_table
    requires = table.get("requires")
    backend = table.get("build-backend", BuildSystem.build_backend)
    backend_path = table.get("backend-path", [])
    problems = [
        *(f"{key}: unknown; known are {', '.join(_KEYS)}" for key in table if key not in _KEYS),
        *_problems_of_requires(requires),
        *_problems_of_backend(backend, backend_path, has_backend="build-backend" in table),
    ]
    if problems:
        return BuildSystem(), [f"{place}: build-system.{problem}" for problem in problems]
    return BuildSystem(
        requires=_strings(requires),
        build_backend=str(backend),
        backend_path=_strings(backend_path),
    ), []


_KEYS = ("requires", "build-backend", "backend-path")


def _strings(value: object) -> tuple[str, ...]:
    """The strings of a list; empty for anything that is no list of strings."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    return ()


def _problems_of_requires(value: object) -> list[str]:
    if value is None:
        return ["requires: missing, and PEP 518 demands it"]
    if not isinstance(value, list):
        return [f"requires: got {pyproject.shown(value)}; expected a list of requirements"]
    return [
        f"requires: got {pyproject.shown(item)}; expected a requirement such as 'name>=1.0'"
        for item in value
        if not pyproject.is_requirement(item)
    ]


def _problems_of_backend(backend: object, path: object, *, has_backend: bool) -> list[str]:
    problems = []
    if not isinstance(backend, str):
        got = pyproject.shown(backend)
        problems.append(f"build-backend: got {got}; expected a string such as 'package.module'")
    if path != [] and not _strings(path):
        got = pyproject.shown(path)
        problems.append(f"backend-path: got {got}; expected a list of folders")
    elif _strings(path) and not has_backend:
        problems.append("backend-path: stands without the build-backend that it is for")
    problems += [
        f"backend-path: got {folder!r}; expected a folder in the source tree"
        for folder in _strings(path)
        if PurePosixPath(folder).is_absolute() or ".." in PurePosixPath(folder).parts
    ]
    return problems
