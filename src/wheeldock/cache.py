"""
The local cache export: one folder per target, replaced as a whole.

Buildx never shrinks a `type=local` destination and leaves a half-written one behind when it is
killed, so each export goes into a fresh folder, which then takes the old one's place. Checkouts
that share a cache folder may export the same at the same moment, each into a folder of its own.
"""

from __future__ import annotations

import contextlib
import errno
import json
import platform
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from wheeldock import digests
from wheeldock.swap import remove, take_place

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE_IMAGES = "base-images"
"""The folder in which a cache folder keeps what it knows of base images."""

_TAG = "org.opencontainers.image.ref.name"
"""The annotation that names a manifest in an index (OCI image layout)."""

_BUSY = frozenset({None, errno.ENOENT, errno.ENOTEMPTY, errno.EISDIR})
"""What is wrong with removing a folder that another checkout's build writes to or removes."""

_FRESH = re.compile(r"(\.[0-9a-f]{8})?\.new\Z")

_GIVEN_UP = 24 * 3600.0
"""Seconds after which nobody writes to an export any more that is not finished."""

_SMALL = 1 << 20
"""Bytes up to which a blob is read and compared before each import: a few milliseconds."""


def _here() -> str:
    """A mark of the working directory, where one build at a time is done."""
    return digests.of_values([platform.node(), str(Path.cwd())])[:8]


@dataclass(frozen=True)
class KeptFolder:
    """A folder of a cache folder, which is replaced as a whole."""

    path: Path
    checkout: str = field(default_factory=_here, compare=False)
    """What tells its next export from those of other checkouts, which may build just now."""

    FRESH: ClassVar = ".new"
    """What the name of an export ends in while it is being written."""

    PARTS: ClassVar[frozenset[str]]
    """What is in one."""

    LAST: ClassVar[str]
    """The file that is there once all is."""

    @property
    def fresh(self) -> Path:
        """Where the next export goes."""
        return self.path.with_name(f"{self.path.name}.{self.checkout}{self.FRESH}")

    @staticmethod
    def finished(name: str) -> str:
        """The name that an export has, or will have, whose folder is called so now."""
        return _FRESH.sub("", name)

    @property
    def foreign(self) -> Path | None:
        """The folder if it is someone else's, which nothing may replace."""
        return self.path if self.path.is_dir() and not self.has_shape() else None

    def has_shape(self) -> bool:
        """Whether the folder has nothing but what such a one has, whole or in part."""
        if self.path.is_symlink() or not self.path.is_dir():
            return False
        return {entry.name for entry in self.path.iterdir()} <= self.PARTS

    def prepare(self) -> Path:
        """
        Make room for the next export and say where it goes.

        What a killed run left goes, and after a day that of another checkout, too. Raises OSError
        where there can be none.
        """
        for left in [self.fresh, *self._given_up()]:
            _remove_unless_busy(left)
        self.fresh.mkdir(parents=True, exist_ok=True)
        return self.fresh

    def _given_up(self) -> Iterator[Path]:
        latest = time.time() - _GIVEN_UP
        for path in self.path.parent.glob(f"*{self.FRESH}"):
            with contextlib.suppress(OSError):  # another run has taken it away meanwhile
                if self.finished(path.name) == self.path.name and path.lstat().st_mtime < latest:
                    yield path

    @contextlib.contextmanager
    def renewed(self) -> Iterator[Path]:
        """
        Where the next export goes meanwhile; if it is there then, it takes the old one's place.

        Raises what `prepare` raises.
        """
        try:
            yield self.prepare()
            self.commit()
        finally:
            self.discard()

    def commit(self) -> None:
        """Let the fresh export, if there is one, take the place of the old one."""
        if self.foreign or not self.fresh.joinpath(self.LAST).is_file():
            return
        # Without it the next build takes longer; that is no reason to lose this one.
        with contextlib.suppress(OSError):
            take_place(self.fresh, self.path)
        self.discard()

    def discard(self) -> None:
        """Drop what is left of an export: a broken one, or the one before."""
        with contextlib.suppress(OSError):
            remove(self.fresh)


@dataclass(frozen=True)
class TargetCache(KeptFolder):
    """The cache export of one target: an OCI image layout, and what BuildKit has not finished."""

    PARTS = frozenset({"blobs", "index.json", "ingest", "oci-layout"})
    LAST = "index.json"

    def usable(self) -> Path | None:
        """The folder if it can be imported, else None."""
        return None if self.flaw() else self.path

    def flaw(self, *, thorough: bool = False) -> str:
        """
        Why the export cannot be imported, in a few words, or "".

        Buildx ends a build with an error when the index names no `latest`, and BuildKit may end
        one in the middle when a blob is not what the index says. Large blobs are only measured,
        since BuildKit compares their digests, unless it is to be `thorough`.
        """
        if not self.path.is_dir():
            return "missing"
        try:
            index = json.loads((self.path / "index.json").read_bytes())
            (latest,) = (
                manifest
                for manifest in index["manifests"]
                if manifest.get("annotations", {}).get(_TAG) == "latest"
            )
            flaws = (self._flaw_of(part, thorough=thorough) for part in self._parts(latest))
            return next(filter(None, flaws), "")
        except FileNotFoundError as error:
            return f"lacks {Path(error.filename).name[:16]}"
        except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return "no cache export"

    def _parts(self, manifest: Any) -> Iterator[Any]:  # noqa: ANN401 - JSON that may be anything
        """The descriptors of a manifest and of all that it consists of."""
        yield manifest
        content = json.loads(self._blob(manifest).read_bytes())
        # Older BuildKits list the parts of a cache as manifests, newer ones as layers.
        yield from content.get("manifests", [])
        yield from content.get("layers", [])
        if "config" in content:
            yield content["config"]

    def _flaw_of(self, descriptor: Any, *, thorough: bool) -> str:  # noqa: ANN401
        blob = self._blob(descriptor)
        size = blob.stat().st_size
        if size != descriptor["size"]:
            return f"truncated ({blob.name[:16]})"
        if (thorough or size <= _SMALL) and digests.of_file(blob) != blob.name:
            return f"corrupt ({blob.name[:16]})"
        return ""

    def _blob(self, descriptor: Any) -> Path:  # noqa: ANN401
        algorithm, _, digest = descriptor["digest"].partition(":")
        return self.path.joinpath("blobs", algorithm, digest)


class NoCache:
    """In the place of a TargetCache, for a build that uses no cache and leaves none."""

    foreign = None

    def usable(self) -> None:
        """Nothing to import."""

    def prepare(self) -> None:
        """No place to export to."""

    def commit(self) -> None:
        """Do nothing."""

    def discard(self) -> None:
        """Do nothing."""


def _remove_unless_busy(path: Path) -> None:
    try:
        remove(path)
    except OSError as error:
        if error.errno not in _BUSY:
            raise
