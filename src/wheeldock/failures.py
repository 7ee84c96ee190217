"""What the messages of engines, registries and builds mean, as wheeldock's errors. Pure."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from wheeldock import foreign
from wheeldock.errors import (
    AuditFailedError,
    BaseImageUnavailableError,
    BuilderNotFoundError,
    BuildFailedError,
    CacheExportUnsupportedError,
    CommandFailedError,
    ConfigurationError,
    DiskFullError,
    EngineUnreachableError,
    EnvironmentVariablesError,
    FailedTestError,
    ImageNotFoundError,
    ImageNotRemovedError,
    InterpreterMissingError,
    LibraryNotFoundError,
    NotInstallableError,
    PureWheelError,
    RegistryAuthenticationError,
    RepairError,
    StaleExtensionError,
    StoppedError,
    TooRecentSymbolsError,
    WheeldockError,
)

if TYPE_CHECKING:
    from wheeldock.events import Step
    from wheeldock.record import BuildRecord

_EXIT_CODE = re.compile(r"did not complete successfully: exit code: (?P<code>\d+)")
_EXPLAINED = "wheeldock: "
"""What the toolbox's scripts put before the lines that explain a failure."""

_BY_EXIT_CODE: dict[int, type[WheeldockError]] = {
    error.code: error
    for error in (
        InterpreterMissingError,
        StaleExtensionError,
        PureWheelError,
        TooRecentSymbolsError,
        LibraryNotFoundError,
        CommandFailedError,
        EnvironmentVariablesError,
        RepairError,
        AuditFailedError,
        FailedTestError,
        NotInstallableError,
    )
}

_LOG_TELLS = (
    *(InterpreterMissingError, BuildFailedError, PureWheelError),
    *(CommandFailedError, EnvironmentVariablesError),
    *(AuditFailedError, FailedTestError, NotInstallableError),
)
"""What only the build's own log explains."""

_FETCHING = {
    "tools": "the tools of the build",
    "env": "the build requirements",
    "audit-env": "the requirements of the audits",
}
"""What the stages install in which no script of ours explains a failure."""

_LOG_FOLLOWS = "Its log ends:"
"""What the toolbox says last where the log tells more."""

_IMAGE_OPTIONS = "manylinux-…-image, musllinux-…-image"

_ENGINE_DOWN = re.compile(
    r"cannot connect to the docker daemon|error during connect|failed to connect to the docker api",
    re.IGNORECASE,
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


_NO_MANAGER = re.compile(r"\b(?P<name>yum|dnf|microdnf|apk|apt-get|apt): (command )?not found")
"""What a shell says of a package manager that another image has."""


def engine_is_down(text: str) -> bool:
    """Whether the Docker client says that it reaches no engine."""
    return _ENGINE_DOWN.search(text) is not None


def engine_unreachable(text: str) -> EngineUnreachableError:
    """The error for an engine that does not answer, with the client's own last words."""
    lines = text.strip().splitlines()
    message = "no Docker engine answers" + (f": {lines[-1].strip()}" if lines else "")
    cure = "`invoke setup` installs and starts one."
    if _NOT_ALLOWED.search(text):
        cure = "Be in its group (`sudo usermod -aG docker $USER`, then log in again), or use sudo."
    return EngineUnreachableError(message, cure=cure)


def image_error(reference: str, text: str) -> WheeldockError:
    """What the refusal of an image means, by what the engine or the registry said."""
    said = _last_line(text).removeprefix(f"{reference}: ")
    if engine_is_down(text):
        return engine_unreachable(text)
    if _DISK_FULL.search(text):
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
            cure=f"Check its name, tag and digest ({_IMAGE_OPTIONS}); "
            "a private one needs `docker login`.",
        )
    return no_registry(reference, said)


def image_in_use(reference: str, text: str) -> WheeldockError:
    """The error for an image that the engine does not remove."""
    if engine_is_down(text):
        return engine_unreachable(text)
    said = _last_line(text).removeprefix("Error response from daemon: ")
    cure = "Remove the containers that it names, then try again."
    return ImageNotRemovedError(f"{reference} stays: {said}", cure=cure)


def no_registry(reference: str, said: str) -> BaseImageUnavailableError:
    """The error for a registry without an answer, or with one that makes no sense."""
    return BaseImageUnavailableError(
        f"the registry of {reference} does not answer: {said}",
        cure=f"Check the network and the image's name ({_IMAGE_OPTIONS}). Where no registry "
        "can be reached, `invoke setup` builds a stand-in for the default image.",
    )


