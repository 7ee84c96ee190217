"""What of a project goes into a trial's container: no more than its commands name."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from wheeldock import digests
from wheeldock.errors import ConfigurationError
from wheeldock.ignore import ignored, with_ignore_file
from wheeldock.request import DOCKER
from wheeldock.worktree import list_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.config import TargetOptions

DOCKERFILE = DOCKER / "test.Dockerfile"

PROJECT = "/project"
"""Where the project's tree is in a container."""

_GIT = (".git", "**/.git")
"""What is in no trial: each commit would have all tests run again."""


class Need(Enum):
    """What of a project a trial needs beside the wheel."""

    NOTHING = 1
    PACKAGE = 2
    """The folder that is built."""
    PROJECT = 3
    """All of it."""


def need(options: TargetOptions) -> Need:
    """
    What the commands of a trial can see of the project: what they name.

    `before-test` runs in the project's folder, as cibuildwheel does it, and requirements can be
    a file or a folder of it.
    """
    command = options.test_command
    local = any(word.startswith(("-", ".", "/")) for word in options.test_requires)
    if options.before_test or local or "{project}" in command:
        return Need.PROJECT
    return Need.PACKAGE if "{package}" in command else Need.NOTHING


@dataclass(frozen=True, kw_only=True)
class TrialFiles:
    """The files of a trial, as a build takes them."""

    dockerfile: Path
    """A copy of the Dockerfile with an ignore file beside it, if there is something to ignore."""
    tree: Path
    """The build context."""
    place: str
    """Where that goes in the container."""
    package: str
    """Where the folder that is built is there, or would be."""
    sources: Path
    """A folder with what `test-sources` names."""
    digest: str
    """Of the content of all of it."""


class Shelf:
    """Lays out the files of trials, the same ones once; `folder` is for this run alone."""

    def __init__(self, project: Path, package: str, outputs: Sequence[Path], folder: Path) -> None:
        self._project = project
        self._package = package
        self._outputs = outputs
        self._folder = folder
        self._trees: dict[Need, tuple[Path, str]] = {}
        self._sources: dict[tuple[str, ...], tuple[Path, str]] = {}

    def files(self, options: TargetOptions) -> TrialFiles:
        """The files of trials with these options. Raises ConfigurationError, or OSError."""
        needed = need(options)
        package = PurePosixPath(PROJECT, self._package)
        if options.test_sources not in self._sources:
            origin = options.origins["test-sources"]
            self._sources[options.test_sources] = self._gather(options.test_sources, origin)
        if needed not in self._trees:
            self._trees[needed] = self._lay_out(needed)
        (sources, of_sources), (dockerfile, of_tree) = (
            self._sources[options.test_sources],
            self._trees[needed],
        )
        return TrialFiles(
            dockerfile=dockerfile,
            tree=self._root(needed),
            place=str(package) if needed is Need.PACKAGE else PROJECT,
            package=str(package),
            sources=sources,
            digest=f"{of_tree} {of_sources}",
        )

    def _root(self, needed: Need) -> Path:
        if needed is Need.NOTHING:
            return self._empty("nothing")
        return self._project if needed is Need.PROJECT else self._project / self._package

    def _empty(self, name: str) -> Path:
        folder = self._folder / name
        folder.mkdir(exist_ok=True)
        return folder

    def _lay_out(self, needed: Need) -> tuple[Path, str]:
        """Write the ignore file of a tree; return the Dockerfile beside it, and a digest."""
        if needed is Need.NOTHING:
            return DOCKERFILE, ""
        root = self._root(needed)
        real = root.resolve()
        listing = list_source(real, self._outputs)
        patterns = [*ignored(real, listing), *_GIT]
        folder = self._empty(needed.name.lower())
        dockerfile = with_ignore_file(DOCKERFILE, folder, patterns)
        return dockerfile, digests.of_folder(real, (real / path for path in listing.kept))

    def _gather(self, wanted: Sequence[str], origin: str) -> tuple[Path, str]:
        """Copy what `test-sources` names there, at the same places in a folder of its own."""
        into = self._empty(f"sources-{len(self._sources)}")
        if problems := [text for name in wanted if (text := self._problem(name))]:
            raise ConfigurationError([f"{origin}: {text}" for text in problems])
        skip = shutil.ignore_patterns("__pycache__", ".git")
        for name in wanted:
            source, target = self._source(name), into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, symlinks=True, ignore=skip, dirs_exist_ok=True)
            else:
                shutil.copy2(source, target)
        return into, digests.of_folder(into)

    def _problem(self, name: str) -> str:
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            return f"got {name!r}; expected a path in the project, relative to it"
        if not self._source(name).exists():
            return f"{name!r} is missing in {self._project}"
        return ""

    def _source(self, name: str) -> Path:
        """The file in the project or, where that has none such, in the folder that is built."""
        inside, below = self._project / name, self._project / self._package / name
        return below if below.exists() and not inside.exists() else inside
