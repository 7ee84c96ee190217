"""
The one door to Docker: builds, images and builders, through python-on-whales.

What python-on-whales lacks for builds is added here and nowhere else. The client is called
through a shell that first writes down its process id, so that a build can be ended, and joins
its two outputs, so that no whole log ends up in an exception.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import threading
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from wheeldock.errors import BuildxMissingError
from wheeldock.events import Event, parse
from wheeldock.failures import (
    builder_error,
    engine_unreachable,
    image_error,
    no_builder_of_ones_own,
)
from wheeldock.request import arguments, with_plain_caches

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from python_on_whales import DockerClient

    from wheeldock.request import BuildRequest

_CLIENT = ["sh", "-c", 'echo $$ > "$0" && test ! -e "$0.stop" && exec docker "$@" 2>&1']
_CONTAINERD_STORE = "io.containerd.snapshotter.v1"


class BuildEndedError(Exception):
    """A build ended without a result; the events before this say why."""


class Builder(Protocol):
    """What runs builds: Buildx, or a fake of it in unit tests."""

    def build(self, request: BuildRequest) -> Iterator[Event]:
        """Run a build and yield what it says; raise BuildEndedError when it fails."""

    def stop(self) -> None:
        """End every build that runs."""


@dataclass(frozen=True)
class BuilderInfo:
    """A Buildx builder and what it can do."""

    name: str
    driver: str
    can_export_cache: bool
    sees_local_images: bool
    """Whether FROM finds images that are in the engine and in no registry."""


@dataclass(frozen=True)
class ImageInfo:
    """An image in the engine."""

    id: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]


class Buildx:
    """Docker and its Buildx plugin, as this machine's client is set up to reach them."""

    def __init__(self) -> None:
        self._running: set[Path] = set()
        self._lock = threading.Lock()
        self._stopped = False

    @cached_property
    def _docker(self) -> DockerClient:
        # It takes 0.15 s to import, which `--help` and a dry run must not pay.
        from python_on_whales import DockerClient  # noqa: PLC0415

        if shutil.which("docker") is None:
            raise engine_unreachable("there is no Docker client `docker` on the PATH")
        return DockerClient()

    def build(self, request: BuildRequest) -> Iterator[Event]:
        """
        Run a build and yield what it says, as it says it.

        Raises BuildEndedError when it fails or is stopped.
        """
        from python_on_whales import DockerClient  # noqa: PLC0415
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
            process = Path(folder, "pid")
            client = DockerClient(client_call=[*_CLIENT, str(process)])
            with self._lock:
                if self._stopped:
                    raise BuildEndedError
                self._running.add(process)
            try:
                lines = client.buildx.build(**arguments(with_plain_caches(request, folder)))
                yield from parse(cast("Iterator[str]", lines))
            except DockerException:
                raise BuildEndedError from None
            except BaseException:
                # Ctrl-C, or nobody listens any more: the client would go on for itself.
                _end(process, wait=True)
                raise
            finally:
                with self._lock:
                    self._running.discard(process)

    def stop(self) -> None:
        """End every build that runs, as Ctrl-C would, and let no other begin."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        for process in running:
            _end(process)

    def info(self, name: str | None = None) -> BuilderInfo:
        """
        The builder of that name, or the current one.

        Raises EngineUnreachableError, BuildxMissingError or BuilderNotFoundError.
        """
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            builder = self._docker.buildx.inspect(name)
        except DockerException as error:
            if not self._has_buildx():
                raise _buildx_missing() from None
            raise builder_error(error.stderr or "") from None
        # Buildx names no driver, and ends well, when the engine behind the builder is away.
        driver = builder.driver or "docker"
        return BuilderInfo(
            name=builder.name or "",
            driver=driver,
            can_export_cache=driver != "docker" or self._has_containerd_store(),
            sees_local_images=driver == "docker",
        )

    def _has_buildx(self) -> bool:
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            return self._docker.buildx.is_installed()
        except DockerException:  # clients differ in whether an unknown command has a help
            return False

    def _has_containerd_store(self) -> bool:
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            info = self._docker.system.info()
            if not info.server_version:
                # Docker 26 ends well without an engine, and what next needs one says why.
                self._docker.image.list()
        except DockerException as error:
            raise engine_unreachable(error.stderr or "") from None
        status = info.driver_status or []
        return any(_CONTAINERD_STORE in value for _, value in status)

    def create_builder(self, name: str) -> None:
        """
        Make a builder that runs a BuildKit of its own in a container, and the current one.

        Raises CacheExportUnsupportedError when it does not start: its image has to be pulled.
        """
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            self._docker.buildx.create(
                name=name, driver="docker-container", bootstrap=True, use=True
            )
        except DockerException as error:
            self.remove_builder(name)
            raise no_builder_of_ones_own(error.stderr or "") from None

    def remove_builder(self, name: str) -> None:
        """Remove a builder and its caches, if it is there; the engine's own is then current."""
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        with contextlib.suppress(DockerException):
            self._docker.buildx.remove(name)

    def image(self, reference: str) -> ImageInfo | None:
        """
        The engine's image of that name or digest, or None.

        Raises EngineUnreachableError.
        """
        from python_on_whales.exceptions import DockerException, NoSuchImage  # noqa: PLC0415

        try:
            image = self._docker.image.inspect(reference)
        except NoSuchImage:
            return None
        except DockerException as error:
            raise image_error(reference, error.stderr or "") from None
        environment = dict(entry.partition("=")[::2] for entry in image.config.env or [])
        return ImageInfo(id=image.id, labels=image.config.labels or {}, environment=environment)

    def pull(self, reference: str) -> None:
        """
        Pull an image from its registry into the engine.

        Raises ImageNotFoundError, RegistryAuthenticationError, BaseImageUnavailableError when
        the registry does not answer, or EngineUnreachableError.
        """
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            self._docker.image.pull(reference, quiet=True)
        except DockerException as error:
            raise image_error(reference, error.stderr or "") from None

    def remove_image(self, reference: str) -> None:
        """Remove an image from the engine, if it is there."""
        from python_on_whales.exceptions import NoSuchImage  # noqa: PLC0415

        with contextlib.suppress(NoSuchImage):
            self._docker.image.remove(reference, force=True)

    def remove_cache_mounts(self, suffix: str, builder: str | None = None) -> None:
        """Remove the cache mounts whose ids end so, and no others; what fails stays there."""
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415
        from python_on_whales.utils import run  # noqa: PLC0415

        # python-on-whales has no `buildx du`, and Buildx's prune can only be told internal ids.
        where = ["--builder", builder] if builder else []
        with contextlib.suppress(DockerException):
            usage = run([*self._docker.buildx.docker_cmd, "buildx", "du", "--verbose", *where])
            for number in cache_mounts(str(usage), suffix):
                prune = [*self._docker.buildx.docker_cmd, "buildx", "prune", "--force", *where]
                run([*prune, "--filter", f"id={number}"])


def cache_mounts(usage: str, suffix: str) -> list[str]:
    """BuildKit's own names of the cache mounts whose ids end so, in what `buildx du` printed."""
    found = []
    for record in usage.split("\n\n"):
        fields = dict(line.partition(":")[::2] for line in record.splitlines())
        told = fields.get("Description", "").strip()
        if told.startswith("cached mount ") and told.endswith(f'{suffix}"'):
            found.append(fields["ID"].strip())
    return found


def _buildx_missing() -> BuildxMissingError:
    message = "the Docker client has no Buildx (`docker buildx version` fails)"
    return BuildxMissingError(message, cure="`invoke setup` installs it.")


def _end(process: Path, *, wait: bool = False) -> None:
    """End the client whose process id is in that file, as Ctrl-C would; it tells the engine."""
    with contextlib.suppress(OSError, ValueError):
        # Either the client's shell sees this file, or its process id is there to be read.
        process.with_name(f"{process.name}.stop").touch()
        number = int(process.read_text())
        os.kill(number, signal.SIGINT)
        if wait:
            os.waitpid(number, 0)
