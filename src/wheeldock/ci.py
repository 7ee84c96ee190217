"""
The files that let a CI build, test and deploy wheels, as `invoke init` writes them.

What CI runs is what a user types. On GitHub, build and release are workflows of their own, since
the release must use no cache; on GitLab they are jobs of one file.
"""

from __future__ import annotations

import os
import re
from enum import Enum
from importlib.resources import files
from typing import TYPE_CHECKING

from wheeldock import __version__, tagname
from wheeldock.errors import UsageError
from wheeldock.git import GitError, git

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class Service(Enum):
    """A CI that there are files for."""

    GITHUB = "github"
    GITLAB = "gitlab"


FILES: Mapping[Service, Mapping[str, str]] = {
    Service.GITHUB: {
        ".github/workflows/wheels.yml": "wheels.yml.txt",
        ".github/workflows/release.yml": "release.yml.txt",
        ".github/dependabot.yml": "dependabot.yml.txt",
    },
    Service.GITLAB: {".gitlab-ci.yml": "gitlab-ci.yml.txt"},
}
"""What is written for each, by path, and the resource that it is made of."""

_AUTO, _BOTH, _NONE = "auto", "both", "none"


def chosen(asked: str, folder: Path) -> tuple[Service, ...]:
    """
    Return the services that are asked for, or that a project has. Raises UsageError.

    Its remotes tell, else the files that are there; without any of them it is GitHub.
    """
    named = {service.value: (service,) for service in Service}
    words = {**named, _BOTH: tuple(Service), _NONE: ()}
    if asked in words:
        return words[asked]
    if asked and asked != _AUTO:
        allowed = ", ".join([_AUTO, *words])
        raise UsageError(f"--ci: {asked!r} is not one of {allowed}")
    hosts = _hosts(folder)
    found = tuple(service for service in Service if any(service.value in host for host in hosts))
    return found or _by_files(folder)


def texts(services: tuple[Service, ...], tag_format: str) -> dict[str, str]:
    """The files of services, by path; the tags of a format start a release."""
    values = {
        "wheeldock": f"wheeldock=={__version__}",
        "tags": tagname.glob_of(tag_format),
        "pattern": tagname.pattern_of(tag_format).replace("/", r"\/"),
    }
    return {
        path: _filled(resource, values)
        for service in services
        for path, resource in FILES[service].items()
    }


def _filled(resource: str, values: Mapping[str, str]) -> str:
    place = files("wheeldock") / "resources" / "init" / resource
    return re.sub(r"@(\w+)@", lambda name: values[name[1]], place.read_text(encoding="utf-8"))


def _hosts(folder: Path) -> list[str]:
    """The hosts of the remotes: of `https://host/…`, `ssh://git@host:1/…` or `git@host:…`."""
    try:
        told = os.fsdecode(git("config", "--get-regexp", r"^remote\..*\.url$", at=folder))
    except GitError:
        return []
    urls = [line.partition(" ")[2] for line in told.splitlines()]
    found = (re.match(r"(?:\w+://)?(?:[^@/]*@)?([\w.-]+)(?=[:/])", url) for url in urls)
    return [host[1].lower() for host in found if host]


def _by_files(folder: Path) -> tuple[Service, ...]:
    is_gitlab = (folder / ".gitlab-ci.yml").exists() and not (folder / ".github").exists()
    return (Service.GITLAB if is_gitlab else Service.GITHUB,)
