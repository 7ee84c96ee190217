"""
What there is to build with: a Buildx builder, and the machine of its engine. Pure.

The client tells of the one in text, and of the other in JSON.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

_CONTAINERD_STORE = "io.containerd.snapshotter.v1"
_OWN_DRIVER = "docker"
"""The driver that builds in the engine itself."""


@dataclass(frozen=True)
class Capacity:
    """What a machine has to build with."""

    processors: int
    memory: int
    """Bytes."""


@dataclass(frozen=True)
class BuilderInfo:
    """A Buildx builder and what it can do."""

    name: str
    driver: str
    can_export_cache: bool
    sees_local_images: bool
    """Whether FROM finds images that are in the engine and in no registry."""
    capacity: Capacity | None = None
    """What its machine has; None where another question to the engine would tell."""


@dataclass(frozen=True)
class EngineInfo:
    """An engine and its machine."""

    version: str
    """"" when there is none: Docker 26's client ends well all the same."""
    has_containerd_store: bool
    capacity: Capacity | None


def read_builder(told: str) -> BuilderInfo:
    """
    A builder by what `docker buildx inspect` says of it, before its list of nodes.

    Of one that builds in the engine itself, what that can do is not among it.
    """
    lines = told.partition("\n\n")[0].splitlines()
    said = {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}
    # Buildx names no driver, and ends well, when the engine behind the builder is away.
    driver = said.get("Driver") or _OWN_DRIVER
    is_own = driver == _OWN_DRIVER
    return BuilderInfo(said.get("Name", ""), driver, not is_own, is_own)


def read_engine(told: str) -> EngineInfo:
    """An engine by what `docker system info` says of it, in JSON."""
    said = json.loads(told)
    known = said.get("NCPU") and said.get("MemTotal")
    return EngineInfo(
        version=said.get("ServerVersion") or "",
        has_containerd_store=any(
            _CONTAINERD_STORE in value for _, value in said.get("DriverStatus") or []
        ),
        capacity=Capacity(said["NCPU"], said["MemTotal"]) if known else None,
    )


def read_plugin(told: str) -> str:
    """The path of the client's Buildx plugin by what `docker system info` says; "" if unsaid."""
    try:
        plugins = (json.loads(told).get("ClientInfo") or {}).get("Plugins") or []
    except ValueError:
        return ""
    return next((each.get("Path", "") for each in plugins if each.get("Name") == "buildx"), "")
