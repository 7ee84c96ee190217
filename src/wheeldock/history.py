"""
Git's history for the build of an sdist whose source tree does not have it.

Many projects take their version from Git's tags. In a subfolder of a repository, in a linked
worktree and in a submodule, `.git` is outside of what travels to the engine, and of a clone that
borrows objects (`git clone --shared`, `--reference`) a part of it is. In its place goes
a small Git directory of the same history: every commit, every tag, an index, and of all the
files only those that HEAD has in the source tree. Git says there what it says at home: the
version, whether the tree is changed, which files belong to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import gitdirectory
from wheeldock.errors import RepositoryError
from wheeldock.git import GitError, RefusedOwnerError
from wheeldock.swap import remove, take_place

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_VERSIONED_BY_GIT = re.compile(
    r"\s*(setuptools[-_.]scm|setuptools[-_.]git[-_.]versioning|hatch[-_.]vcs|vcs[-_.]versioning"
    r"|versioneer|versioningit|dunamai|\w+[-_.]dynamic[-_.]versioning|pbr)\b",
    re.IGNORECASE,
)
"""Build requirements that take a version from Git."""


@dataclass(frozen=True)
class History:
    """A Git directory that can travel."""

    folder: Path
    subfolder: str
    """The source tree's place in the checkout, with slashes; "" for the checkout itself."""


def history(
    tree: Path, folder: Path, build_requires: Sequence[str], say: Callable[[str], None]
) -> History | None:
    """
    Give a source tree's history in `folder`, made anew if anything changed.

    None where the tree has all of it in its own `.git`, or there is no checkout or no Git. It is
    said if the build requirements want more than there is. Raises OSError, or RepositoryError where
    they do and Git refuses the checkout for its owner.
    """
    needed = takes_version_from_git(build_requires)
    try:
        found = _history(tree, folder)
    except GitError as error:
        found = None
        if needed and isinstance(error, RefusedOwnerError):
            message = f"{tree}: {error}, and the version comes from its history"
            raise RepositoryError(message, cure=error.cure) from None
        if needed:
            say(f"The sdist is built without Git's history, as Git failed: {error}")
    shallow = (found.folder if found else tree / ".git") / "shallow"
    if needed and shallow.is_file():
        say(
            "This checkout is a shallow clone, which may lack the tag that the version comes from: "
            "`git fetch --unshallow --tags` gets the whole history."
        )
    return found


def takes_version_from_git(build_requires: Sequence[str]) -> bool:
    """Whether one of a project's build requirements is known to take its version from Git."""
    return any(map(_VERSIONED_BY_GIT.match, build_requires))


def fingerprint(tree: Path) -> str:
    """
    A digest of the history that a source tree's folder lacks.

    It is "" where it has its own, or there is none.
    """
    try:
        checkout = gitdirectory.read(tree.resolve())
    except GitError:
        return ""
    return checkout.key if checkout else ""


def _history(tree: Path, folder: Path) -> History | None:
    root = tree.resolve()
    checkout = gitdirectory.read(root)
    if checkout is None:
        return None
    key = folder / gitdirectory.KEY
    if not key.is_file() or key.read_text(encoding="ascii") != checkout.key:
        fresh = folder.with_name(f"{folder.name}.new")
        remove(fresh)
        gitdirectory.make(checkout, root, fresh)
        take_place(fresh, folder)
        remove(fresh)
    return History(folder, checkout.subfolder)
