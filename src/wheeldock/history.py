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

import hashlib
import os
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wheeldock.errors import RepositoryError
from wheeldock.git import GitError, RefusedOwnerError, git, succeeds
from wheeldock.swap import remove, take_place
from wheeldock.worktree import has_repository, is_checkout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_KEPT_SETTINGS = r"^core\.(autocrlf|eol|filemode|symlinks|ignorecase)$"
"""Git's settings by which a file is the same as what was committed."""

_VERSIONED_BY_GIT = re.compile(
    r"\s*(setuptools[-_.]scm|setuptools[-_.]git[-_.]versioning|hatch[-_.]vcs|vcs[-_.]versioning"
    r"|versioneer|versioningit|dunamai|\w+[-_.]dynamic[-_.]versioning|pbr)\b",
    re.IGNORECASE,
)
"""Build requirements that take a version from Git."""

_TAG = "%(objectname) %(refname) %(objecttype) %(*objecttype)"
"""A tag's line: its object, its name, what that object is and, if it is a tag, what of."""

_KEY = "wheeldock-1"
"""The file that says what a Git directory was made from; the number is that of how it is made."""


@dataclass(frozen=True)
class History:
    """A Git directory that can travel."""

    folder: Path
    subfolder: str
    """The source tree's place in the checkout, with slashes; "" for the checkout itself."""


@dataclass(frozen=True)
class _Checkout:
    """What Git says of the checkout that a source tree is in: all that a history is made from."""

    subfolder: str
    shallow: str
    """The commits at which a shallow clone ends, one a line."""
    object_format: str
    head: str
    """A commit."""
    branch: str
    """The branch as a ref, or "" for none."""
    tags: tuple[tuple[str, str], ...]
    """Object and ref of each."""
    index: bytes
    """The source tree's entries, as `ls-files --stage -z` prints them."""
    settings: str
    abbreviation: int
    """How many digits name a commit there: Git counts objects, of which the copy has fewer."""

    @property
    def key(self) -> str:
        """A digest of it all."""
        return hashlib.sha256(repr(self).encode(errors="surrogateescape")).hexdigest()


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
        checkout = _read(tree.resolve())
    except GitError:
        return ""
    return checkout.key if checkout else ""


def _history(tree: Path, folder: Path) -> History | None:
    root = tree.resolve()
    checkout = _read(root)
    if checkout is None:
        return None
    key = folder / _KEY
    if not key.is_file() or key.read_text(encoding="ascii") != checkout.key:
        fresh = folder.with_name(f"{folder.name}.new")
        remove(fresh)
        _make(checkout, root, fresh)
        take_place(fresh, folder)
        remove(fresh)
    return History(folder, checkout.subfolder)


def _read(tree: Path) -> _Checkout | None:
    """
    What Git says of a checkout whose history is outside of the tree, or a part of it.

    None where there is no such, where it ignores the tree, or where it has no commit yet.
    """
    if has_repository(tree) or not is_checkout(tree):
        return None
    ask = partial(git, at=tree)
    index = ask("ls-files", "--stage", "-z", "--full-name")
    if not index and succeeds("check-ignore", "--quiet", ".", at=tree):
        return None
    short = _or_nothing(tree, "rev-parse", "--quiet", "--verify", "--short", "HEAD").strip()
    if not short:
        return None
    told = ask("rev-parse", "--show-object-format", "HEAD", "--git-path", "shallow")
    object_format, head, shallow = os.fsdecode(told).splitlines()
    tags = ask("for-each-ref", f"--format={_TAG}", "refs/tags")
    return _Checkout(
        subfolder=os.fsdecode(ask("rev-parse", "--show-prefix")).rstrip("\n").rstrip("/"),
        shallow=_text(tree / shallow),
        object_format=object_format,
        head=head,
        branch=_or_nothing(tree, "symbolic-ref", "--quiet", "HEAD").strip(),
        tags=tuple(
            (name, ref)
            for name, ref, *kinds in map(str.split, os.fsdecode(tags).splitlines())
            if kinds[-1] == "commit"
        ),
        index=index,
        settings=_or_nothing(tree, "config", "--get-regexp", _KEPT_SETTINGS),
        abbreviation=len(short),
    )


