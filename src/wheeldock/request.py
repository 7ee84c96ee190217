"""
A build in Buildx's terms: a target of a Dockerfile, what goes in and what comes out.

What python-on-whales takes is a command line in the making, so that Buildx's own rules hold for
each value: its CSV, and the paths that BuildKit cannot name.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock import digests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.tags import Architecture

DOCKER = Path(__file__).parent / "docker"
"""The Dockerfiles and what their stages run."""

_MOUNT = "    --mount=type=secret,id={name},target=/run/wheeldock-pass/{name} \\\n"
"""Where toolbox/environment.sh finds a variable of the machine."""

_MOUNTS = "    # (secret mounts of environment-pass)\n"
"""The line of the Dockerfile in whose place they are."""

_STEP = "\nRUN "

_FAST: Mapping[str, str] = {"compression": "zstd", "compression-level": "1"}
"""
How BuildKit is to compress layers.

Distributions are compressed already, and its gzip would spend as long on them again. A wheel that
a project leaves uncompressed takes no more room than with gzip, or little more.
"""


@dataclass(frozen=True)
class ImageOutput:
    """A build's result as a tagged image in the engine."""

    tag: str


@dataclass(frozen=True, kw_only=True)
class BuildRequest:
    """One Buildx build: a target of a Dockerfile, what goes in and what comes out."""

    target: str
    dockerfile: Path
    context: Path
    content: str = ""
    """What tells of the context, and of those beside it, more than its folder's name does."""
    output: Path | ImageOutput | None
    """None for a build that gives nothing but what it leaves in cache mounts."""
    build_args: Mapping[str, str] = field(default_factory=dict)
    contexts: Mapping[str, Path] = field(default_factory=dict)
    """Named contexts, by the name that the Dockerfile uses."""
    secrets: Mapping[str, Path] = field(default_factory=dict)
    """Files that reach a step as secret mounts: in no layer and no key."""
    passed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of this machine's variables whose values reach a stage's steps so, by stage."""
    offline: Sequence[str] = ()
    """Stages whose steps reach no network, which takes a tenth of a second to set up."""
    hosts: Mapping[str, str] = field(default_factory=dict)
    """Host names that steps know, and their addresses: the names are in each step's key."""
    labels: Mapping[str, str] = field(default_factory=dict)
    """Of an image that is made: in no step's key."""
    architecture: Architecture | None = None
    """What the steps' programs are for; None for what the engine's machine is."""
    cache_from: Path | None = None
    cache_to: Path | None = None
    builder: str | None = None
    use_cache: bool = True
    provenance: bool = False
    """Whether BuildKit leaves `provenance.json`, how it came about, beside what comes out."""


@cache
def own_files() -> str:
    """A digest of the Dockerfiles and what their stages run."""
    return digests.of_folder(DOCKER, (each for each in DOCKER.rglob("*") if each.suffix != ".pyc"))


def ready(request: BuildRequest, folder: str) -> BuildRequest:
    """The request as Buildx can take it; what that needs is written into `folder`."""
    return _named(with_fitting_dockerfile(_with_plain_caches(request, folder), folder), folder)


def _named(request: BuildRequest, folder: str) -> BuildRequest:
    """
    The request with a link in `folder` for its context, whose name tells what is sent.

    What BuildKit has of a context of that name, and of those that went with it, it takes for a
    file of the same path, size and time. Each version of wheeldock's own files may have one time.
    """
    link = Path(folder, digests.of_values([request.content or request.context.name, own_files()]))
    link.symlink_to(request.context.absolute())
    return replace(request, context=link)


def _with_plain_caches(request: BuildRequest, folder: str) -> BuildRequest:
    """
    The request with links in `folder` for cache folders whose paths BuildKit does not take.

    It names them in headers of gRPC, which have printable ASCII and nothing else.
    """

    def plain(path: Path | None, name: str) -> Path | None:
        if path is None or (str(path).isascii() and str(path).isprintable()):
            return path
        link = Path(folder, name)
        link.symlink_to(path.absolute())
        return link

    cache_from, cache_to = plain(request.cache_from, "from"), plain(request.cache_to, "to")
    return replace(request, cache_from=cache_from, cache_to=cache_to)


