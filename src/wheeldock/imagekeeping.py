"""`invoke image.*`: the images that wheeldock keeps in the engine, and taking them away."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal
from rich.text import Text

from wheeldock import images, report
from wheeldock.builder import Buildx
from wheeldock.console import age, agreed, columns
from wheeldock.errors import ImageNotRemovedError, UsageError
from wheeldock.images import Image, last_used
from wheeldock.phrases import counted, some
from wheeldock.state import State
from wheeldock.usage import engine_use

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from rich.table import Table

    from wheeldock.console import Confirm, Show

DAY = 86400
"""Seconds."""


def listing(show: Show, *, as_json: bool = False, buildx: Buildx | None = None) -> None:
    """Show the images that are ours, as a table or as JSON. Raises EngineUnreachableError."""
    found = _found(buildx or Buildx())
    here = here_in(Path.cwd())
    if as_json:
        show(json.dumps([_fields(image, here=here(image)) for image in found], indent=2))
    elif found:
        show(_table({image: "used here" if here(image) else "" for image in found}))
    else:
        show("The engine has no image of wheeldock's.")


def size(show: Show, buildx: Buildx | None = None) -> None:
    """Show what the images that are ours take together. Raises EngineUnreachableError."""
    show(total(_found(buildx or Buildx())))


def remove(
    name: str, *, yes: bool, show: Show, confirm: Confirm, buildx: Buildx | None = None
) -> None:
    """
    Remove an image of ours; without a tag, all of that name.

    Raises ImageNotRemovedError for any other and for one that a container needs, or
    EngineUnreachableError.
    """
    engine = buildx or Buildx()
    found = _found(engine)
    going = [image for image in found if name in {image.name, image.name.partition(":")[0]}]
    if not going:
        names = some([image.name for image in found]) or "none"
        message = f"{name} is no image of wheeldock's; in this engine those are: {names}"
        cure = "`invoke image.list` shows them; `docker image rm` removes what is not ours."
        raise ImageNotRemovedError(message, cure=cure)
    _take_away(dict.fromkeys(going, ""), engine, yes=yes, show=show, confirm=confirm)


def prune(
    *,
    everyone: bool,
    days: str,
    yes: bool,
    show: Show,
    confirm: Confirm,
    buildx: Buildx | None = None,
) -> None:
    """
    Remove the tools images that no build would make so today, or that none used for `days`.

    They are those of the projects that were built in this folder, or, for `everyone`, of all.
    Raises UsageError, ImageNotRemovedError when a container needs one, or EngineUnreachableError.
    """
    limit = _days(days) * DAY
    engine = buildx or Buildx()
    here = here_in(Path.cwd())
    found = [each for each in _found(engine) if each.project and (everyone or here(each))]
    reasons = {image: image.flaw(engine) or _old(image, limit) for image in found}
    going = {image: reason for image, reason in reasons.items() if reason}
    if not going:
        whose = "" if everyone else "; `--everyone` looks at those of other folders, too"
        show(f"Nothing to remove among {total(found)}{whose}")
        return
    _take_away(going, engine, yes=yes, show=show, confirm=confirm)


def here_in(folder: Path) -> Callable[[Image], bool]:
    """What says whether the last build in a folder stood on an image."""
    last = None
    with contextlib.suppress(OSError, ValueError):
        last = report.read(State(folder / ".wheeldock").report)

    def is_used(image: Image) -> bool:
        if last is None:
            return False
        return image.project == last.project if image.project else image.name == last.base_image

    return is_used


def total(found: list[Image]) -> str:
    """How many images there are and what they take, for people."""
    own = sum(image.own for image in found)
    shared = max((image.use.shared for image in found if image.use), default=0)
    whose = "its" if len(found) == 1 else "their"
    taken = f"{decimal(own)} of {whose} own and {decimal(shared)} that others have, too"
    return f"{counted(len(found), 'image')}, {taken}"


def _found(engine: Buildx) -> list[Image]:
    return images.ours(engine, engine_use(engine.disk_usage()).images)


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = -1.0
    if not days >= 0:
        raise UsageError(f"--days: {text!r} is no number of days; one is 30")
    return days


def _old(image: Image, seconds: float) -> str:
    return f"not used for {age(image.age())}" if image.age() > seconds else ""


def _take_away(
    going: Mapping[Image, str], engine: Buildx, *, yes: bool, show: Show, confirm: Confirm
) -> None:
    """Show what goes, ask, and take it away."""
    show(_table(going))
    if not yes and not agreed(f"Remove {total(list(going))}?", show, confirm):
        return
    staying = []
    for image in going:
        try:
            engine.remove_image(image.name, force=False)
        except ImageNotRemovedError as error:
            staying.append(error)
            continue
        last_used(image.name).unlink(missing_ok=True)
        show(f"removed {image.name}")
    if staying:
        message = "\n".join(error.message for error in staying)
        raise ImageNotRemovedError(message, cure=staying[0].cure)


def _table(found: Mapping[Image, str]) -> Table:
    made = columns("image", "project", "size", "own", "age", "")
    for image, remark in found.items():
        made.add_row(
            Text(image.name, overflow="fold"),
            Text(image.project or "all"),
            decimal(image.use.size if image.use else image.info.size),
            decimal(image.own),
            age(image.age()),
            Text(remark),
        )
    return made


def _fields(image: Image, *, here: bool) -> dict[str, Any]:
    labels = image.info.labels
    return {
        "name": image.name,
        "project": image.project or None,
        "policy": image.policy,
        "id": image.info.id,
        "base_image": labels.get(images.BASE_IMAGE),
        "created": image.info.created,
        "size": image.use.size if image.use else image.info.size,
        "own": image.own,
        "shared": image.use.shared if image.use else None,
        "containers": image.use.containers if image.use else None,
        "used_here": here,
    }
