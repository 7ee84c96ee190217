"""What of a source tree does not travel to the engine."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from typing import TYPE_CHECKING

from wheeldock.worktree import has_repository

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from wheeldock.worktree import Listing

_VOLATILE = ("FETCH_HEAD", "ORIG_HEAD", "COMMIT_EDITMSG", "logs", "fsmonitor--daemon*")
"""What Git rewrites without any effect on a build."""

_MANY = 3
"""From how many files of one kind on a single pattern takes the place of theirs."""


def with_ignore_file(dockerfile: Path, folder: Path, patterns: Iterable[str]) -> Path:
    """A copy of a Dockerfile in a folder, with these patterns of what not to send beside it."""
    copy = folder / "Dockerfile"
    shutil.copy(dockerfile, copy)
    lines = "".join(f"{pattern}\n" for pattern in patterns)
    copy.with_name(f"{copy.name}.dockerignore").write_text(lines, encoding="utf-8")
    return copy


def ignored(root: Path, listing: Listing) -> list[str]:
    """
    Return the patterns of a `Dockerfile.dockerignore` for a source tree at its real path.

    They match what its listing leaves out: what Git ignores there, and known by-products (virtual
    environments, caches, `dist`) that it does not track.
    """
    # It leads to where nothing is in a container.
    elsewhere = [".git"] if (root / ".git").exists() and not has_repository(root) else []
    return [*patterns(listing), *elsewhere]


def patterns(listing: Listing) -> list[str]:
    """Few patterns that match all that a listing leaves out and nothing that it keeps."""
    left_out = list(_topmost(listing.left_out))
    kept = {part for path in listing.kept for part in path.split("/")}
    names = _repeated(map(_name, left_out), kept, at_least=2)
    rest = [path for path in left_out if _name(path) not in names]
    endings = _repeated(map(_ending, rest), set(map(_ending, kept)), at_least=_MANY)
    endings = {ending for ending in endings if re.fullmatch(r"\.\w+", ending)}
    return [
        *(f"**/{escape(name)}" for name in sorted(names)),
        *(f"**/*{ending}" for ending in sorted(endings)),
        *(escape(path) for path in rest if _ending(path) not in endings),
        # A branch may have a name that one of the patterns above matches.
        *(f"!{escape(folder)}" for folder in listing.repositories if names or endings),
        *(f"{escape(folder)}/{name}" for folder in listing.repositories for name in _VOLATILE),
    ]


def escape(path: str) -> str:
    """
    Return the pattern that matches this path alone.

    A pattern is one of Go's `filepath.Match`, read from a line that is stripped of white space,
    in which a leading `#` and `!` have a meaning. What no line can hold becomes a range of as
    few characters as can be: of three for a newline, of two for a byte that is not UTF-8, which
    Go takes for U+FFFD.
    """
    escaped = path
    if re.search(r"[][*?\\^#!\n\udc80-\udcff]|\A\s|\s\Z", path):
        escaped = re.sub(r"[][*?\\^#!.+(){}|$]", r"\\\g<0>", path)
    edges = re.sub(r"\A[^\S\n]|[^\S\n]\Z", r"[\g<0>]", escaped)
    return re.sub(r"[\udc80-\udcff]", "[\ufffc-\ufffd]", edges.replace("\n", "[\t-\v]"))


def _topmost(paths: Iterable[str]) -> Iterator[str]:
    """The paths that lie in no other folder among them, without the slash of a folder."""
    above = "/"
    for path in sorted(paths):
        if not path.startswith(above):
            above = path if path.endswith("/") else "/"
            yield path.rstrip("/")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _ending(path: str) -> str:
    """The path's last suffix with its dot, also of a name that is nothing else; or nothing."""
    _, dot, suffix = _name(path).rpartition(".")
    return dot + suffix if dot else ""


def _repeated(things: Iterable[str], kept: set[str], *, at_least: int) -> set[str]:
    counts = Counter(things)
    return {thing for thing, count in counts.items() if thing and count >= at_least} - kept