def _or_nothing(tree: Path, *question: str) -> str:
    try:
        return os.fsdecode(git(*question, at=tree))
    except GitError:
        return ""


def _text(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.is_file() else ""


def _make(checkout: _Checkout, tree: Path, folder: Path) -> None:
    """Make a Git directory (gitrepository-layout(5))."""
    packs = folder / "objects" / "pack"
    packs.mkdir(parents=True)
    (folder / "refs").mkdir()
    (folder / "config").write_text(_config(checkout), encoding="utf-8")
    (folder / "HEAD").write_text(f"ref: {checkout.branch}\n" if checkout.branch else checkout.head)
    if checkout.shallow:
        (folder / "shallow").write_text(checkout.shallow, encoding="ascii")
    commits = [checkout.head, *(name for name, _ in checkout.tags)]
    _pack(tree, commits, packs / "pack-commits.pack", "--filter=tree:0")
    refs = [*checkout.tags, *([(checkout.head, checkout.branch)] if checkout.branch else [])]
    files = _or_nothing(tree, "rev-parse", "--verify", f"{checkout.head}:{checkout.subfolder}")
    if files:
        _pack(tree, [files.strip()], packs / "pack-files.pack")
    if checkout.subfolder:
        only = _commit_of_these_alone(checkout, tree, files.strip(), folder)
        if only != checkout.head:
            refs.append((only, f"refs/replace/{checkout.head}"))
    lines = sorted((ref, name) for name, ref in refs)
    packed = "".join(f"{name} {ref}\n" for ref, name in lines)
    (folder / "packed-refs").write_bytes(os.fsencode(packed))
    git("--git-dir", ".", "update-index", "-z", "--index-info", at=folder, given=checkout.index)
    (folder / _KEY).write_text(checkout.key, encoding="ascii")


def _config(checkout: _Checkout) -> str:
    settings = (line.partition(" ") for line in checkout.settings.splitlines())
    lines = [
        "[core]",
        "bare = false",
        f"repositoryformatversion = {int(checkout.object_format != 'sha1')}",
        f"abbrev = {checkout.abbreviation}",
        *(f"{name.removeprefix('core.')} = {value}" for name, _, value in settings),
        # Theirs are not there to be looked at.
        "[diff]",
        "ignoreSubmodules = all",
    ]
    if checkout.object_format != "sha1":
        lines += ["[extensions]", f"objectFormat = {checkout.object_format}"]
    return "".join(f"{line}\n" for line in lines)


def _pack(tree: Path, names: list[str], path: Path, *options: str) -> None:
    """Pack objects and all that they lead to, in the same bytes whatever packs they come from."""
    same = ("--threads=1", "--window=0", "--no-reuse-delta")
    wanted = "".join(f"{name}\n" for name in names).encode()
    with path.open("wb") as file:
        command = ("pack-objects", "--quiet", "--revs", "--stdout", *same, *options)
        git(*command, at=tree, given=wanted, into=file)
    git("index-pack", path.resolve(), at=tree)


def _commit_of_these_alone(checkout: _Checkout, tree: Path, files: str, folder: Path) -> str:
    """Write HEAD's commit as if it had the subfolder's files and no others; it replaces HEAD's."""
    write = partial(git, "--git-dir", ".", at=folder)
    for name in reversed(checkout.subfolder.split("/")):
        entry = os.fsencode(f"040000 tree {files}\t{name}\0") if files else b""
        files = os.fsdecode(write("mktree", "-z", "--missing", given=entry)).strip()
    commit = git("cat-file", "commit", checkout.head, at=tree)
    _, newline, rest = commit.partition(b"\n")
    changed = b"tree " + files.encode() + newline + rest
    written = write("hash-object", "-t", "commit", "-w", "--stdin", given=changed)
    return os.fsdecode(written).strip()