def disk_full(said: str) -> DiskFullError:
    """The error for a disk without room."""
    return DiskFullError(
        f"a disk is full: {said}",
        cure="`invoke df` and `df -h` show what takes the room.",
    )


def explain(name: str, base_image: str, record: BuildRecord) -> WheeldockError:
    """
    Why the build of that name failed, by what it said.

    `name` is a build identifier, or `sdist`; `base_image` the image that it builds on.
    """
    step = record.failed_step
    said = "\n".join(record.notices)
    if step is not None and step.stage and " FROM " not in step.name:
        error = _explain_step(name, step, record)
        if isinstance(error, InterpreterMissingError):
            error.cure = f"Choose another image than {base_image} ({_IMAGE_OPTIONS}), or skip it."
        if isinstance(error, CommandFailedError) and (lacks := _NO_MANAGER.search(error.message)):
            error.cure = (
                f"{base_image} has no {lacks['name']}. `system-packages` installs with what an "
                "image has; names of packages may differ, and overrides tell images apart."
            )
        return error
    text = f"{step.error}\n{said}" if step is not None else said
    of_image = (
        base_image in text if step is None else base_image.split("@", maxsplit=1)[0] in step.name
    )
    if (of_image or "source metadata" in text) and "context canceled" not in text:
        # The notices have an excerpt of the Dockerfile, which says nothing about the image.
        return image_error(base_image, step.error if step is not None else text)
    return _explain_start(name, text)


def ended_in_a_command(record: BuildRecord) -> bool:
    """Whether a build failed in a RUN of the Dockerfile, which no cache can have broken."""
    step = record.failed_step
    return step is not None and "did not complete successfully" in step.error


def _explain_start(name: str, text: str) -> WheeldockError:
    if engine_is_down(text):
        return engine_unreachable(text)
    if _DISK_FULL.search(text):
        return disk_full(_last_line(text))
    if _NO_EXPORT.search(text):
        return cache_export_unsupported("the builder")
    if match := _NO_BUILDER.search(text):
        return builder_not_found(match["name"])
    if "context canceled" in text:
        return StoppedError(f"{name}: stopped")
    return BuildFailedError(f"{name}: the build did not start: {_last_line(text)}")


def builder_error(text: str) -> WheeldockError:
    """What Buildx's refusal to tell of a builder means."""
    match = _NO_BUILDER.search(text)
    return builder_not_found(match["name"]) if match else engine_unreachable(text)


def builder_not_found(name: str) -> BuilderNotFoundError:
    """The error for a builder that Buildx does not know."""
    message = f"there is no Buildx builder {name!r}"
    return BuilderNotFoundError(message, cure="`docker buildx ls` lists them.")


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
        f"{needed.message}; a builder in a container does not start: {_last_line(text)}",
        cure=needed.cure,
    )


def _explain_step(name: str, step: Step, record: BuildRecord) -> WheeldockError:
    tail = record.tail(step)
    match = _EXIT_CODE.search(step.error)
    code = int(match["code"]) if match else None
    explained = [line.removeprefix(_EXPLAINED) for line in tail if line.startswith(_EXPLAINED)]
    log = [line for line, _ in groupby(tail) if not line.startswith(_EXPLAINED)]
    if explained and explained[-1] == _LOG_FOLLOWS and not any(map(str.strip, log)):
        explained[-1], log = "It printed nothing.", []
    if full := [line for line in (step.error, *tail) if _DISK_FULL.search(line)]:
        return disk_full(f"{name}, stage {step.stage}: {full[-1].strip()}")
    if "context canceled" in step.error:
        return StoppedError(f"{name}, stage {step.stage}: stopped")
    if foreign.cannot_start(step, tail):
        return foreign.not_started(f"{name}, stage {step.stage}", foreign.architecture_of(name))
    reason = explained or [_plain_reason(step, code)]
    crash = foreign.crash(tail)
    error = _BY_EXIT_CODE.get(code or 0, BuildFailedError)
    lines = [f"{name}, stage {step.stage}: {reason[0]}", *reason[1:], *([crash] if crash else [])]
    if error in _LOG_TELLS:
        lines += [f"    {line}" for line in log]
    return error("\n".join(lines), cure=foreign.CRASH_CURE if crash else "")


def _plain_reason(step: Step, code: int | None) -> str:
    reason = step.error if code is None else f"exit code {code}"
    what = _FETCHING.get(step.stage)
    return f"{what} could not be installed ({reason})" if what else reason


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["nothing was said"])[-1]
