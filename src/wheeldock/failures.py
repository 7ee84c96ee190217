"""Why a build failed, by what it said, as wheeldock's errors. Pure."""

from __future__ import annotations

import re
from itertools import groupby
from typing import TYPE_CHECKING

from wheeldock import foreign, imagelacks
from wheeldock.errors import (
    AuditFailedError,
    BuildFailedError,
    CommandFailedError,
    EnvironmentVariablesError,
    FailedTestError,
    InterpreterMissingError,
    LibraryNotFoundError,
    NotInstallableError,
    PureWheelError,
    RepairError,
    StaleExtensionError,
    StoppedError,
    TooRecentSymbolsError,
    WheeldockError,
)
from wheeldock.refusals import (
    IMAGE_OPTIONS,
    disk_full,
    disk_is_full,
    image_error,
    last_line,
    refusal,
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

_PRUNED = "ERROR: failed to solve: not found"
"""What BuildKit says when results that a build stands on were forgotten before its end."""

_LOG_FOLLOWS = "Its log ends:"
"""What the toolbox says last where the log tells more."""


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
            error.cure = f"Choose another image than {base_image} ({IMAGE_OPTIONS}), or skip it."
        if isinstance(error, TooRecentSymbolsError):
            error.cure = imagelacks.cure_of_symbols(error.message, base_image)
        if isinstance(error, (BuildFailedError, CommandFailedError)) and not error.cure:
            error.cure = imagelacks.cure(error.message, base_image)
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
    if refused := refusal(text):
        return refused
    if "context canceled" in text:
        return StoppedError(f"{name}: stopped")
    said = last_line(text)
    if said == _PRUNED:
        what = "the engine lost what it had built: its build cache was pruned meanwhile"
        return BuildFailedError(f"{name}: {what} ({said})", cure="Run this again.")
    return BuildFailedError(f"{name}: the build did not start: {said}")


def _explain_step(name: str, step: Step, record: BuildRecord) -> WheeldockError:
    tail = record.tail(step)
    match = _EXIT_CODE.search(step.error)
    code = int(match["code"]) if match else None
    explained = [line.removeprefix(_EXPLAINED) for line in tail if line.startswith(_EXPLAINED)]
    log = [line for line, _ in groupby(tail) if not line.startswith(_EXPLAINED)]
    if explained and explained[-1] == _LOG_FOLLOWS and not any(map(str.strip, log)):
        explained[-1], log = "It printed nothing.", []
    if full := [line for line in (step.error, *tail) if disk_is_full(line)]:
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
