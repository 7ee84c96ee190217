"""
The time that is written into distributions: what the user names, or else a commit's.

`SOURCE_DATE_EPOCH` is the variable that reproducible-builds.org specifies: seconds since 1970.
Without it an sdist has the time of the commit that is checked out, which its own build finds.
Wheels have that of the last commit that changed something that ships, so that a commit that ships
nothing leaves them as they are.
"""

from __future__ import annotations

import filecmp
import os
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.errors import ConfigurationError
from wheeldock.git import GitError, changes
from wheeldock.sources import PROJECT_FILES, DirectorySource
from wheeldock.worktree import is_tracked

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.sources import Source

VARIABLE = "SOURCE_DATE_EPOCH"
UNDATED = "1580601600"
"""The time of wheels that no commit tells of: 2020-02-02, as many build backends have it."""

_EARLIEST, _LATEST = 315532800, 4354819199
"""What the times of a ZIP archive can be: 1980 to 2107."""

_COMMITS = 20_000
"""How many commits that changed files beside those that ship are passed over at most."""


@dataclass(frozen=True)
class Epochs:
    """The times of a run's distributions, in seconds since 1970; "" for the default."""

    sdist: str = ""
    wheels: str = ""


def chosen(environ: Mapping[str, str]) -> Epochs:
    """
    The time that the environment names, which is that of all distributions.

    Raises ConfigurationError.
    """
    text = environ.get(VARIABLE, "").strip()
    if text and not (text.isascii() and text.isdigit() and _EARLIEST <= int(text) <= _LATEST):
        raise ConfigurationError(
            [f"{VARIABLE}: {text!r} is no number of seconds from {_EARLIEST} to {_LATEST}"],
            cure="`git log -1 --format=%ct` prints that of a commit.",
        )
    epoch = str(int(text)) if text else ""
    return Epochs(epoch, epoch)


def of_wheels(source: Source, unpacked: Path | None) -> str:
    """
    The time of the last commit that changed something that wheels are built from.

    That is what is in the unpacked sdist of a source tree, or without one all that travels. It is
    UNDATED for what no commit is known to have changed: an sdist, a tree that Git does not track.
    """
    if not isinstance(source, DirectorySource) or not is_tracked(source.path, PROJECT_FILES):
        return UNDATED
    names = None if unpacked is None else _names(source, unpacked)
    inside = names and all(name.startswith(f"{source.subfolder}/") for name in names)
    folder = source.subfolder if inside else "."
    try:
        with closing(changes(folder, at=source.project, commits=_COMMITS)) as found:
            for seconds, path in found:
                if names is None or path in names:
                    return str(min(max(seconds, _EARLIEST), _LATEST))
    except GitError:
        pass  # there is no commit yet, or the clone lacks what it would take to tell
    return UNDATED


def _names(source: DirectorySource, unpacked: Path) -> set[str]:
    """
    By what names Git may know what is in an sdist, with slashes, below the project's folder.

    Links are among them with what they lead to, and folders: a submodule is known by its own.
    """
    project = source.project.resolve()
    real = cache(os.path.realpath)
    names = set[str]()
    for ours in unpacked.rglob("*"):
        if place := _place(project, source.subfolder, ours, ours.relative_to(unpacked)):
            target = Path(real(place.parent), place.name)
            names.update(map(str, (place, real(target) if target.is_symlink() else target)))
    beginning = f"{project}/"
    return {name.removeprefix(beginning) for name in names if name.startswith(beginning)}


def _place(project: Path, package: str, ours: Path, member: Path) -> Path | None:
    """Where a file or folder of an sdist comes from, as far as can be seen; None for nowhere."""
    place = project / package / member
    if os.path.lexists(place):
        return place
    # Some backends pack what is around a package where it lies there: a workspace of Rust's.
    for folder in Path(package).parents:
        theirs = project / folder / member
        if ours.is_file() and theirs.is_file() and filecmp.cmp(ours, theirs, shallow=False):
            return theirs
    return None
