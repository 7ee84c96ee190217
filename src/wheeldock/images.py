"""
The images that wheeldock keeps in an engine: stand-in base images, and each project's tools.

Whatever is built on one of them inherits its labels, so only what has our labels *and* the name
that goes with them is told or removed.
"""

from __future__ import annotations

import hashlib
import re
import time
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from platformdirs import user_cache_path

from wheeldock import __version__
from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.builder import Buildx, ImageInfo
    from wheeldock.usage import ImageUse

PROJECT = "org.wheeldock.project"
"""The label with a tools image's project; each of the others goes with it."""
BASE_IMAGE = "org.wheeldock.base-image"
BASE_DIGEST = "org.wheeldock.base-image.digest"
INTERPRETER = "org.wheeldock.tools-interpreter"
PREPARED = "org.wheeldock.prepared"
INPUTS = "org.wheeldock.inputs"
VERSION = "org.wheeldock.version"
STAND_IN = "org.wheeldock.stand-in"
TEST_IMAGE = "org.wheeldock.test-image"
"""The label with the name of the image whose place a distribution to test in takes."""

STAND_IN_NAME = "wheeldock/stand-in"
TEST_NAME = "wheeldock/test"
"""What images are called that take the place of others, before the colon."""

_SUFFIX = "-builder"
_FROM_TOOLBOX = re.compile(r"from=kit,source=([^,]+),")


@dataclass(frozen=True, kw_only=True)
class Tools:
    """What a project's tools image is made from."""

    project: str
    platform_tag: str
    """The policy, e.g. `manylinux_2_28_x86_64`."""
    base_image: str
    base_digest: str
    """The base image's id in the engine, or the digest that its reference pins."""
    interpreter: str
    """What runs the tools, a folder of /opt/python."""
    prepared: str = ""
    """The digest of what the project does to the base image first."""
    variant: str = ""
    """What tells them apart from the project's others for that policy, e.g. `cp39`."""

    @property
    def tag(self) -> str:
        """What the policy's are called, e.g. `manylinux_2_28_x86_64-cp39`."""
        return "-".join(filter(None, [self.platform_tag, self.variant]))

    @property
    def name(self) -> str:
        """The image's name in the engine, e.g. `pyovf-builder:manylinux_2_28_x86_64`."""
        return f"{canonicalize_name(self.project)}{_SUFFIX}:{self.tag}"

    @property
    def inputs(self) -> str:
        """The digest of everything that the tools depend on."""
        return _inputs(self.base_digest, self.interpreter, self.prepared)

    def labels(self) -> dict[str, str]:
        """What the image tells of itself."""
        return {
            PROJECT: self.project,
            BASE_IMAGE: self.base_image,
            BASE_DIGEST: self.base_digest,
            INTERPRETER: self.interpreter,
            PREPARED: self.prepared,
            INPUTS: self.inputs,
            VERSION: __version__,
            # What would else be inherited from the base image, and is not true of this one.
            STAND_IN: "",
            "org.opencontainers.image.title": f"What wheeldock builds {self.project} with",
            "org.opencontainers.image.description": f"{self.base_image} and the tools",
        }


def _inputs(*made_from: str) -> str:
    text = "\0".join([__version__, *made_from, *_recipe()])
    return hashlib.sha256(text.encode()).hexdigest()


@cache
def _recipe() -> tuple[str, ...]:
    """The stages that make and hold the tools, and the files that they use."""
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    stages = [
        stage
        for stage in dockerfile.split("\nFROM ")
        if stage.partition("\n")[0].split()[-1] in {"tools", "kept-tools", "builder"}
    ]
    names = sorted({name for stage in stages for name in _FROM_TOOLBOX.findall(stage)})
    return (*stages, *(_text(DOCKER / "toolbox" / name) for name in names))


def _text(path: Path) -> str:
    """What is in a file, or in those of a folder."""
    if path.is_dir():
        return "\0".join(map(_text, sorted([*path.glob("*.py"), *path.glob("*.sh")])))
    return path.read_text("utf-8")


@dataclass(frozen=True, kw_only=True)
class Image:
    """An image in the engine that is ours."""

    name: str
    project: str
    """Whose tools it has; "" for a stand-in base image."""
    policy: str
    created: datetime = field(compare=False)
    info: ImageInfo = field(compare=False)
    own: int = field(compare=False)
    """The bytes that go with it, and with no other image."""
    use: ImageUse | None = field(compare=False)
    """What it takes, where Docker tells."""

    @property
    def used(self) -> float:
        """When a build last stood on it, or else when it was made, in seconds since the epoch."""
        try:
            return last_used(self.name).stat().st_mtime
        except OSError:
            return self.created.timestamp()

    def age(self) -> float:
        """Seconds since it was used."""
        return max(0.0, time.time() - self.used)

    def flaw(self, buildx: Buildx) -> str:
        """Why no build of today would make it so, in a few words, or ""."""
        labels = self.info.labels
        if not self.project:
            return ""
        reference, digest = labels.get(BASE_IMAGE, ""), labels.get(BASE_DIGEST, "")
        base = buildx.image(reference) if reference else None
        if base is None or digest not in {base.id, pinned_digest(reference)}:
            return "its base image is gone"
        made_from = (digest, labels.get(INTERPRETER, ""), labels.get(PREPARED, ""))
        if labels.get(INPUTS) != _inputs(*made_from):
            return "the tools changed"
        return ""


def pinned_digest(reference: str) -> str:
    """The digest that a reference pins, or ""."""
    return reference.partition("@")[2]


def last_used(name: str) -> Path:
    """The file whose time says when a build last stood on the image of that name."""
    return user_cache_path("wheeldock") / "used" / name.replace("/", "_").replace(":", "@")


def ours(buildx: Buildx, uses: Mapping[str, ImageUse] | None = None) -> list[Image]:
    """The engine's images that are ours, by name. Raises EngineUnreachableError."""
    found = {
        name: Image(
            name=name,
            project=info.labels.get(PROJECT, ""),
            policy=name.partition(":")[2].partition("-")[0],
            created=datetime.fromisoformat(info.created),
            info=info,
            own=_own(name, info, uses or {}),
            use=(uses or {}).get(name),
        )
        for label in (PROJECT, STAND_IN, TEST_IMAGE)
        for info in buildx.images(label)
        for name in info.names
        if is_ours(name, info.labels)
    }
    return [found[name] for name in sorted(found)]


def _own(name: str, info: ImageInfo, uses: Mapping[str, ImageUse]) -> int:
    use, base = uses.get(name), uses.get(info.labels.get(BASE_IMAGE, ""))
    # Docker counts the packed layers of a base image for each image that has them.
    if use and base:
        return max(0, use.size - base.size)
    return use.unique if use else info.size


def is_ours(name: str, labels: Mapping[str, str]) -> bool:
    """Whether an image has our labels and the name that goes with them."""
    repository = name.partition(":")[0]
    if project := labels.get(PROJECT):
        return repository == f"{canonicalize_name(project)}{_SUFFIX}"
    if TEST_IMAGE in labels:
        return repository == TEST_NAME
    return repository == STAND_IN_NAME and labels.get(STAND_IN) == "true"
