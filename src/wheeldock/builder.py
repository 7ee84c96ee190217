"""
The one door to Docker: builds, images and builders, through python-on-whales.

What python-on-whales lacks for builds is added here and in `client`. What a run asks first is
asked without it: the answers are there by the time that it has been read in.
"""

from __future__ import annotations

import contextlib
import tempfile
import threading
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from wheeldock import client
from wheeldock.builderinfo import read_builder, read_engine, read_plugin
from wheeldock.events import Event, parse
from wheeldock.masking import masked
from wheeldock.refusals import (
    builder_error,
    buildx_missing,
    engine_unreachable,
    image_error,
    image_in_use,
    no_builder_of_ones_own,
)
from wheeldock.request import arguments, passed, ready

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from python_on_whales import DockerClient, Image

    from wheeldock.builderinfo import BuilderInfo, EngineInfo
    from wheeldock.errors import WheeldockError
    from wheeldock.request import BuildRequest
    from wheeldock.tags import Architecture


class BuildEndedError(Exception):
    """A build ended without a result; the events before this say why."""


class BuildStoppedError(BuildEndedError):
    """It ended, or did not begin, because all builds were stopped."""


class Builder(Protocol):
    """What runs builds: Buildx, or a fake of it in unit tests."""

    def build(self, request: BuildRequest) -> Iterator[Event]:
        """Run a build and yield what it says; raise BuildEndedError when it fails."""

    def stop(self) -> None:
        """End every build that runs."""


@dataclass(frozen=True)
class ImageInfo:
    """An image in the engine."""

    id: str
    labels: Mapping[str, str]
    environment: Mapping[str, str]
    names: tuple[str, ...] = ()
    """The names that it has in the engine; of those others, too, that only share its digest."""
    created: str = ""
    """When, as ISO 8601 has it."""
    size: int = 0
    """In bytes, with its base image; packed, where the engine keeps images so."""


