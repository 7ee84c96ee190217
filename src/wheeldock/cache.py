"""
The local cache export: one folder per target, replaced as a whole.

Buildx never shrinks a `type=local` destination and leaves a half-written one behind when it is
killed, so each export goes into a fresh folder, which then takes the old one's place.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheeldock.errors import OutputError
from wheeldock.swap import remove, take_place
from wheeldock.wheelhouse import DISK_FULL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_TAG = "org.opencontainers.image.ref.name"
"""The annotation that names a manifest in an index (OCI image layout)."""


@dataclass(frozen=True)
class TargetCache:
    """The cache export of one target: an OCI image layout."""

    path: Path

    @property
    def fresh(self) -> Path:
        """Where the next export goes."""
        return self.path.with_name(self.path.name + ".new")

    def usable(self) -> Path | None:
        """
        The folder if it can be imported, else None.

        Buildx ends a build with an error when the index names no `latest`, and BuildKit may end
        one in the middle when a blob is not what the index says.
        """
        try:
            index = json.loads((self.path / "index.json").read_bytes())
            (latest,) = (
                manifest
                for manifest in index["manifests"]
                if manifest.get("annotations", {}).get(_TAG) == "latest"
            )
            complete = all(self._is_whole(part) for part in self._parts(latest))
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return self.path if complete else None

    def _parts(self, manifest: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON that may be anything
        """The descriptors of a manifest and of all that it consists of."""
        yield manifest
        content = json.loads(self._blob(manifest).read_bytes())
        # Older BuildKits list the parts of a cache as manifests, newer ones as layers.
        yield from content.get("manifests", [])
        yield from content.get("layers", [])
        if "config" in content:
            yield content["config"]

    def _is_whole(self, descriptor: Any) -> bool:  # noqa: ANN401
        return bool(self._blob(descriptor).stat().st_size == descriptor["size"])

    def _blob(self, descriptor: Any) -> Path:  # noqa: ANN401
        algorithm, _, digest = descriptor["digest"].partition(":")
        return self.path.joinpath("blobs", algorithm, digest)

    def prepare(self) -> Path:
        """
        Make room for the next export and say where it goes.

        Raises OutputError, or OSError when the disk is full.
        """
        try:
            remove(self.fresh)
            self.fresh.mkdir(parents=True)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise OutputError(
                f"the cache folder {self.path.parent} cannot be written: {error.strerror}",
                cure="Mend that, or name another with cache-dir.",
            ) from None
        return self.fresh

    def commit(self) -> None:
        """Let the fresh export, if there is one, take the place of the old one."""
        if not (self.fresh / "index.json").is_file():
            return
        # Without it the next build takes longer; that is no reason to lose this one.
        with contextlib.suppress(OSError):
            take_place(self.fresh, self.path)
        self.discard()

    def discard(self) -> None:
        """Drop what is left of an export: a broken one, or the one before."""
        with contextlib.suppress(OSError):
            remove(self.fresh)
