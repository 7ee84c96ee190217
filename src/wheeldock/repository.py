"""A Git checkout as a release sees it: what is committed, what the remote has, and tags."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.git import GitError, git, git_as_user, succeeds

if TYPE_CHECKING:
    from collections.abc import Sequence

_REMOTE_SECONDS = 60.0
"""How long a remote may take to answer a question."""
_PUSH_SECONDS = 900.0
"""How long a push may take, whose hooks may run a test suite."""


@dataclass(frozen=True)
class Branch:
    """The branch that is checked out."""

    name: str
    """"" for a detached HEAD."""
    remote: str = ""
    """The remote that it follows, "" where it follows none."""
    upstream: str = ""
    """The branch that it follows, as a ref of the remote."""


@dataclass(frozen=True)
class RemoteState:
    """What a remote has, as it says itself."""

    refs: dict[str, str]
    """Commits, by the refs that were asked for; of an annotated tag the commit is told."""
    default_branch: str
    """Its default branch's name, "" where it does not say."""


@dataclass(frozen=True)
class Repository:
    """A checkout."""

    root: Path

    @classmethod
    def around(cls, folder: Path) -> Repository:
        """The checkout that a folder is in. Raises GitError where it is in none."""
        told = git("rev-parse", "--show-toplevel", at=folder)
        return cls(Path(os.fsdecode(told).removesuffix("\n")))

    def check_owner(self) -> None:
        """Raise RefusedOwnerError where Git would do nothing here for the user."""
        git_as_user("rev-parse", "--git-dir", at=self.root)

    def head(self) -> str:
        """The commit that is checked out. Raises GitError where there is none yet."""
        try:
            return self._text("rev-parse", "--verify", "HEAD^{commit}")
        except GitError:
            message = f"{self.root} has no commit yet"
            raise GitError(message) from None

    def branch(self) -> Branch:
        """The branch that is checked out."""
        try:
            ref = self._text("symbolic-ref", "--quiet", "HEAD")
        except GitError:
            return Branch("")
        fields = "%(upstream:remotename)%00%(upstream:remoteref)%00%(refname)"
        for line in self._text("for-each-ref", f"--format={fields}", ref).splitlines():
            remote, upstream, name = line.split("\0")
            if name == ref:  # a ref is a prefix of those below it, too
                return Branch(ref.removeprefix("refs/heads/"), remote, upstream)
        return Branch(ref.removeprefix("refs/heads/"))

    def remotes(self) -> list[str]:
        """The names of its remotes."""
        return self._text("remote").splitlines()

    def changes(self, but: Sequence[Path] = ()) -> list[str]:
        """What is changed and not committed, or new and not ignored, but in those folders."""
        told = git("status", "--porcelain=v1", "-z", "--untracked-files=normal", at=self.root)
        entries = iter(os.fsdecode(told).split("\0"))
        found = []
        for entry in entries:
            if entry[:1] in {"R", "C"}:
                next(entries)  # where it was before
            if entry and not self._is_in(entry[3:], but):
                found.append(entry[3:])
        return found

    def _is_in(self, path: str, folders: Sequence[Path]) -> bool:
        place = (self.root / path).resolve()
        return any(place.is_relative_to(folder.resolve()) for folder in folders)

    def tags(self) -> dict[str, str]:
        """The commits (or other objects) that tags lead to, by their names."""
        fields = "%(refname:strip=2)%00%(objectname)%00%(*objectname)"
        lines = self._text("for-each-ref", f"--format={fields}", "refs/tags").splitlines()
        rows = (line.split("\0") for line in lines)
        return {name: target or direct for name, direct, target in rows}

    def is_ref(self, ref: str) -> bool:
        """Whether a ref may have that name."""
        return succeeds("check-ref-format", ref, at=self.root)

    def has(self, commit: str) -> bool:
        """Whether a commit is here."""
        return succeeds("cat-file", "-e", f"{commit}^{{commit}}", at=self.root)

    def distance(self, older: str, newer: str) -> tuple[int, int]:
        """How many commits each of two has that the other lacks."""
        told = self._text("rev-list", "--left-right", "--count", f"{older}...{newer}", "--")
        left, right = told.split()
        return int(left), int(right)

    def ask(self, remote: str, *refs: str) -> RemoteState:
        """Ask a remote what it has. Raises GitError."""
        peeled = [f"{ref}^{{}}" for ref in refs if ref.startswith("refs/tags/")]
        told = git_as_user(
            *("ls-remote", "--symref", "--", remote, "HEAD", *refs, *peeled),
            at=self.root,
            seconds=_REMOTE_SECONDS,
        )
        found, default = {}, ""
        for line in os.fsdecode(told).splitlines():
            value, _, ref = line.partition("\t")
            if ref == "HEAD":
                name = value.removeprefix("ref: refs/heads/")
                default = default if name == value else name
            elif (name := ref.removesuffix("^{}")) in refs:  # a pattern matches ends of refs
                found[name] = value
        return RemoteState(found, default)

    def tag(self, name: str, commit: str, message: str, *, sign: bool) -> None:
        """
        Make an annotated tag; it is signed if that is asked for here or in Git's configuration.

        Raises GitError.
        """
        kind = "--sign" if sign else "--annotate"
        # Git would take a heading of the message for a comment.
        options = (kind, "--cleanup=whitespace", "--file=-")
        git_as_user("tag", *options, "--", name, commit, at=self.root, given=message.encode())

    def untag(self, name: str) -> None:
        """Take a tag away that is here. Raises GitError."""
        git_as_user("tag", "--delete", "--", name, at=self.root)

    def push(self, remote: str, tag: str) -> None:
        """Push one tag and nothing else. Raises GitError."""
        ref = f"refs/tags/{tag}"
        # Or push.followTags and the like would take others along.
        options = ("--no-follow-tags", "--recurse-submodules=no")
        command = ("push", *options, "--", remote, f"{ref}:{ref}")
        git_as_user(*command, at=self.root, seconds=_PUSH_SECONDS)

    def _text(self, *question: str) -> str:
        return os.fsdecode(git(*question, at=self.root)).removesuffix("\n")
