"""
`invoke cache.save` and `cache.restore`: the cache folder to a folder of its own, and back.

A throw-away CI runner gives that folder to its CI's cache action. What is in it lies below
`exports`, in the layout of a cache folder.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from rich.filesize import decimal

from wheeldock import exports
from wheeldock.cache import BASE_IMAGES, KeptFolder
from wheeldock.errors import OutputError
from wheeldock.housekeeping import count, folder
from wheeldock.state import State
from wheeldock.swap import remove, take_place

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheeldock.exports import Export

    Say = Callable[[str], None]

EXPORTS = "exports"
"""The folder below the one that is saved to."""


def save(target: Path, limit: int, say: Say) -> None:
    """
    Save what is whole in the cache folder, the newest first, up to `limit` bytes.

    It replaces what was saved there before. Raises ConfigurationError, LockedError, OutputError
    when `target` is no folder or has what is not wheeldock's, or OSError.
    """
    place, saved = folder(), target / EXPORTS
    fresh = saved.with_name(f"{EXPORTS}{KeptFolder.FRESH}")
    _check_target(target)
    if saved.resolve() == place.resolve():
        raise OutputError(f"{saved} is the cache folder itself", cure="Save to another folder.")
    _check_ours(saved)
    _check_ours(fresh)
    with State.here().locked(say):
        found = exports.find(place)
        left = exports.beyond(found, limit, thorough=True)
        remove(fresh)
        try:
            going = [export for export in found if export not in left]
            fresh.mkdir(parents=True)
            for export in going:
                _copy(export.path, fresh / export.project / export.target)
            _copy_notes(place, fresh)
            take_place(fresh, saved)
        finally:
            remove(fresh)
    say(f"{count(going)} saved to {target}/")
    for export in left:
        why = export.flaw(thorough=True) or f"beyond {decimal(limit)}"
        say(f"left out: {export.path} ({why})")


def restore(source: Path, say: Say) -> None:
    """
    Put what was saved back into the cache folder, where that has nothing newer.

    What is missing, damaged or none of wheeldock's is left out: it costs time and no build.
    Raises ConfigurationError, LockedError, OutputError, or OSError.
    """
    place = folder()
    with State.here().locked(say):
        found = exports.find(source / EXPORTS)
        left = {export: why for export in found if (why := _why_not(export, place))}
        going = [export for export in found if export not in left and _is_wanted(export, place)]
        for export in going:
            with _kept(export, place).renewed() as fresh:
                _copy(export.path, fresh)
        _copy_notes(source / EXPORTS, place)
    absent = "" if source.is_dir() else ": there is no such folder"
    say(f"{count(going)} restored from {source}/{absent}")
    for export, why in left.items():
        say(f"left out: {export.path} ({why})")


def _kept(export: Export, place: Path) -> KeptFolder:
    return exports.kept(place / export.project / export.target)


def _why_not(export: Export, place: Path) -> str:
    """Why an export cannot be restored, in a few words, or ""."""
    foreign = _kept(export, place).foreign
    return f"{foreign} has files of someone else" if foreign else export.flaw(thorough=True)


def _is_wanted(export: Export, place: Path) -> bool:
    here = {there.path: there for there in exports.find(place)}
    there = here.get(place / export.project / export.target)
    return there is None or bool(there.flaw()) or there.written < export.written


def _copy(source: Path, target: Path) -> None:
    """Copy a folder of files, with their times. Raises OSError, of the first that fails."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.rglob("*")):
        if path.is_dir():
            (target / path.relative_to(source)).mkdir()
        else:
            shutil.copy2(path, target / path.relative_to(source))


def _copy_notes(source: Path, target: Path) -> None:
    for note in exports.notes(source):
        (target / BASE_IMAGES).mkdir(parents=True, exist_ok=True)
        shutil.copy2(note, target / BASE_IMAGES)


def _check_target(target: Path) -> None:
    """Raise OutputError where there can be no folder."""
    try:
        target.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError, FileNotFoundError):
        # /proc says that there is no such file, whatever is to be made in it.
        raise OutputError(f"{target} is no folder", cure="Save to another one.") from None


def _check_ours(saved: Path) -> None:
    """Raise OutputError when something is there that no `save` has put there."""
    ours = {*(export.path for export in exports.find(saved)), *exports.notes(saved)}
    for path in [*saved.rglob("*"), *([saved] if saved.is_file() else [])]:
        if not path.is_dir() and ours.isdisjoint([path, *path.parents]):
            raise OutputError(
                f"{path} is not from `invoke cache.save`, which would replace it",
                cure="Save to another folder.",
            )
