"""What an engine says of the disk that it uses (`docker system df`, `buildx du`), read. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from wheeldock.sizes import bytes_of

_MOUNT = re.compile(r'cached mount .* with id "/?(?P<id>[^"]*)"\Z', re.DOTALL)


@dataclass(frozen=True)
class CacheRecord:
    """Something in the build cache of an engine."""

    number: str
    """BuildKit's own name of it."""
    size: int
    """In bytes."""
    mount: str
    """The id of the cache mount that it is, or ""."""


@dataclass(frozen=True)
class ImageUse:
    """What one image takes, in bytes, and whether a container needs it."""

    size: int
    shared: int
    """What other images have, too."""
    unique: int
    containers: int


@dataclass(frozen=True)
class EngineUse:
    """What an engine keeps, whoever made it."""

    images: dict[str, ImageUse]
    """By name, e.g. `pyovf-builder:manylinux_2_28_x86_64`."""
    shared: int
    """Bytes of the layers that several images have."""
    build_cache: int
    """Bytes of the build cache that are not images' layers as well."""


def cache_records(text: str) -> list[CacheRecord]:
    """The records in what `buildx du --verbose` printed."""
    found = []
    for record in text.split("\n\n"):
        fields = {
            key: value.strip()
            for key, _, value in (line.partition(":") for line in record.splitlines())
        }
        if "ID" in fields:
            told = _MOUNT.match(fields.get("Description", ""))
            size = _bytes(fields.get("Size", "0"))
            found.append(CacheRecord(fields["ID"], size, told["id"] if told else ""))
    return found


def engine_use(text: str) -> EngineUse:
    """What `docker system df --verbose --format '{{json .}}'` printed."""
    document = json.loads(text)
    images = {
        f"{image['Repository']}:{image['Tag']}": ImageUse(
            # The same with a digit more, where there is such a field.
            size=_bytes(image.get("VirtualSize") or image["Size"]),
            shared=_bytes(image["SharedSize"]),
            unique=_bytes(image["UniqueSize"]),
            containers=int(image["Containers"]),
        )
        for image in document["Images"] or []
    }
    cache = document["BuildCache"] or []
    return EngineUse(
        images=images,
        shared=max((image.shared for image in images.values()), default=0),
        build_cache=sum(_bytes(each["Size"]) for each in cache if each["Shared"] != "true"),
    )


def _bytes(text: str) -> int:
    """
    A size as Docker prints it.

    An engine that does not know one says `N/A`; one that counts while a layer goes, less than 0.
    """
    return 0 if text == "N/A" or text.startswith("-") else bytes_of(text, "the engine")
