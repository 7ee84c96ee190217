"""What engines, builders and registries mean by what they refuse, as wheeldock's errors."""

from __future__ import annotations

import os
import re

from wheeldock import client
from wheeldock.errors import (
    BaseImageUnavailableError,
    BuilderNotFoundError,
    BuildxMissingError,
    CacheExportUnsupportedError,
    ConfigurationError,
    DiskFullError,
    EngineUnreachableError,
    ImageNotFoundError,
    ImageNotRemovedError,
    RegistryAuthenticationError,
    WheeldockError,
)

IMAGE_OPTIONS = "manylinux-…-image, musllinux-…-image"
"""The options that name images, as messages call them."""

_ENGINE_DOWN = re.compile(
    r"cannot connect to the docker daemon|error during connect|failed to connect to the docker api",
    re.IGNORECASE,
)
_ENGINE_GONE = re.compile(
    r"\bUnavailable(:| desc =) (error reading from server|connection error|transport)"
)
_NOT_ALLOWED = re.compile(r"permission denied while trying to connect", re.IGNORECASE)
_DISK_FULL = re.compile(r"no space left on device", re.IGNORECASE)
_NO_EXPORT = re.compile(r"cache export (feature )?is (currently )?not supported", re.IGNORECASE)
_NO_BUILDER = re.compile(r'no builder "(?P<name>[^"]*)" found')
_NO_ANSWER = re.compile(r"failed to do request|proxyconnect|dial tcp", re.IGNORECASE)
_REFUSED = re.compile(
    r"unauthorized|authentication required|no basic auth|\b40[13] ", re.IGNORECASE
)
_NO_IMAGE = re.compile(
    r"not found|manifest unknown|name unknown|repository does not exist", re.IGNORECASE
)
_BAD_REFERENCE = re.compile(r"invalid reference format", re.IGNORECASE)


def engine_is_down(text: str) -> bool:
    """Whether the Docker client says that it reaches no engine."""
    return _ENGINE_DOWN.search(text) is not None


def disk_is_full(text: str) -> bool:
    """Whether an engine says that its disk is full."""
    return _DISK_FULL.search(text) is not None


def refusal(text: str) -> WheeldockError | None:
    """What an engine or a builder refuses, whatever is to be built; None if it is not that."""
    if engine_is_down(text):
        return engine_unreachable(text)
    if _ENGINE_GONE.search(text):
        return _engine_gone(last_line(text))
    if disk_is_full(text):
        return disk_full(last_line(text))
    if _NO_EXPORT.search(text):
        return cache_export_unsupported("the builder")
    if match := _NO_BUILDER.search(text):
        return builder_not_found(match["name"])
    return None


def engine_unreachable(text: str) -> EngineUnreachableError:
    """The error for an engine that does not answer, with the client's own last words."""
    lines = text.strip().splitlines()
    message = "no Docker engine answers" + (f": {lines[-1].strip()}" if lines else "")
    cure = "`invoke setup` installs and starts one."
    if place := client.elsewhere(os.environ):
        cure = f"{place} names it: start that one, or do without this and run `invoke setup`."
    if _NOT_ALLOWED.search(text):
        cure = "Be in its group (`sudo usermod -aG docker $USER`, then log in again), or use sudo."
    return EngineUnreachableError(message, cure=cure)


def _engine_gone(said: str) -> EngineUnreachableError:
    return EngineUnreachableError(
        f"the engine ended, or was started again, in the middle of a build: {said}",
        cure="`invoke engine.status` says whether it runs. The next build takes what was done.",
    )


def image_error(reference: str, text: str) -> WheeldockError:
    """What the refusal of an image means, by what the engine or the registry said."""
    said = last_line(text).removeprefix(f"{reference}: ")
    if engine_is_down(text):
        return engine_unreachable(text)
    if disk_is_full(text):
        return disk_full(said)
    answered = _NO_ANSWER.search(text) is None
    if answered and _REFUSED.search(text):
        return RegistryAuthenticationError(
            f"the registry refuses the credentials for {reference}: {said}",
            cure="`docker login` with an account that may pull it.",
        )
    if _BAD_REFERENCE.search(text):
        problem = f"{reference!r} is no image reference: {said}"
        cure = "Name an image as `docker pull` does: registry/name:tag or registry/name@sha256:…"
        return ConfigurationError([problem], cure=cure)
    if answered and _NO_IMAGE.search(text):
        return ImageNotFoundError(
            f"there is no image {reference}: {said}",
            cure=f"Check its name, tag and digest ({IMAGE_OPTIONS}); "
            "a private one needs `docker login`.",
        )
    return no_registry(reference, said)


def image_in_use(reference: str, text: str) -> WheeldockError:
    """The error for an image that the engine does not remove."""
    if engine_is_down(text):
        return engine_unreachable(text)
    said = last_line(text).removeprefix("Error response from daemon: ")
    cure = "Remove the containers that it names, then try again."
    return ImageNotRemovedError(f"{reference} stays: {said}", cure=cure)


def no_registry(reference: str, said: str) -> BaseImageUnavailableError:
    """The error for a registry without an answer, or with one that makes no sense."""
    return BaseImageUnavailableError(
        f"the registry of {reference} does not answer: {said}",
        cure=f"Check the network and the image's name ({IMAGE_OPTIONS}). Where no registry "
        "can be reached, `invoke setup` builds a stand-in for the default image.",
    )


def disk_full(said: str) -> DiskFullError:
    """The error for a disk without room."""
    return DiskFullError(
        f"a disk is full: {said}",
        cure="`invoke df` and `df -h` show what takes the room.",
    )


def builder_error(text: str) -> WheeldockError:
    """What Buildx's refusal to tell of a builder means."""
    match = _NO_BUILDER.search(text)
    return builder_not_found(match["name"]) if match else engine_unreachable(text)


def buildx_missing() -> BuildxMissingError:
    """The error for a client without Buildx."""
    message = "the Docker client has no Buildx (`docker buildx version` fails)"
    return BuildxMissingError(message, cure="`invoke setup` installs it.")


def builder_not_found(name: str) -> BuilderNotFoundError:
    """The error for a builder that Buildx does not know."""
    message, cure = f"there is no Buildx builder {name!r}", "`docker buildx ls` lists them."
    if name == os.environ.get("BUILDX_BUILDER"):
        cure = f"BUILDX_BUILDER names it. {cure}"
    elif name == os.environ.get("DOCKER_CONTEXT"):
        message += ", since there is no Docker context of that name"
        cure = "DOCKER_CONTEXT names it. `docker context ls` lists them."
    return BuilderNotFoundError(message, cure=cure)


def cache_export_unsupported(builder: str) -> CacheExportUnsupportedError:
    """The error for a builder whose driver cannot export a local cache, with both cures."""
    return CacheExportUnsupportedError(
        f"{builder} cannot export a cache: its engine uses the classic image store",
        cure='Turn on the containerd image store (`"features": {"containerd-snapshotter": true}` '
        "in the engine's daemon.json), or make a builder that can: "
        "`docker buildx create --driver docker-container --use`.",
    )


def no_builder_of_ones_own(text: str) -> CacheExportUnsupportedError:
    """The error for a `docker-container` builder that does not start, where one is needed."""
    needed = cache_export_unsupported("the engine's own builder")
    return CacheExportUnsupportedError(
        f"{needed.message}; a builder in a container does not start: {last_line(text)}",
        cure=needed.cure,
    )


def last_line(text: str) -> str:
    """The last error of a program's output, or its last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["nothing was said"])[-1]
