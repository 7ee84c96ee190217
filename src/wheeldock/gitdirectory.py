"""
A small Git directory, made from a checkout, that can go without the checkout's files and objects.

It has every commit, every tag, an index, and of all the files only those that HEAD has in the
source tree.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from wheeldock.git import GitError, git, succeeds
from wheeldock.worktree import has_repository, is_checkout

if TYPE_CHECKING:
    from pathlib import Path

_KEPT_SETTINGS = r"^core\.(autocrlf|eol|filemode|symlinks|ignorecase)$"
"""Git's settings by which a file is the same as what was committed."""

_TAG = "%(objectname) %(refname) %(objecttype) %(*objecttype)"
"""A tag's line: its object, its name, what that object is and, if it is a tag, what of."""

KEY = "wheeldock-1"
"""The file that says what a Git directory was made from; the number is that of how it is made."""


@dataclass(frozen=True)
class Checkout:
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


def read(tree: Path) -> Checkout | None:
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
    return Checkout(
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


def make(checkout: Checkout, tree: Path, folder: Path) -> None:
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
    (folder / KEY).write_text(checkout.key, encoding="ascii")


def _config(checkout: Checkout) -> str:
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


def _commit_of_these_alone(checkout: Checkout, tree: Path, files: str, folder: Path) -> str:
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
