"""
The tools that a project's wheels are built with, as they are kept.

In the engine they are an image of the project's, for people; in the cache folder a file, from
which an engine that knows nothing gets them back (`seeds`) where it would install them. Both are
made when what they are made from has changed, beside the builds of the wheels.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from wheeldock.beside import attempt, beside
from wheeldock.cache import KeptFolder
from wheeldock.images import INPUTS, last_used

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheeldock.builder import Buildx
    from wheeldock.images import Tools
    from wheeldock.request import BuildRequest
    from wheeldock.seeds import Seeder

_DIGEST = re.compile("[0-9a-f]{64}")
_GZIP = b"\x1f\x8b"
"""What a file of that format begins with (RFC 1952)."""


@dataclass(frozen=True)
class KeptTools(KeptFolder):
    """The folder of a project's cache with what the stage `tools` added to the base image."""

    PREFIX: ClassVar = "tools-"
    """What the folder's name begins with; the policy's `Tools.tag` follows."""

    FILE: ClassVar = "tools.tar.gz"
    LAST = "inputs"
    PARTS = frozenset({FILE, LAST})

    @property
    def file(self) -> Path:
        """The file that the stage `tools-file` made."""
        return self.path / self.FILE

    @property
    def inputs(self) -> str:
        """The digest of what they were made from, or "" where there are none."""
        try:
            text = (self.path / self.LAST).read_text("ascii")
        except (OSError, ValueError):
            return ""
        return text if _DIGEST.fullmatch(text) else ""

    def flaw(self, *, thorough: bool = False) -> str:
        """Why they cannot be used, in a few words, or ""; `thorough` reads all of the file."""
        if not self.inputs or not self.file.is_file():
            return "missing"
        with self.file.open("rb") as file:
            if file.read(2) != _GZIP:
                return "no tools"
        if thorough:
            import gzip  # noqa: PLC0415 - no build reads it so
            import zlib  # noqa: PLC0415

            try:
                with gzip.open(self.file) as content:
                    while content.read(1 << 20):
                        pass
            except (OSError, EOFError, zlib.error):
                return "corrupt"
        return ""

    def note_inputs(self, inputs: str) -> None:
        """Write down what the fresh ones were made from, if there are any."""
        if (self.fresh / self.FILE).is_file():
            (self.fresh / self.LAST).write_text(inputs, "ascii")


@dataclass(frozen=True, kw_only=True)
class ToolsKeeper:
    """Keeps the tools of one project that builds at the moment."""

    buildx: Buildx
    seeder: Seeder
    tools: Tools
    kept: KeptTools
    image: BuildRequest | None
    """What makes the image; None where the builder has none of the engine's."""
    file: BuildRequest
    """What makes the file, where the kept one is renewed."""
    say: Callable[[str], None]

    @property
    def is_file_old(self) -> bool:
        """Whether the file is not there or none of tools, or was made from something else."""
        return bool(self.kept.flaw()) or self.kept.inputs != self.tools.inputs

    def keep(self) -> None:
        """Make what is missing or out of date. What fails is said, and is there another time."""
        name = self.tools.name
        image = partial(attempt, self._keep_image, f"The image {name} is not made", self.say)
        with beside(image, "tools image"):
            attempt(self._keep_file, f"The tools of {name} are not kept", self.say)

    def use(self) -> None:
        """Note that a build stands on them, for `image.prune`."""
        mark = last_used(self.tools.name)
        with contextlib.suppress(OSError):
            mark.parent.mkdir(parents=True, exist_ok=True)
            mark.touch()

    def _is_image_old(self) -> bool:
        there = self.buildx.image(self.tools.name)
        return there is None or there.labels.get(INPUTS) != self.tools.inputs

    def _keep_image(self) -> None:
        if self.image and self._is_image_old():
            self.seeder.run(self.image, "tools")

    def _keep_file(self) -> None:
        if not self.is_file_old or self.kept.foreign:
            return
        with self.kept.renewed():
            self.seeder.run(self.file, "tools")
            self.kept.note_inputs(self.tools.inputs)
