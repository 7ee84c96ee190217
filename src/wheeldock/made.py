"""
What the last run was made from, and what it made: where nothing of it changed, nothing is to do.

The engine would say the same, but asking it takes a second or two. What decides is compared
whole: wheeldock and its Dockerfile, the settings, what the run asked the engine, each file of
the source tree and each file that was made (as Git's index knows files: by size, times and inode).
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypeAlias

from wheeldock import __version__, report
from wheeldock.digests import of_file, of_values
from wheeldock.history import fingerprint
from wheeldock.request import own_files
from wheeldock.swap import write_whole
from wheeldock.worktree import list_source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from wheeldock.report import RunReport, TargetReport

Stamp: TypeAlias = "tuple[int, ...]"
"""How to know a file again; empty for none."""

SCHEMA = 3
"""The version of the file's format."""

_OF_GIT = ("HEAD", "config", "index", "packed-refs", "shallow", "refs", "reftable", "info")
"""What of a repository tells which commit is checked out, how, and what it is called."""


@dataclass(frozen=True)
class Inputs:
    """What a run is made from, as digests."""

    software: str
    """wheeldock and its Dockerfile."""
    setup: str
    """The settings and what was asked for."""
    tree: str
    """The files of the source tree, or the sdist."""

    @classmethod
    def of(cls, source: Path, asked: Sequence[object], outputs: Sequence[Path]) -> Inputs:
        """
        The inputs of a run on a source tree or an sdist, to be taken before it begins.

        `asked` is all that decides besides: plain values, which print alike in every process;
        `outputs` are folders that hold by-products.
        """
        git = fingerprint(source) if source.is_dir() else ""
        tree = _digest(_tree(source, outputs), git)
        return cls(software=_software(), setup=of_values(asked), tree=tree)


@dataclass(frozen=True)
class Made:
    """What a run was made from, and what it made."""

    inputs: Inputs
    images: Mapping[str, str | None]
    """What it asked the engine for: ids of images by reference, None for those that it lacked."""
    sdist: str
    """The digest of what was in the sdist: many backends write the time into an sdist."""
    report: RunReport
    files: Mapping[str, Mapping[str, Stamp]]
    """The files that it made, by target and path, and how to know them again."""
    made_with: Mapping[str, str]
    """What each wheel was made with by that software, besides the source: a digest by target."""
    others: Sequence[TargetReport] = ()
    """Wheels of the same sdist that earlier runs made, and that are there still."""

    def is_whole(self) -> bool:
        """Whether each file is there still, as it was, of wheels that are all known to be so."""
        targets = self.report.targets
        is_known = {target.name for target in targets} - {report.SDIST} <= self.made_with.keys()
        made = [target.name for target in targets if not target.served_by]
        return bool(made) and is_known and all(map(self._has, made))

    def _has(self, target: str) -> bool:
        files = self.files.get(target, {})
        return bool(files) and all(stamp == _stamp(path) for path, stamp in files.items())

    def with_others(self, last: Made | None) -> Made:
        """The same with the wheels of the same sdist that earlier runs made and this one left."""
        if not last or not self.sdist or last.sdist != self.sdist:
            return self
        if last.inputs.software != self.inputs.software:
            return self
        mine = {target.name for target in self.report.targets}
        known = last.files.keys() & last.made_with.keys() - mine
        there = (target for target in (*last.report.targets, *last.others) if target.name in known)
        others = [target for target in there if last.has_left(target)]
        names = [other.name for other in others]
        files = {**self.files, **stamps({name: map(Path, last.files[name]) for name in names})}
        made_with = {**self.made_with, **{name: last.made_with[name] for name in names}}
        return replace(self, files=files, made_with=made_with, others=tuple(others))

    def has_left(self, wheel: TargetReport) -> bool:
        """Whether a wheel is what it was, whenever it got there, and what goes with it is, too."""
        return all(
            _sha256(path) == wheel.sha256
            if Path(path).name == wheel.file
            else _stamp(path) == stamp
            for path, stamp in self.files[wheel.name].items()
        )

    def same_images(self, ask: Callable[[str], str | None]) -> bool:
        """Whether an engine still gives the same answers; what a digest pins is not asked for."""
        return all(
            (image is not None and "@sha256:" in reference) or ask(reference) == image
            for reference, image in self.images.items()
        )

    def again(self, seconds: float) -> RunReport:
        """The report of a run that finds everything as it is, in so many seconds."""
        targets = tuple(map(_again, self.report.targets))
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        return replace(self.report, started=started, seconds=round(seconds, 3), targets=targets)

    def where_same(self, software: str, made_with: Mapping[str, str]) -> Made:
        """The same without the wheels that another software or something else would make now."""
        is_other = self.inputs.software != software
        same = () if is_other else self.made_with.items() & made_with.items()
        return replace(self, made_with=dict(same))

    def wheels_of(self, file: str, sdist: str, epoch: str) -> dict[str, TargetReport]:
        """The reports of the wheels made of the sdist `file` with that in it, with that time."""
        if self.sdist != sdist or file not in {target.file for target in self.report.targets}:
            return {}
        there = (
            target
            for target in (*self.report.targets, *self.others)
            if target.name in self.made_with
        )
        same = (target for target in there if f"{target.epoch}" == epoch)
        return {target.name: _again(target) for target in same if self._has(target.name)}


