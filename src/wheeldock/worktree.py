"""
Which files of a source tree belong to it, and which are ignored or by-products.

In a checkout Git knows. Elsewhere .gitignore's rules stand in for it, but in an unpacked sdist,
which has files (generated sources) that its own .gitignore names.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

from wheeldock.git import GitError, git

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_SUBMODULE = "160000"
_CACHE_TAG = b"Signature: 8a477f597d28d172789f06886806bc55"
"""What a CACHEDIR.TAG begins with (https://bford.info/cachedir/)."""

_BY_PRODUCTS = frozenset(
    [
        *("__pycache__", ".eggs", ".hypothesis", ".ipynb_checkpoints", ".mypy_cache"),
        *(".nox", ".pytest_cache", ".ruff_cache", ".tox", ".venv", "node_modules"),
    ]
)
"""Folders that are by-products wherever they are."""

AT_THE_TOP = frozenset([".wheeldock", "dist", "wheelhouse"])
"""Folders that are by-products in the project's own folder."""

UNFINISHED = ".wheeldock-"
"""What the names of folders begin with in which an output folder is made; a killed run's stays."""

_BUILT = re.compile(r"lib(\..+)?|(temp|bdist)\..+|cp3\d+.*|CMakeCache\.txt")
"""What build backends put in `build`, of which some projects have one with sources."""


@dataclass
class Listing:
    """The paths of a source tree, relative to it, with slashes; a folder ends with one."""

    left_out: list[str] = field(default_factory=list)
    """Files and whole folders that do not belong to it."""
    kept: list[str] = field(default_factory=list)
    """Files that do."""
    folders: list[str] = field(default_factory=list)
    """Folders that do, without those that tracked files are in; some may have no file."""
    repositories: list[str] = field(default_factory=list)
    """Git's own folders, without the slash; they are kept."""

    def add(self, folder: str, other: Listing) -> None:
        """Take in the listing of a folder of the tree; its path ends with a slash."""
        self.left_out += (folder + path for path in other.left_out)
        self.kept += (folder + path for path in other.kept)
        self.folders += (folder + path for path in other.folders)
        self.repositories += (folder + path for path in other.repositories)


def list_source(root: Path, outputs: Sequence[Path]) -> Listing:
    """List a source tree at its real path; `outputs` are folders, in it or not, for by-products."""
    inside = [output.resolve() for output in outputs]
    below = [output.relative_to(root) for output in inside if root in output.parents]
    return list_tree(root, tuple(folder.as_posix() for folder in below))


def list_tree(root: Path, outputs: tuple[str, ...] = ()) -> Listing:
    """List a source tree; `outputs` are folders in it whose untracked files are by-products."""
    listing = _ask_git(root, outputs)
    if listing is None:
        rules = not is_checkout(root) and not (root / "PKG-INFO").is_file()
        listing = Listing()
        _Walk(root, outputs, listing, heed_rules=rules).folder("")
    return listing


def is_checkout(root: Path) -> bool:
    """Whether a folder is in a Git checkout, as far as can be seen without Git."""
    return repository_of(root) is not None


def repository_of(root: Path) -> Path | None:
    """The top of the Git checkout that a folder is in, as far as can be seen without Git."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def has_repository(root: Path) -> bool:
    """Whether a folder's own `.git` has all of its repository in it, objects included."""
    own = root / ".git"
    is_elsewhere = own.is_symlink() or (own / "objects" / "info" / "alternates").exists()
    return own.is_dir() and not is_elsewhere


def is_tracked(folder: Path, names: Sequence[str]) -> bool:
    """Whether Git tracks one of the files in a folder."""
    return bool(_git(folder, "ls-files", "--", *names))


def _ask_git(root: Path, outputs: tuple[str, ...]) -> Listing | None:
    """What Git says of the tree; None where it is no checkout, or Git cannot say."""
    others = ("--others", "--exclude-standard", "--directory")
    ignored = _git(root, "ls-files", *others, "--ignored")
    untracked = _git(root, "ls-files", *others)
    tracked = _git(root, "ls-files", "--stage")
    # A folder that the checkout around it ignores is a tree of its own.
    if ignored is None or untracked is None or tracked is None or "./" in ignored:
        return None
    listing = Listing(left_out=ignored)
    if has_repository(root):
        listing.repositories.append(".git")
    walk = _Walk(root, outputs, listing, skip=frozenset(ignored))
    for entry in tracked:
        mode, _, path = entry.partition(" ")
        path = path.partition("\t")[2]
        if mode == _SUBMODULE and (root / path / ".git").exists():
            listing.add(f"{path}/", list_tree(root / path))
        else:
            listing.kept.append(path)
    for path in untracked:
        if path == "./":  # the whole tree, in a checkout around it
            walk.folder("")
        elif path.endswith("/") and (root / path / ".git").exists():
            listing.add(path, list_tree(root / path))
        else:
            walk.entry(path)
    return listing


def _git(root: Path, *arguments: str) -> list[str] | None:
    """The NUL-separated output of a Git command; None when it fails or there is no Git."""
    try:
        told = git(*arguments, "-z", at=root)
    except GitError:
        return None
    return [entry for entry in os.fsdecode(told).split("\0") if entry]


class _Walk:
    """Sorts what Git does not track into a listing."""

    def __init__(
        self,
        root: Path,
        outputs: tuple[str, ...],
        listing: Listing,
        *,
        skip: frozenset[str] = frozenset(),
        heed_rules: bool = False,
    ) -> None:
        self._root = root
        self._outputs = outputs
        self._listing = listing
        self._skip = skip
        self._heed_rules = heed_rules
        self._rules: list[tuple[str, GitIgnoreSpec]] = []

    def entry(self, path: str) -> None:
        """Sort in a file, or a folder (with a slash at the end) and all that is in it."""
        if path in self._skip:
            return
        if f"/{path}".endswith("/.git/"):
            self._listing.repositories.append(path.rstrip("/"))
        elif self._is_by_product(path) or self._is_ruled_out(path):
            self._listing.left_out.append(path)
        elif path.endswith("/"):
            self.folder(path)
        else:
            self._listing.kept.append(path)

    def folder(self, path: str) -> None:
        """Sort in a folder, unless its content shows that it is a by-product."""
        try:
            with os.scandir(self._root / path) as found:
                entries = sorted(
                    f"{path}{entry.name}{'/' if entry.is_dir(follow_symlinks=False) else ''}"
                    for entry in found
                )
        except PermissionError:
            # What nobody here may read can be no part of a build, and would stop it.
            self._listing.left_out.append(path)
            return
        if path and self._is_by_product_by_content(path, entries):
            self._listing.left_out.append(path)
            return
        if path:
            self._listing.folders.append(path)
        rules = f"{path}.gitignore"
        heed = self._heed_rules and rules in entries
        if heed:
            lines = (self._root / rules).read_text("utf-8", "surrogateescape").splitlines()
            self._rules.append((path, GitIgnoreSpec.from_lines(filter(_is_rule, lines))))
        for entry in entries:
            self.entry(entry)
        if heed:
            self._rules.pop()

    def _is_by_product(self, path: str) -> bool:
        folder = path.rstrip("/")
        parts = folder.split("/")
        return (
            not _BY_PRODUCTS.isdisjoint(parts)
            or any(part.startswith(UNFINISHED) for part in parts)
            or (parts[0] in AT_THE_TOP and not (self._root / parts[0] / "__init__.py").exists())
            or any(folder == output or folder.startswith(f"{output}/") for output in self._outputs)
        )

    def _is_by_product_by_content(self, path: str, entries: list[str]) -> bool:
        if f"{path}pyvenv.cfg" in entries:
            return True
        if path == "build/":
            return any(_BUILT.fullmatch(entry[len(path) :].rstrip("/")) for entry in entries)
        tag = f"{path}CACHEDIR.TAG"
        if tag not in entries:
            return False
        with (self._root / tag).open("rb") as file:
            return file.read(len(_CACHE_TAG)) == _CACHE_TAG

    def _is_ruled_out(self, path: str) -> bool:
        """Whether a .gitignore excludes it; the rules of the deepest folder come first."""
        for folder, rules in reversed(self._rules):
            verdict = rules.check_file(path[len(folder) :]).include
            if verdict is not None:
                return verdict
        return False


def _is_rule(line: str) -> bool:
    """Whether a line of a .gitignore is well-formed; Git passes over others, too."""
    try:
        GitIgnoreSpec.from_lines([line])
    except (ValueError, re.error):
        return False
    return True
