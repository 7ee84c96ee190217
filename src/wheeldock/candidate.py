"""A commit that is to become a release, and all that is known of it before it is tagged."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from packaging.version import Version


DIGITS = 10
"""How many digits of a commit are shown."""


class Versioning(Enum):
    """Where a project's version comes from."""

    STATED = "pyproject.toml"
    """It is written down where it can be read without a build."""
    FROM_TAG = "the tag"
    """A plugin such as setuptools-scm takes it from Git."""
    BUILT = "the build"
    """Only a build could tell."""


class Kinship(Enum):
    """How the branch and the branch that it follows lie to each other."""

    SAME = "the same commit"
    AHEAD = "commits that are not pushed"
    BEHIND = "commits that are not here"
    DIVERGED = "commits on both sides"
    NONE = "it follows no branch"
    """It follows none, or the remote does not have it."""


@dataclass(frozen=True, kw_only=True)
class Remote:
    """What the remote said."""

    name: str
    """"" where there is none."""
    failure: str = ""
    """Why it could not be asked, "" where it answered."""
    kinship: Kinship = Kinship.NONE
    tag: str | None = None
    """The commit of the tag there, None where it is free."""
    default_branch: str = ""


@dataclass(frozen=True, kw_only=True)
class Changelog:
    """What the changelog says."""

    file: str | None
    """None where there is none."""
    section: str | None = None
    """What it says of the version, None where it has no section of it."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """What the package index said."""

    url: str = ""
    failure: str = ""
    """Why it could not be asked, "" where it answered."""
    files: tuple[str, ...] = ()
    """What it has of the version."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A commit that is to be tagged, and all that is known of it."""

    root: Path
    """The checkout's."""
    project: str
    version: str
    """As it was asked for."""
    versioning: Versioning
    stated: str | None
    """The version that the project's files say, None where they do not."""
    place: str
    """The file that says it."""
    commit: str
    branch: str
    """"" for a detached HEAD."""
    branches: tuple[str, ...]
    """Globs of the branches that releases are made on; none are the default ones."""
    changes: tuple[str, ...]
    """What is not committed."""
    push: bool
    remote: Remote
    tag: str
    """Its name."""
    tag_format: str
    tags: Mapping[str, str]
    """The commits of the tags that are here."""
    built: Mapping[str, Version] = field(default_factory=dict)
    """The versions of what is in the output folder, by path."""
    changelog: Changelog
    index: Index = field(default_factory=Index)

    @property
    def is_tagged_here(self) -> bool:
        """Whether the tag is here, at this commit."""
        return self.tags.get(self.tag) == self.commit

    @property
    def is_tagged_there(self) -> bool:
        """Whether the remote has the tag, at this commit."""
        return self.remote.tag == self.commit