def _again(target: TargetReport) -> TargetReport:
    return replace(target, stages={}, seconds=0.0, cached=True, compiler_cache=None, warning="")


def write(made: Made, path: Path) -> None:
    """Write it down, all at once; raises OSError."""
    text = {**asdict(made), "schema": SCHEMA, "report": report.as_json(made.report)}
    write_whole(path, json.dumps(text))


def read(path: Path) -> Made | None:
    """What was written down; None where that is nothing, or nothing that is understood."""
    try:
        found = json.loads(path.read_bytes())
        if found["schema"] != SCHEMA:
            return None
        return Made(
            inputs=Inputs(**found["inputs"]),
            images=dict(found["images"]),
            sdist=found["sdist"],
            report=report.parse(found["report"]),
            files={
                target: {path: tuple(stamp) for path, stamp in paths.items()}
                for target, paths in found["files"].items()
            },
            made_with={target: str(what) for target, what in found["made_with"].items()},
            others=tuple(report.TargetReport(**target) for target in found["others"]),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None


def stamps(files: Mapping[str, Iterable[Path]]) -> dict[str, dict[str, Stamp]]:
    """Each target's files, and how to know them again."""
    return {
        target: {str(path): stamp for path in paths if (stamp := _stamp(path))}
        for target, paths in files.items()
    }


def _software() -> str:
    return of_values([__version__, platform.machine(), own_files()])


def _digest(lines: Iterable[tuple[str, Stamp]], beginning: str) -> str:
    digest = hashlib.sha256(beginning.encode())
    for path, stamp in lines:
        digest.update(f"{path!r} {stamp}\n".encode())
    return digest.hexdigest()


def _tree(root: Path, outputs: Sequence[Path]) -> Iterator[tuple[str, Stamp]]:
    """Each file and folder of a source tree and what tells of its version, and its stamp."""
    top = root.resolve()
    if not top.is_dir():
        yield str(top), _stamp(top)
        return
    listing = list_source(top, outputs)
    for path in sorted(listing.kept):
        yield path, _stamp(top / path)
    for folder in sorted({*listing.folders, *_above(listing.kept)}):
        # What a folder's time tells is which files came and went, by-products among them.
        yield folder, _stamp(top / folder)[:1]
    for repository in sorted(listing.repositories):
        for name in _OF_GIT:
            for path in _files(top / repository / name):
                yield path, _stamp(path)


def _above(files: Iterable[str]) -> set[str]:
    """The folders that files are in, and those above these."""
    own = {file.rpartition("/")[0] for file in files}
    return {f"{above}/" for folder in own for above in PurePosixPath(folder, "file").parents}


def _files(path: Path) -> list[str]:
    found = [path, *path.rglob("*")] if path.is_dir() else [path]
    return sorted(str(each) for each in found if each.is_symlink() or not each.is_dir())


def _sha256(path: str) -> str:
    """The digest of a file's content, as reports have it; nothing where there is none."""
    try:
        return of_file(Path(path))
    except OSError:
        return ""


def _stamp(path: Path | str) -> Stamp:
    """How to know a file again (what no program sets is among it); nothing where there is none."""
    try:
        status = os.lstat(path)
    except OSError:
        return ()
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (status.st_mode, status.st_size, status.st_ino, *times)
