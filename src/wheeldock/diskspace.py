"""`invoke df`: who takes how much of the disk, in a project's terms, and what frees it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path, user_state_path
from rich.filesize import decimal
from rich.text import Text

from wheeldock import config, exports, images
from wheeldock.builder import Buildx
from wheeldock.console import agreed, columns
from wheeldock.errors import BuilderNotFoundError, EngineUnreachableError
from wheeldock.usage import cache_records, engine_use

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.config import Config
    from wheeldock.console import Confirm, Show

MOUNTS = "wheeldock-"
"""What the ids of the cache mounts of our Dockerfile begin with."""
_MOUNT = "cache mount "


@dataclass(frozen=True)
class Taken:
    """Some of the disk, and what it is taken by."""

    place: str
    """`engine`, `cache`, `project` or `machine`."""
    what: str
    size: int
    """In bytes."""
    freed_by: str
    """A command, or what else there is to say of it."""
    ours: bool = True
    """Whether nobody but wheeldock has it."""


def show_all(show: Show, *, as_json: bool = False, buildx: Buildx | None = None) -> None:
    """
    Show what is taken, as a table or as JSON.

    An engine that does not answer, or lacks the builder, is left out, and said so. Raises
    ConfigurationError.
    """
    chosen = config.here()
    found, silent = [*_here(chosen), *_machine()], ""
    try:
        found = [*_engine(buildx or Buildx(), chosen.builder or None), *found]
    except (EngineUnreachableError, BuilderNotFoundError) as error:
        silent = f"The engine is left out: {error.message}"
    if as_json:
        show(json.dumps([asdict(each) for each in found], indent=2))
        return
    made = columns("where", "what", "size", "freed by")
    for each in _together(found):
        made.add_row(
            each.place,
            Text(each.what, overflow="fold"),
            decimal(each.size),
            Text(each.freed_by, overflow="fold"),
        )
    show(made)
    for line in filter(None, (silent, _sum(found))):
        show(line)


def _together(found: list[Taken]) -> Iterator[Taken]:
    """The same with all cache mounts in one line: there may be dozens."""
    mounts = [each for each in found if each.what.startswith(_MOUNT)]
    for each in found:
        if each not in mounts:
            yield each
        elif each is mounts[0]:
            names = f"{len(mounts)} cache mounts {MOUNTS}*"
            yield replace(each, what=names, size=sum(one.size for one in mounts))


def _sum(found: list[Taken]) -> str:
    return f"{decimal(sum(each.size for each in found if each.ours))} are wheeldock's alone."


def our_mounts(buildx: Buildx, builder: str | None = None) -> dict[str, tuple[int, list[str]]]:
    """
    The size of each cache mount of ours, by id, and BuildKit's own names of it.

    Raises EngineUnreachableError or BuilderNotFoundError.
    """
    records = [
        record
        for record in cache_records(buildx.cache_usage(builder))
        if record.mount.startswith(MOUNTS)
    ]
    records.sort(key=lambda record: record.mount)
    return {
        mount: (sum(one.size for one in same), [one.number for one in same])
        for mount, group in groupby(records, key=lambda record: record.mount)
        for same in [list(group)]
    }


def clear_mounts(*, yes: bool, show: Show, confirm: Confirm, buildx: Buildx | None = None) -> None:
    """
    Remove our cache mounts from the engine, all projects'.

    What a build uses at the moment stays. Raises ConfigurationError, BuilderNotFoundError, or
    EngineUnreachableError.
    """
    engine, builder = buildx or Buildx(), config.here().builder or None
    mounts = our_mounts(engine, builder)
    if not mounts:
        show("The engine has no cache mounts of wheeldock's.")
        return
    made = columns("cache mount", "size")
    for mount, (size, _) in mounts.items():
        made.add_row(mount, decimal(size))
    show(made)
    freed = decimal(sum(size for size, _ in mounts.values()))
    if not yes and not agreed(
        f"Remove these cache mounts ({freed}), all projects'?", show, confirm
    ):
        return
    engine.remove_cache([one for _, numbers in mounts.values() for one in numbers], builder)
    left = our_mounts(engine, builder)
    show(f"{len(mounts) - len(left)} of {len(mounts)} cache mounts removed")


def _engine(buildx: Buildx, builder: str | None) -> Iterator[Taken]:
    use = engine_use(buildx.disk_usage())
    kept = images.ours(buildx, use.images)
    for image in kept:
        freed_by = f"invoke image.remove {image.name}"
        yield Taken("engine", f"image {image.name}", image.own, freed_by)
    mounts = our_mounts(buildx, builder)
    for mount, (size, _) in mounts.items():
        yield Taken("engine", f"{_MOUNT}{mount}", size, "invoke cache.clear --mounts")
    others = use.images.keys() - {image.name for image in kept}
    rest = use.shared + sum(use.images[name].unique for name in others)
    if not others:
        yield Taken("engine", "layers that several of these have", rest, "go with the last of them")
    else:
        what = "other images, and layers that several have"
        yield Taken("engine", what, rest, "not ours", ours=False)
    cache = max(0, use.build_cache - sum(size for size, _ in mounts.values()))
    what = "the rest of the build cache, everybody's"
    yield Taken("engine", what, cache, "docker builder prune, for all", ours=False)


def _here(chosen: Config) -> Iterator[Taken]:
    by_project = groupby(exports.find(chosen.cache_dir), key=lambda export: export.project)
    for project, group in by_project:
        what = f"{chosen.cache_dir / project}/"
        yield Taken("cache", what, exports.total(group), "invoke cache.clear, or cache.prune")
    dist = chosen.output_dir
    yield Taken("project", f"{dist}/", size_of(dist), "yours to delete", ours=False)
    state = Path(".wheeldock")
    for part in sorted(state.iterdir()) if state.is_dir() else []:
        # The configuration may have the cache folder anywhere.
        if part.is_dir() and not chosen.cache_dir.resolve().is_relative_to(part.resolve()):
            yield Taken("project", f"{part}/", size_of(part), f"rm -r {part}")


def _machine() -> Iterator[Taken]:
    freed = {
        user_cache_path("wheeldock"): "rm -r, what is known of images is asked anew",
        user_state_path("wheeldock"): "invoke setup --undo",
    }
    for folder, how in freed.items():
        if folder.is_dir():
            yield Taken("machine", f"{folder}/", size_of(folder), how)


def size_of(folder: Path) -> int:
    """The bytes that the files below a folder take, links not followed; 0 where there is none."""
    files = (Path(home, name) for home, _, names in os.walk(folder) for name in names)
    return sum(map(_size_of_file, files))


def _size_of_file(path: Path) -> int:
    try:
        return path.lstat().st_blocks * 512
    except OSError:  # it has gone meanwhile
        return 0
