"""
What the next sdist will have in it, as far as the last one and the source tree tell.

Most edits are of files that a build backend ships as they are. The next sdist is then the last
one with these files as they are now, and what is made from it can begin before it is there.
Whether it was foretold right is seen once it is; a file for which it was not is not foretold again.
"""

from __future__ import annotations

import filecmp
import json
import os
import shutil
import stat
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import digests
from wheeldock.archive import files_below, settle
from wheeldock.git import GitError, git
from wheeldock.made import stamps
from wheeldock.swap import link, write_whole

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence


@dataclass(frozen=True)
class Foretold:
    """An sdist that is not there yet."""

    file: str
    """Its file name."""
    unpacked: Path
    """The folder with what will be in it."""
    edited: tuple[str, ...]
    """The files in which it differs from the last one, relative to it."""

    def is_it(self, file: str, unpacked: Path) -> bool:
        """Whether it is the sdist of that name that is unpacked there."""
        if file != self.file:
            return False
        return digests.of_folder(unpacked) == digests.of_folder(self.unpacked)


@dataclass(frozen=True)
class _Notes:
    """What there is to know of the last sdist."""

    file: str
    ground: str
    """A digest of what has to be as it was then."""
    unlike: tuple[str, ...]
    """Its files that were not what the source tree has of that name."""
    others: str
    """A digest of what tells versions of the source tree's files that do not ship as they are."""
    surprises: tuple[str, ...]
    """Those that were foretold wrong: what they have in them changes something else that ships."""


@dataclass(frozen=True, kw_only=True)
class Foresight:
    """What tells the next sdist of a source tree."""

    source: Path
    """The source tree."""
    files: Sequence[str]
    """The paths of its own files, relative to it, with slashes."""
    by_git: bool
    """Whether its version comes from Git."""
    unpacked: Path
    """The folder with what the last sdist had in it, or the next one has once it is there."""
    notes: Path
    """The file for what there is to know of it."""

    def foretell(self, into: Path) -> Foretold | None:
        """
        What the next sdist will have, in the folder `into`, which is made.

        None where nothing tells, or where it will be the last one. Raises OSError.
        """
        notes = self._noted()
        if notes is None or notes.ground != self._ground():
            return None
        edited = [path for path in _unlike(self._compared()) if path not in notes.unlike]
        if not edited or not set(edited).isdisjoint(notes.surprises):
            return None
        shutil.copytree(self.unpacked, into, symlinks=True, copy_function=_link)
        for path in edited:
            before = (into / path).stat()
            (into / path).unlink()
            shutil.copy(self.source / path, into / path)
            os.utime(into / path, (before.st_mtime, before.st_mtime))
        settle(into, digests.of_folder(into))
        return Foretold(notes.file, into, tuple(edited))

    def learn(self, file: str, wrong: Foretold | None) -> None:
        """
        Note what there is to know of the sdist of that name that is unpacked now.

        `wrong` is what was foretold of it, if that was wrong. Raises OSError.
        """
        before, compared = self._noted(), self._compared()
        surprises = set(before.surprises if before else ())
        # Where others changed as well, it may have been these.
        if wrong and before and before.others == self._others(compared, before.unlike):
            surprises.update(self._surprises(wrong))
        unlike = _unlike(compared)
        others = self._others(compared, unlike)
        notes = _Notes(file, self._ground(), unlike, others, tuple(sorted(surprises)))
        write_whole(self.notes, json.dumps(asdict(notes)))

    def _noted(self) -> _Notes | None:
        try:
            found = json.loads(self.notes.read_bytes())
            return _Notes(
                file=str(found["file"]),
                ground=str(found["ground"]),
                unlike=tuple(map(str, found["unlike"])),
                others=str(found["others"]),
                surprises=tuple(map(str, found["surprises"])),
            )
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return None

    def _ground(self) -> str:
        """A digest of which files there are, and of what versions from Git are made of."""
        ground: list[object] = [sorted(self.files)]
        if self.by_git:
            try:
                commit = git("rev-parse", "HEAD", at=self.source)
                dirty = git("diff", "--name-only", "HEAD", at=self.source) != b""
            except GitError:
                commit, dirty = b"", True
            # The versions of what is not committed have the day in them.
            today = datetime.now(timezone.utc).date().isoformat() if dirty else ""
            ground += [commit.decode(), today]
        return digests.of_values(ground)

    def _others(self, shipped: Collection[str], unlike: Iterable[str]) -> str:
        """A digest of what tells versions of the files that do not ship, or not as they are."""
        others = sorted(set(self.files).difference(shipped).union(unlike))
        return digests.of_values([stamps({"": (self.source / path for path in others)})])

    def _compared(self) -> dict[str, bool]:
        """Whether each of the unpacked sdist's files is what the source tree has of that name."""
        places = {
            path: (self.unpacked / path, self.source / path) for path in files_below(self.unpacked)
        }
        return {
            path: _are_alike(*both) for path, both in places.items() if all(map(_is_plain, both))
        }

    def _surprises(self, wrong: Foretold) -> Iterable[str]:
        """The files for which it was wrong; those that were edited again meanwhile are not."""
        for path in wrong.edited:
            theirs = self.source / path
            if _is_plain(theirs) and _are_alike(wrong.unpacked / path, theirs):
                yield path


def _link(file: str, place: str) -> None:
    link(Path(file), Path(place))


def _unlike(compared: Mapping[str, bool]) -> tuple[str, ...]:
    return tuple(path for path, are_alike in compared.items() if not are_alike)


def _is_plain(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _are_alike(one: Path, other: Path) -> bool:
    """Whether two files have the same in them, and can both be run or not."""
    modes = {bool(path.stat().st_mode & stat.S_IXUSR) for path in (one, other)}
    return len(modes) == 1 and filecmp.cmp(one, other, shallow=False)
