"""What it means when programs of another architecture do not start, or crash. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheeldock.errors import EmulationMissingError
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wheeldock.events import Step

_NOT_STARTED = re.compile(r"exec \S+: exec format error$")
"""What a container says whose first program is for another machine (execve(2): ENOEXEC)."""

_CRASHED = re.compile(r"qemu: uncaught target signal \d+ \((?P<what>[^)]+)\)")

CRASH_CURE = (
    "QEMU may be what crashed: try a newer one (`docker run --privileged --rm tonistiigi/binfmt "
    "--install all`), or build on a machine of that architecture."
)
"""The next step after a crash."""

_FEW = 5
"""How many names a message lists."""


def cannot_start(step: Step, log: Iterable[str]) -> bool:
    """Whether a step failed since its first program is for another machine."""
    return any(_NOT_STARTED.search(line.strip()) for line in (*log, step.error))


def crash(log: Iterable[str]) -> str:
    """What QEMU says in a log of a program that it had to end, for people, or ""."""
    found = [match["what"] for line in log if (match := _CRASHED.search(line))]
    return f"a program crashed in QEMU: {found[-1]}" if found else ""


def architecture_of(name: str) -> Architecture | None:
    """The architecture of a build identifier, or None for another name."""
    return next((each for each in Architecture if name.endswith(f"_{each}")), None)


def not_started(what: str, architecture: Architecture | None) -> EmulationMissingError:
    """The error for a step that needs QEMU where there is none."""
    return EmulationMissingError(
        f"{what}: its programs are for {architecture or 'another architecture'}, and the engine "
        "does not run them",
        cure=cure([architecture] if architecture else []),
    )


def missing(targets: Mapping[Architecture, Sequence[str]]) -> EmulationMissingError:
    """The error for an engine without QEMU for architectures, each with the targets for it."""
    lines = [
        f"the engine does not run programs for {architecture}, and without that it does not build "
        + (", ".join(names) if len(names) <= _FEW else f"{names[0]} and {len(names) - 1} others")
        for architecture, names in targets.items()
    ]
    return EmulationMissingError("\n".join(lines), cure=cure(list(targets)))


def cure(architectures: Sequence[Architecture]) -> str:
    """How an engine gets QEMU for these architectures, or for whichever it lacks."""
    ours = ",".join(architectures) or "NAME"
    theirs = ",".join(each.oci_platform.split("/")[1] for each in architectures) or "all"
    return (
        f"`invoke setup --archs {ours}` installs QEMU; by hand: "
        f"`docker run --privileged --rm tonistiigi/binfmt --install {theirs}`."
    )
