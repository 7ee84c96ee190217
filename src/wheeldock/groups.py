"""The requirements of dependency groups, as pyproject.toml has them (PEP 735). Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from packaging.dependency_groups import DependencyGroupResolver
from packaging.errors import ExceptionGroup
from packaging.utils import canonicalize_name

from wheeldock.errors import ConfigurationError
from wheeldock.together import joined, noted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheeldock.config import Config
    from wheeldock.errors import WheeldockError
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.project import Project


OPTION = "test-groups"


def check(settings: Config, identifiers: Iterable[BuildIdentifier], project: Project) -> None:
    """Raise ConfigurationError with each group of tests that the project does not have."""
    wanted = {settings.origin(OPTION): settings.everywhere.test_groups} | {
        settings.origin(OPTION, each): settings.for_target(each).test_groups for each in identifiers
    }
    errors: list[WheeldockError] = []
    for origin, names in wanted.items():
        with noted(errors):
            place = project.pyproject_place
            requirements(project.dependency_groups, names, place, origin)
    if errors:
        raise joined(errors, ConfigurationError)


def requirements(
    groups: Mapping[str, object], wanted: Iterable[str], place: str, option: str = OPTION
) -> list[str]:
    """
    The requirements of the wanted groups, each once; `place` names the file in messages.

    `option` says there who wants them. Raises ConfigurationError with each group that is not
    there or is malformed.
    """
    found: list[str] = []
    problems = []
    known = {canonicalize_name(name) for name in groups}
    for name in wanted:
        if canonicalize_name(name) not in known:
            there = ", ".join(groups) or "none"
            problems.append(f"{option}: {place} has no dependency group {name!r}; it has {there}")
            continue
        try:
            # Whatever a TOML table has: it is the resolver that checks it.
            resolver = DependencyGroupResolver(cast("Mapping[str, list[str]]", groups))
            found += map(str, resolver.resolve(name))
        except ExceptionGroup as error:
            problems += (f"{place}: dependency-groups: {each}" for each in error.exceptions)
    if problems:
        raise ConfigurationError(list(dict.fromkeys(problems)))
    return list(dict.fromkeys(found))
