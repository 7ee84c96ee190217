"""
The local cache export: one folder per target, replaced as a whole.

Buildx never shrinks a `type=local` destination and leaves a half-written one behind when it is
killed, so each export goes into a fresh folder, which then takes the old one's place.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class TargetCache:
    """The cache export of one target."""

    path: Path

    @property
    def fresh(self) -> Path:
        """Where the next export goes."""
        return self.path.with_name(self.path.name + ".new")

    def usable(self) -> Path | None:
        """
        The folder if it can be imported, else None.

        Buildx ends a build with an error when the folder is there and its index is not.
        """
        try:
            index = json.loads((self.path / "index.json").read_bytes())
            blobs = [self._blob(manifest["digest"]) for manifest in index["manifests"]]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return self.path if blobs and all(blob.is_file() for blob in blobs) else None

    def _blob(self, digest: str) -> Path:
        return self.path.joinpath("blobs", *digest.split(":", 1))

    def prepare(self) -> Path:
        """Make room for the next export and say where it goes."""
        shutil.rmtree(self.fresh, ignore_errors=True)
        self.fresh.parent.mkdir(parents=True, exist_ok=True)
        return self.fresh

    def commit(self) -> None:
        """Let the fresh export take the place of the old one."""
        if not (self.fresh / "index.json").is_file():
            return
        shutil.rmtree(self.path, ignore_errors=True)
        self.fresh.rename(self.path)

    def discard(self) -> None:
        """Drop an export that did not end."""
        shutil.rmtree(self.fresh, ignore_errors=True)
