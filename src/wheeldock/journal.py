"""What set-up added to this machine, written down so that it can be taken away again."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from wheeldock.errors import SetupError
from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


class Kind(Enum):
    """
    A kind of thing that set-up adds, in the order in which one needs another.

    The value is its name in the file.
    """

    FOLDER = "folder"
    """A folder that was not there; whatever is in it came with the engine."""
    CONTENTS = "contents"
    """A folder that was there and empty: what is in it came with the engine."""
    CLIENT_FOLDER = "client folder"
    """The Docker client's folder, which was not there; the user may since have settings in it."""
    FILE = "file"
    SOURCE = "source"
    """A file of apt's sources."""
    GROUP = "group"
    MOUNT = "mount"
    """A file system of the kernel's that was not mounted."""
    FORMAT = "format"
    """An entry of binfmt_misc: a kind of programs that the kernel was told how to run."""
    PACKAGE = "package"
    SOCKET = "socket"
    """A socket that was root's, and was given to the user."""
    SERVICE = "service"
    """A service that was stopped."""
    ENGINE = "engine"
    """An engine that wheeldock keeps itself."""
    BUILDER = "builder"
    IMAGE = "image"


@dataclass(frozen=True)
class Addition:
    """One thing that set-up added: a path or a name."""

    kind: Kind
    name: str


class Journal:
    """The list of additions, oldest first, in a file that is there while it has any."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or user_state_path("wheeldock") / "setup.json"

    @property
    def lock(self) -> Path:
        """The file that one set-up at a time locks."""
        return self.path.with_suffix(".lock")

    def additions(self) -> tuple[Addition, ...]:
        """What was added and not yet taken away. Raises SetupError for a file that is damaged."""
        try:
            entries = json.loads(self.path.read_text(encoding="utf-8"))
            return tuple(Addition(Kind(entry["kind"]), str(entry["name"])) for entry in entries)
        except FileNotFoundError:
            return ()
        except (ValueError, TypeError, KeyError) as error:
            raise SetupError(
                f"{self.path}, the list of what set-up added, is damaged: {error}",
                cure="Mend it, or remove it: then `invoke setup --undo` takes nothing away.",
            ) from None

    def add(self, kind: Kind, *names: str | Path) -> None:
        """Write down what is being added, before or as soon as it is there."""
        known = self.additions()
        new = dict.fromkeys(Addition(kind, str(name)) for name in names)
        self._write([*known, *(addition for addition in new if addition not in known)])

    def forget(self, gone: Iterable[Addition]) -> None:
        """Strike out what is no longer there."""
        struck = set(gone)
        self._write([each for each in self.additions() if each not in struck])

    def _write(self, additions: Iterable[Addition]) -> None:
        entries = [{"kind": each.kind.value, "name": each.name} for each in additions]
        if not entries:
            self.path.unlink(missing_ok=True)
            return
        write_whole(self.path, json.dumps(entries, indent=1))

    def remove_folder(self) -> None:
        """Remove the folder that the list was in, and those above it, if nothing is in them."""
        self.lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            os.removedirs(self.path.parent)
