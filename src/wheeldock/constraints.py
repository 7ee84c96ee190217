"""
The versions that `dependency-versions` allows, as a constraints file for uv has them.

They hold for the build requirements, for what the build backend asks for besides, for build
frontends and for audits. The tools of the toolbox have versions of their own.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheeldock.errors import ConfigurationError
from wheeldock.pyproject import is_requirement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from wheeldock.config import Config
    from wheeldock.fields import DependencyVersions
    from wheeldock.identifier import BuildIdentifier

EVERYWHERE = ""
"""What stands for no build identifier: for the sdist."""

_COMMENT = re.compile(r"(^|\s)#.*")


def read(
    settings: Config, identifiers: Iterable[BuildIdentifier], project: Path
) -> Mapping[str, tuple[str, ...]]:
    """
    The constraints for each build identifier by its name, and those for EVERYWHERE.

    Files are relative to the project's folder. One beside it that has `-python313` before its
    suffix takes its place for that Python, as with cibuildwheel. Raises ConfigurationError with
    all that is wrong with them.
    """
    problems: dict[str, None] = {}
    found = {}
    for identifier in (None, *identifiers):
        options = settings.for_target(identifier) if identifier else settings.everywhere
        origin = settings.origin("dependency-versions", identifier)
        version = identifier.python_version if identifier else ""
        lines, wrong = _lines(options.dependency_versions, version, project)
        problems |= dict.fromkeys(f"{origin}: {problem}" for problem in wrong)
        found[str(identifier) if identifier else EVERYWHERE] = lines
    if problems:
        raise ConfigurationError(list(problems))
    return found


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
    logical = text.replace("\\\n", " ").splitlines()
    lines = tuple(filter(None, (_COMMENT.sub("", line).strip() for line in logical)))
    return lines, [f"{base}: {_unexpected(line)}" for line in lines if not is_requirement(line)]


def _unexpected(text: str) -> str:
    return f"got {text!r}; expected a requirement such as 'name==1.0'"
