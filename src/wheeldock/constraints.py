"""
The versions that `dependency-versions` allows, as a constraints file for uv has them.

They hold for the build requirements, for what the build backend asks for besides, for build
frontends and for audits. Those in files of the project that pip's and uv's variables name in
`environment` hold for the first two of these. The tools of the toolbox have versions of their own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from wheeldock.errors import ConfigurationError
from wheeldock.pyproject import is_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from wheeldock.config import Config
    from wheeldock.environment import Assignment
    from wheeldock.fields import DependencyVersions
    from wheeldock.identifier import BuildIdentifier

EVERYWHERE = ""
"""What stands for no build identifier: for the sdist."""

VARIABLES = ("PIP_BUILD_CONSTRAINT", "PIP_CONSTRAINT", "UV_BUILD_CONSTRAINT", "UV_CONSTRAINT")
"""By which `environment` names files of constraints, whichever the build frontend is."""

_COMMENT = re.compile(r"(^|\s)#.*")
_HASHES = re.compile(r"\s+--hash\b.*")
_IN_PROJECT = re.compile(r"^(\$PWD|\$\{PWD\}|\$\(pwd\)|/project)/")
"""How a value says that a path is one in the project, where the container has that."""


@dataclass(frozen=True)
class Constraints:
    """The constraints of a wheel, or of the sdist."""

    versions: tuple[str, ...] = ()
    """Those of `dependency-versions`, which hold for frontends and audits, too."""
    requirements: tuple[str, ...] = ()
    """Those of `environment`, which hold for build requirements alone."""


def read(
    settings: Config, identifiers: Iterable[BuildIdentifier], project: Path
) -> tuple[Mapping[str, Constraints], tuple[str, ...]]:
    """
    The constraints for each build identifier by its name, and those for EVERYWHERE.

    Files are relative to the project's folder. One beside it that has `-python313` before its
    suffix takes its place for that Python, as with cibuildwheel. Also returns what `environment`
    names in vain, a line each. Raises ConfigurationError with all that is wrong with
    `dependency-versions`.
    """
    problems: dict[str, None] = {}
    warnings: dict[str, None] = {}
    found = {}
    for identifier in (None, *identifiers):
        options = settings.for_target(identifier) if identifier else settings.everywhere
        origin = settings.origin("dependency-versions", identifier)
        version = identifier.python_version if identifier else ""
        lines, wrong = _lines(options.dependency_versions, version, project)
        problems |= dict.fromkeys(f"{origin}: {problem}" for problem in wrong)
        named, vain = _of_variables(options.environment, project)
        origin = settings.origin("environment", identifier)
        warnings |= dict.fromkeys(f"{origin}: {each}" for each in vain)
        found[str(identifier) if identifier else EVERYWHERE] = Constraints(lines, named)
    if problems:
        raise ConfigurationError(list(problems))
    return found, tuple(warnings)


def _lines(
    versions: DependencyVersions, python_version: str, project: Path
) -> tuple[tuple[str, ...], list[str]]:
    """The constraints, and what is wrong with them."""
    if not versions.file:
        wrong = [_unexpected(item) for item in versions.packages if not is_requirement(item)]
        return versions.packages, wrong
    base = project / versions.file
    special = base.with_name(f"{base.stem}-python{python_version.replace('.', '')}{base.suffix}")
    try:
        text = base.read_text(encoding="utf-8")
        if python_version and special.is_file():
            base, text = special, special.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8"
        expected = "expected 'pinned', 'latest', or a file of constraints"
        return (), [f"got {versions.file!r}; {expected}; {base} cannot be read: {why}"]
    lines = _logical_lines(text)
    return lines, [f"{base}: {_unexpected(line)}" for line in lines if not is_requirement(line)]


def _of_variables(
    environment: Iterable[Assignment], project: Path
) -> tuple[tuple[str, ...], list[str]]:
    """The constraints in files that variables name, and what is named in vain."""
    values = {each.name: re.sub("[\"']", "", each.value) for each in environment}
    named = {file: name for name in VARIABLES for file in values.get(name, "").split()}
    lines: list[str] = []
    vain = []
    for file, name in named.items():
        place = _IN_PROJECT.sub("", file)
        if PurePosixPath(place).is_absolute() or not (project / place).is_file():
            vain.append(f"{name}: {file} is no file of the project, and constrains no build")
            continue
        text = (project / place).read_text(encoding="utf-8", errors="replace")
        for line in _logical_lines(text):
            requirement = _HASHES.sub("", line)
            if is_requirement(requirement):
                lines.append(requirement)
            else:
                vain.append(f"{name}: {file}: {line!r} is no requirement, and constrains no build")
    return tuple(dict.fromkeys(lines)), vain


def _logical_lines(text: str) -> tuple[str, ...]:
    """The lines of a file of constraints, without comments."""
    logical = text.replace("\\\n", " ").splitlines()
    return tuple(filter(None, (_COMMENT.sub("", line).strip() for line in logical)))


def _unexpected(text: str) -> str:
    return f"got {text!r}; expected a requirement such as 'name==1.0'"