def with_fitting_dockerfile(request: BuildRequest, folder: str) -> BuildRequest:
    """
    The request with a Dockerfile in `folder` that mounts what is passed, and goes offline.

    A Dockerfile has no mount and no network that may be there or not, and each costs time.
    """
    if not any(request.passed.values()) and not request.offline:
        return request
    dockerfile = Path(folder, "Dockerfile")
    text = _fitted(request.dockerfile.read_text(encoding="utf-8"), request)
    dockerfile.write_text(text, encoding="utf-8")
    ignored = request.dockerfile.with_name(f"{request.dockerfile.name}.dockerignore")
    if ignored.exists():
        shutil.copy(ignored, folder)
    return replace(request, dockerfile=dockerfile)


def _fitted(dockerfile: str, request: BuildRequest) -> str:
    """The Dockerfile as its stages are asked for."""
    between = "\nFROM "
    stages = []
    for text in dockerfile.split(between):
        stage = text.partition("\n")[0].split()[-1]
        names = request.passed.get(stage, ())
        fitted = text.replace(_MOUNTS, "".join(_MOUNT.format(name=name) for name in names))
        offline = stage in request.offline
        stages.append(fitted.replace(_STEP, f"{_STEP}--network=none ") if offline else fitted)
    return between.join(stages)


def passed(request: BuildRequest) -> dict[str, str]:
    """The variables to pass that this machine has, and their values."""
    names = dict.fromkeys(chain.from_iterable(request.passed.values()))
    return {name: os.environ[name] for name in names if name in os.environ}


def arguments(request: BuildRequest) -> dict[str, Any]:
    """The request in python-on-whales' terms."""
    return {
        "context_path": request.context,
        "file": request.dockerfile,
        "target": request.target,
        "build_args": request.build_args,
        "build_contexts": request.contexts,
        "add_hosts": request.hosts,
        "secrets": [
            *(_csv_text({"id": key, "src": path}) for key, path in request.secrets.items()),
            *(_csv_text({"id": name, "env": name}) for name in passed(request)),
        ],
        "labels": request.labels,
        "output": _output(request.output),
        "cache": request.use_cache,
        "cache_from": _local_cache("src", request.cache_from),
        "cache_to": _local_cache("dest", request.cache_to, mode="min", **_FAST),
        "builder": request.builder,
        "platforms": [request.architecture.oci_platform] if request.architecture else None,
        # The mode `max` would have all build arguments in it, and a project's variables with them.
        "provenance": {"mode": "min"} if request.provenance else False,
        "progress": "rawjson",
        "stream_logs": True,
    }


def _local_cache(key: str, path: Path | None, **more: str) -> dict[str, str] | None:
    return _csv({"type": "local", key: path, **more}) if path else None


def _output(output: Path | ImageOutput | None) -> dict[str, str]:
    if output is None:
        return {"type": "cacheonly"}
    if isinstance(output, Path):
        return _csv({"type": "local", "dest": output})
    # Without OCI media types Engine 26 does not list an image whose layers are zstd.
    return _csv({"type": "image", "name": output.tag, **_FAST, "oci-mediatypes": "true"})


def _csv(fields: Mapping[str, object]) -> dict[str, str]:
    """Quote fields for Buildx, which reads CSV; python-on-whales joins them unquoted."""
    quoted = {}
    for key, value in fields.items():
        text = str(value)
        if any(special in text for special in ',"\r\n'):
            quoted[f'"{key}'] = text.replace('"', '""') + '"'
        else:
            quoted[key] = text
    return quoted


def _csv_text(fields: Mapping[str, object]) -> str:
    return ",".join(f"{key}={value}" for key, value in _csv(fields).items())
