"""
What is found out of a project, its checkout, its remote and the index before it is tagged.

Nothing is changed by it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.version import Version

from wheeldock import changelog, config, sources, tagname
from wheeldock.candidate import Candidate, Changelog, Index, Kinship, Remote, Versioning
from wheeldock.errors import ConfigurationError, RepositoryError, UsageError, WheeldockError
from wheeldock.git import GitError, RefusedOwnerError
from wheeldock.history import takes_version_from_git
from wheeldock.project import read_project
from wheeldock.repository import RemoteState, Repository
from wheeldock.sources import DirectorySource
from wheeldock.state import State
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from wheeldock.config import Config
    from wheeldock.project import Project
    from wheeldock.repository import Branch


@dataclass(frozen=True, kw_only=True)
class Place:
    """A project in a checkout."""

    source: DirectorySource
    project: Project
    settings: Config
    repository: Repository

    @classmethod
    def here(cls) -> Place:
        """Return the working directory's. Raises RepositoryError, or what `open_source` does."""
        source = source_tree()
        project = read_project(source)
        settings = config.load(
            project.tool, path=project.pyproject_place, environ=os.environ, overrides={}
        )
        try:
            repository = Repository.around(source.path)
            repository.check_owner()
        except RefusedOwnerError as error:
            raise RepositoryError(f"{source.path}: {error}", cure=error.cure) from None
        except GitError as error:
            message = f"{source.path} is in no Git checkout: {error}"
            raise RepositoryError(message, cure="A release is a tag: `git init`, say.") from None
        return cls(source=source, project=project, settings=settings, repository=repository)

    @property
    def versioning(self) -> Versioning:
        """Where its version comes from."""
        if self.project.version is not None:
            return Versioning.STATED
        if takes_version_from_git(self.project.build_system.requires):
            return Versioning.FROM_TAG
        return Versioning.BUILT


def source_tree() -> DirectorySource:
    """
    The source tree that is tagged: this folder's own project, else the one that it points to.

    Raises UsageError, or what `open_source` raises.
    """
    here = DirectorySource(Path.cwd())
    text = config.source_text(os.environ)
    if text == "." and read_project(here).name is not None:
        return here
    state = State.here()
    source = sources.open_source(text, cwd=Path.cwd(), download_dir=state.downloads)
    if isinstance(source, DirectorySource):
        return source
    message = f"{text} is an sdist, and what is tagged is a source tree in a Git checkout"
    raise UsageError(message, cure="Go to the project's folder.")


def candidate(place: Place, version: str, *, push: bool, building: bool) -> Candidate:
    """
    Find out all that the checks look at.

    With `building`, what is in the output folder does not matter. Raises GitError, UsageError, or
    ConfigurationError.
    """
    repository, settings = place.repository, place.settings
    tags = repository.tags()
    form = settings.tag_format or tagname.format_like(tags)
    version = _version(place, version, tags, form)
    tag = _tag(repository, version, form)
    commit, branch = repository.head(), repository.branch()
    return Candidate(
        root=repository.root,
        project=place.project.name or "",
        version=version,
        versioning=place.versioning,
        stated=place.project.version,
        place=place.project.pyproject_place,
        commit=commit,
        branch=branch.name,
        branches=settings.release_branches,
        changes=tuple(repository.changes(but=[settings.output_dir])),
        push=push,
        remote=_remote(repository, branch, tag, commit),
        tag=tag,
        tag_format=form,
        tags=tags,
        built={} if building else _built(place),
        changelog=_changelog(place, version),
    )


def _version(place: Place, asked: str, tags: dict[str, str], form: str) -> str:
    """The version to tag, as it is asked for or stated. Raises UsageError."""
    if asked:
        before = form.partition(tagname.PLACE)[0]
        return asked.removeprefix(before) if before == "v" else asked
    if place.project.version is not None:
        return place.project.version
    found = [version for tag in tags if (version := tagname.version_of(tag, form))]
    file = changelog.find([place.source.path, place.repository.root])
    written = changelog.newest(_text(file)) if file else None
    newest = max(found, default=None)
    if written is not None and (newest is None or written > newest):
        suggested, why = written, f"{file.name if file else ''} begins with it"
    elif newest is not None:
        suggested, why = tagname.next_after(newest), f"the newest tag is of {newest}"
    else:
        suggested, why = Version("0.1.0"), "there is no tag yet"
    source = "takes its version from the tag"
    if place.versioning is Versioning.BUILT:
        source = f"does not say its version in {place.project.pyproject_place}"
    raise UsageError(
        f"{place.project.name or 'this project'} {source}: which one is it to be?",
        cure=f"Say it, e.g. `invoke tag {suggested}` ({why}).",
    )


def _tag(repository: Repository, version: str, form: str) -> str:
    """The tag's name, "" for what is no version."""
    canonical = tagname.parsed(version)
    if canonical is None:
        return ""
    tag = tagname.tag_of(canonical, form)
    if not repository.is_ref(f"refs/tags/{tag}"):
        raise ConfigurationError([f"tag-format makes {tag!r}, which Git takes for no tag's name"])
    return tag


def _remote(repository: Repository, branch: Branch, tag: str, commit: str) -> Remote:
    """Ask the branch's remote, else origin, else the only one."""
    remotes = repository.remotes()
    likely = [name for name in (branch.remote, "origin") if name in remotes]
    name = (likely or (remotes if len(remotes) == 1 else [""]))[0]
    if not name:
        return Remote(name="")
    ref = f"refs/tags/{tag}"
    wanted = [*([ref] if tag else []), *([branch.upstream] if branch.upstream else [])]
    try:
        state = repository.ask(name, *wanted)
    except GitError as error:
        return Remote(name=name, failure=str(error))
    return Remote(
        name=name,
        kinship=_kinship(repository, state, branch, commit),
        tag=state.refs.get(ref),
        default_branch=state.default_branch,
    )


def _kinship(repository: Repository, state: RemoteState, branch: Branch, commit: str) -> Kinship:
    theirs = state.refs.get(branch.upstream)
    if theirs is None:
        return Kinship.NONE
    if theirs == commit:
        return Kinship.SAME
    if not repository.has(theirs):
        return Kinship.BEHIND
    lacking, more = repository.distance(theirs, commit)
    if lacking:
        return Kinship.DIVERGED if more else Kinship.BEHIND
    return Kinship.AHEAD


def _built(place: Place) -> dict[str, Version]:
    """What is in the output folder of this project."""
    folder = place.settings.output_dir
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    found = {path: read_distribution(path) for path in paths}
    return {
        str(path): distribution.version
        for path, distribution in found.items()
        if distribution and distribution.name == place.project.normalized_name
    }


def _changelog(place: Place, version: str) -> Changelog:
    path = changelog.find([place.source.path, place.repository.root])
    if path is None:
        return Changelog(file=None)
    canonical = tagname.parsed(version)
    section = changelog.section(_text(path), canonical) if canonical else None
    return Changelog(file=path.name, section=section)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def index(candidate: Candidate) -> Index:
    """What the package index has of the version; that it does not answer is told, too."""
    canonical = tagname.parsed(candidate.version)
    if canonical is None:
        return Index()
    if not candidate.project:
        return Index(failure="the project's name is not known")
    from wheeldock import index as simple  # noqa: PLC0415 - it takes 0.3 s to import

    try:
        files = simple.files_of(candidate.project, canonical, os.environ)
    except WheeldockError as error:
        return Index(failure=error.message)
    return Index(url=simple.shown_url(os.environ), files=tuple(files))
