"""
The pinned images, set to the newest that their registry has.

An official image's tag is a date and a number, e.g. `2026.10.21-1`; all of one release have the
same one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import tomlkit

from maintenance.registry import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_TAG = re.compile(r"(\d{4})\.(\d{1,2})\.(\d{1,2})-(\d+)")


def refresh(path: Path, say: Callable[[str], None]) -> None:
    """
    Pin the newest image of each name in the file, and say what changed.

    The file changes when all is known, and keeps its comments. Raises OSError when a registry
    does not answer, or ValueError when one has no image with a date.
    """
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    changes = 0
    for architecture in document.values():
        for entry in architecture.values():
            name = entry["image"].partition("@")[0]
            repository = Repository(name)
            tag = newest(repository.tags(), name)
            image = f"{name}@{repository.digest(tag)}"
            if image != entry["image"]:
                say(f"{name}: {entry['tag']} -> {tag}")
                entry["image"], entry["tag"] = image, tag
                changes += 1
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    say(f"{changes} images are newer" if changes else "every image is the newest")


def newest(tags: Iterable[str], name: str) -> str:
    """The tag of the newest release. Raises ValueError when none is one's."""
    dated = {tag: match for tag in tags if (match := _TAG.fullmatch(tag))}
    if not dated:
        message = f"{name} has no tag such as 2026.10.21-1"
        raise ValueError(message)
    return max(dated, key=lambda tag: tuple(map(int, dated[tag].groups())))
