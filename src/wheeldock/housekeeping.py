"""`invoke cache.*`: what is in the project's cache folder, and taking it away."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.text import Text

from wheeldock import config, exports
from wheeldock.console import age, agreed, columns
from wheeldock.errors import CacheDamagedError
from wheeldock.phrases import counted
from wheeldock.sizes import bytes_of
from wheeldock.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from rich.table import Table

    from wheeldock.console import Confirm, Show
    from wheeldock.exports import Export


def folder() -> Path:
    """The cache folder of a build in the working directory. Raises ConfigurationError."""
    return config.here().cache_dir


def status(show: Show) -> None:
    """Show what is in the cache folder. Raises ConfigurationError."""
    place = folder()
    found = exports.find(place)
    if found:
        show(_table({export: export.flaw() for export in found}))
    show(_sum("in", place, found))


def verify(show: Show) -> None:
    """
    Read every export through and show what is whole.

    Raises CacheDamagedError when one is damaged, or ConfigurationError. One that is half-written
    damages nothing: a build may be at it.
    """
    place = folder()
    found = exports.find(place)
    flaws = {export: export.flaw(thorough=True) for export in found}
    if found:
        show(_table(flaws))
    show(_sum("in", place, found))
    damaged = {each: flaw for each, flaw in flaws.items() if flaw and not each.is_half_written}
    if lines := [f"{export.path}: {flaw}" for export, flaw in damaged.items()]:
        cure = "The next build does without them; `invoke cache.prune` takes them away."
        raise CacheDamagedError("\n".join(lines), cure=cure)


def clear(*, yes: bool, show: Show, confirm: Confirm) -> None:
    """
    Take away all that wheeldock has in the cache folder.

    Raises ConfigurationError, LockedError, or OutputError.
    """
    _take_away(list, yes=yes, show=show, confirm=confirm)


def prune(keep: str, *, yes: bool, show: Show, confirm: Confirm) -> None:
    """
    Take away what is damaged, then what is oldest, until no more than `keep` stays.

    Raises UsageError, ConfigurationError, LockedError, or OutputError.
    """
    size = bytes_of(keep, "--keep")
    _take_away(lambda found: exports.beyond(found, size), yes=yes, show=show, confirm=confirm)


def _take_away(
    choose: Callable[[list[Export]], list[Export]], *, yes: bool, show: Show, confirm: Confirm
) -> None:
    """Show what goes, ask, and take away what no build has renewed meanwhile."""
    place = folder()
    going = choose(exports.find(place))
    if not going:
        show(f"Nothing to remove in {place}/")
        return
    show(_table({export: export.flaw() for export in going}))
    if not yes and not agreed(f"Remove {count(going)} from {place}/?", show, confirm):
        return
    with State.here().locked(show):
        now = {export.path: export.written for export in exports.find(place)}
        going = [export for export in going if now.get(export.path) == export.written]
        exports.take_away(place, [export.path for export in going])
    show(_sum("removed from", place, going))


def count(found: Sequence[Export]) -> str:
    """How many exports there are and what they take, for people."""
    return f"{counted(len(found), 'export')} ({decimal(exports.total(found))})"


def _sum(where: str, place: Path, found: Sequence[Export]) -> str:
    return f"{count(found)} {where} {place}/"


def _table(found: Mapping[Export, str]) -> Table:
    made = columns("project", "target", "size", "age", "state")
    for export, flaw in found.items():
        made.add_row(
            Text(export.project),
            Text(export.target),
            decimal(export.size),
            age(export.age()),
            Text(flaw, style="red") if flaw else Text("usable", style="green"),
        )
    return made
