"""A source tree as the engine gets it: a build context, and what goes beside it."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from wheeldock import digests
from wheeldock.git import refused_owner
from wheeldock.history import history
from wheeldock.ignore import ignored, with_ignore_file
from wheeldock.request import DOCKER
from wheeldock.sources import DirectorySource
from wheeldock.worktree import AT_THE_TOP, list_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from wheeldock.history import History
    from wheeldock.preparation import Preparation
    from wheeldock.worktree import Listing


_MOMENT = 2 * 10**9
"""How many nanoseconds a file's own time is at most from that of its last change."""


@dataclass(frozen=True, kw_only=True)
class TreeContext:
    """A source tree with the project around it, and with its history, if that is elsewhere."""

    source: DirectorySource
    dockerfile: Path
    """A copy of the Dockerfile with an ignore file beside it."""
    history: History | None = field(default=None)
    outputs: tuple[Path, ...] = ()
    """Folders that hold by-products."""
    version: str = ""
    """By what BuildKit is to know it again; see `_version`."""

    @cached_property
    def digest(self) -> str:
        """A digest of its files, whatever is known of them."""
        root = self.source.project.resolve()
        kept = list_source(root, self.outputs).kept
        return digests.of_folder(root, (root / path for path in kept))

    @cached_property
    def files(self) -> list[str]:
        """The paths of the source's own files, relative to it, with slashes."""
        kept = list_source(self.source.project.resolve(), self.outputs).kept
        top = f"{self.source.subfolder}/" if self.source.subfolder else ""
        return [path.removeprefix(top) for path in kept if path.startswith(top)]

    def used_by(self, preparation: Preparation) -> TreeContext | None:
        """It, if a base image's preparation uses its files."""
        return self if preparation.uses_files(self.source.project) else None

    @property
    def contexts(self) -> Mapping[str, Path]:
        """The named contexts that go with it."""
        return {"git": self.history.folder} if self.history else {}

    def places(self, root: str) -> Mapping[str, str]:
        """The Dockerfile's arguments for where things go below the folder `root`."""
        subfolder = self.history.subfolder if self.history else ""
        package = "/".join(filter(None, [subfolder, self.source.subfolder]))
        places = {
            "SUBFOLDER": subfolder,
            "PACKAGE_FOLDER": package,
            "HISTORY": f"{root}/.git" if self.history else "",
        }
        return {name: place for name, place in places.items() if place}


def tree_context(
    source: DirectorySource,
    folder: Path,
    *,
    outputs: Sequence[Path],
    history_folder: Path,
    build_requires: Sequence[str],
    say: Callable[[str], None],
) -> TreeContext:
    """
    Make ready what goes to the engine of a source tree; it is written into the new `folder`.

    `outputs` are folders that hold by-products. What is lacking of the history that the build
    requirements want is said, and so is that Git refuses the checkout. Raises OSError, or what
    `history` raises.
    """
    outputs = (*outputs, *by_products(source))
    found = history(source.project, history_folder, build_requires, say)
    root = source.project.resolve()
    if refused := refused_owner(root):
        say(
            f"{refused}: what it ignores is built from, too, and what is built has no commit's "
            f"time. {refused.cure}"
        )
    listing = list_source(root, outputs)
    dockerfile = _dockerfile(folder, ignored(root, listing))
    return TreeContext(
        source=source,
        dockerfile=dockerfile,
        history=found,
        outputs=outputs,
        version=_version(root, listing),
    )


def sdist_context(unpacked: Path, folder: Path) -> TreeContext:
    """Make ready all of an unpacked sdist, as `tree_context` does. Raises OSError."""
    return TreeContext(source=DirectorySource(unpacked), dockerfile=_dockerfile(folder, ()))


def _version(root: Path, listing: Listing) -> str:
    """
    What a source tree is, as far as the sizes and times of its files do not tell.

    That is where it is; when files were changed that have another time: those from archives, say,
    where one time is that of many versions; and which is which of files of one size and time, as a
    new checkout has them: with their folders they can take each other's place. To read them all
    would take too long.
    """
    digest = hashlib.sha256(os.fsencode(root))
    found: dict[str, os.stat_result] = {}
    for path in sorted(listing.kept):
        with suppress(OSError):  # Git knows files that are not there
            found[path] = os.lstat(root / path)
    alike = Counter((status.st_size, status.st_mtime_ns) for status in found.values())
    for path, status in found.items():
        if abs(status.st_ctime_ns - status.st_mtime_ns) > _MOMENT:
            digest.update(f"{path!r} {status.st_ctime_ns}\n".encode())
        if status.st_size and alike[status.st_size, status.st_mtime_ns] > 1:
            digest.update(f"{path!r} is {status.st_ino}\n".encode())
    return digest.hexdigest()


def _dockerfile(folder: Path, patterns: Iterable[str]) -> Path:
    """A copy of the Dockerfile in a new folder, with these patterns of what not to send."""
    folder.mkdir()
    return with_ignore_file(DOCKER / "Dockerfile", folder, patterns)


def by_products(source: DirectorySource) -> list[Path]:
    """Folders of a package below the project's own that hold by-products."""
    return [source.path / name for name in sorted(AT_THE_TOP)] if source.subfolder else []