class Buildx:
    """Docker and its Buildx plugin, as this machine's client is set up to reach them."""

    def __init__(self, plugin: str = "") -> None:
        """Reach them through `docker`, or what builds past it, by the plugin of that path."""
        self._plugin = plugin
        self._running: set[Path] = set()
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self.asked: dict[str, str | None] = {}
        """The images that were asked for, and their ids; None for those that are not there."""

    def another(self) -> Buildx:
        """Another, whose builds are stopped apart from those of this one."""
        return Buildx(self._plugin)

    @cached_property
    def _docker(self) -> DockerClient:
        # It takes 0.2 s to import, which `--help` and a dry run must not pay.
        from python_on_whales import DockerClient  # noqa: PLC0415

        client.check()
        return DockerClient()

    def build(self, request: BuildRequest) -> Iterator[Event]:
        """
        Run a build and yield what it says, as it says it.

        Raises BuildEndedError when it fails, and BuildStoppedError when it was stopped.
        """
        from python_on_whales import DockerClient  # noqa: PLC0415
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
            process = Path(folder, "pid")
            command = client.command(process, plugin=self._plugin, asks_git=request.provenance)
            docker = DockerClient(client_call=command)
            with self._lock:
                if self._stopped.is_set():
                    raise BuildStoppedError
                self._running.add(process)
            try:
                lines = docker.buildx.build(**arguments(ready(request, folder)))
                events = parse(cast("Iterator[str]", lines))
                yield from masked(events, passed(request).values())
            except DockerException:
                raise (BuildStoppedError if self._stopped.is_set() else BuildEndedError) from None
            except BaseException:
                # Ctrl-C, or nobody listens any more: the client would go on for itself.
                client.end(process, wait=True)
                raise
            finally:
                with self._lock:
                    self._running.discard(process)

    def stop(self) -> None:
        """End every build that runs, as Ctrl-C would, and let no other begin."""
        with self._lock:
            self._stopped.set()
            running = list(self._running)
        for process in running:
            client.end(process)

    def info(self, name: str | None = None) -> BuilderInfo:
        """
        The builder of that name, or the current one.

        Raises EngineUnreachableError, BuildxMissingError or BuilderNotFoundError.
        """
        client.check()
        told, engine = client.ask_at_once(
            ["buildx", "inspect", *([name] if name else [])],
            ["system", "info", "--format", "{{json .}}"],
            meanwhile=_load,
        )
        # `docker` first runs each plugin to ask what it is: a twentieth of a second.
        self._plugin = read_plugin(engine.stdout) if client.is_itself() else ""
        if told.returncode:
            if not self._has_buildx():
                raise buildx_missing()
            raise builder_error(told.stderr)
        builder = read_builder(told.stdout)
        if not builder.sees_local_images:
            return builder
        own = self._engine(engine)
        return replace(builder, can_export_cache=own.has_containerd_store, capacity=own.capacity)

    def _has_buildx(self) -> bool:
        from python_on_whales.exceptions import DockerException  # noqa: PLC0415

        try:
            return self._docker.buildx.is_installed()
        except DockerException:  # clients differ in whether an unknown command has a help
            return False

    def _engine(self, told: subprocess.CompletedProcess[str]) -> EngineInfo:
        if told.returncode:
            raise engine_unreachable(told.stderr)
        info = read_engine(told.stdout)
        if not info.version:
            # What next needs the engine says why there is none.
            with _refusals(engine_unreachable):
                self._docker.image.list()
        return info

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
        from python_on_whales.exceptions import NoSuchImage  # noqa: PLC0415

        info = None
        with _refusals(partial(image_error, reference)), contextlib.suppress(NoSuchImage):
            info = _image_info(self._docker.image.inspect(reference))
        self.asked[reference] = info.id if info else None
        return info

    def images(self, label: str) -> list[ImageInfo]:
        """The engine's images that have a label, whatever its value; EngineUnreachableError."""
        with _refusals(engine_unreachable):
            found = self._docker.image.list(filters=[("label", label)])
            return [_image_info(each) for each in found]

    def image_id(self, reference: str) -> str | None:
        """The id of the engine's image of that name, or None; raises EngineUnreachableError."""
        image = self.image(reference)
        return image.id if image else None

    def pull(self, reference: str, architecture: Architecture | None = None) -> None:
        """
        Pull an image, of that architecture, from its registry into the engine.

        Raises ImageNotFoundError, RegistryAuthenticationError, BaseImageUnavailableError when
        the registry does not answer, or EngineUnreachableError.
        """
        platform = architecture.oci_platform if architecture else None
        with _refusals(partial(image_error, reference)):
            self._docker.image.pull(reference, quiet=True, platform=platform)

    def remove_image(self, reference: str, *, force: bool = True) -> None:
        """
        Remove an image from the engine, if it is there.

        Without `force` raises ImageInUseError when a container needs it.
        """
        from python_on_whales.exceptions import NoSuchImage  # noqa: PLC0415

        with _refusals(partial(image_in_use, reference)), contextlib.suppress(NoSuchImage):
            self._docker.image.remove(reference, force=force)

    def remove_cache(self, numbers: Iterable[str], builder: str | None = None) -> None:
        """Remove records of the build cache by BuildKit's names of them; what is in use stays."""
        where = ["--builder", builder] if builder else []
        for number in numbers:
            self._run("buildx", "prune", "--force", *where, "--filter", f"id={number}")

    def cache_usage(self, builder: str | None = None) -> str:
        """
        What `buildx du --verbose` prints.

        Raises EngineUnreachableError or BuilderNotFoundError.
        """
        return self._run("buildx", "du", "--verbose", *(["--builder", builder] if builder else []))

    def disk_usage(self) -> str:
        """What `docker system df` prints of each image and record. EngineUnreachableError."""
        return self._run("system", "df", "--verbose", "--format", "{{json .}}")

    def _run(self, *arguments: str) -> str:
        """
        Run what python-on-whales has no method for.

        Raises EngineUnreachableError or BuilderNotFoundError.
        """
        from python_on_whales.utils import run  # noqa: PLC0415

        with _refusals(builder_error):
            return str(run([*self._docker.buildx.docker_cmd, *arguments]))


@contextlib.contextmanager
def _refusals(meaning: Callable[[str], WheeldockError]) -> Iterator[None]:
    """Raise what it means that the client fails, by what it said."""
    from python_on_whales.exceptions import DockerException  # noqa: PLC0415

    try:
        yield
    except DockerException as error:
        raise meaning(error.stderr or "") from None


def _load() -> None:
    import python_on_whales  # noqa: F401, PLC0415 - whatever is asked next needs it


def _image_info(image: Image) -> ImageInfo:
    return ImageInfo(
        id=image.id,
        labels=image.config.labels or {},
        environment=dict(entry.partition("=")[::2] for entry in image.config.env or []),
        names=tuple(image.repo_tags),
        created=image.created.isoformat(),
        size=image.size,
    )
