"""What a machine lacks before it can build wheels, and the steps that give it that. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from wheeldock.daemon import Answer
from wheeldock.errors import SetupError
from wheeldock.system import Family

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.system import System


class Step(Enum):
    """Something that set-up does to a machine; the value says it to people."""

    INSTALL_ENGINE = "install Docker Engine and Buildx"
    INSTALL_CLIENT = "install the Docker client and Buildx"
    INSTALL_BUILDX = "install Buildx"
    START_ENGINE = "start the engine"
    OPEN_SOCKET = "open the engine's socket to this user"


_INSTALLING = {Step.INSTALL_ENGINE, Step.INSTALL_CLIENT, Step.INSTALL_BUILDX}


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What set-up finds."""

    system: System
    has_apt: bool
    has_rights: bool
    elsewhere: str
    """What points the Docker client at another engine than this machine's, or ""."""
    engine: Answer
    has_dockerd: bool
    has_client: bool
    has_buildx: bool


def plan(machine: Machine) -> tuple[Step, ...]:
    """
    What has to be done for an engine that answers and a client with Buildx.

    Raises SetupError, with the way to do it by hand, when it cannot be done here.
    """
    if machine.elsewhere and machine.engine is not Answer.YES:
        raise SetupError(
            f"{machine.elsewhere} names an engine that does not answer",
            cure="Start it, or do without that setting: set-up then uses this machine's own.",
        )
    steps = []
    if machine.engine is Answer.NO and not machine.has_dockerd:
        steps.append(Step.INSTALL_ENGINE)
    elif not machine.has_client:
        steps.append(Step.INSTALL_CLIENT)
    elif not machine.has_buildx:
        steps.append(Step.INSTALL_BUILDX)
    if machine.engine is Answer.NO:
        steps.append(Step.START_ENGINE)
    elif machine.engine is Answer.FORBIDDEN:
        steps.append(Step.OPEN_SOCKET)
    _check(machine, steps)
    return tuple(steps)


def in_words(steps: Sequence[Step]) -> str:
    """The steps as a list for people."""
    return ", ".join(step.value for step in steps)


def _check(machine: Machine, steps: Sequence[Step]) -> None:
    """Raise SetupError when the machine is not one on which set-up can take these steps."""
    by_hand = machine.system.instructions
    can_install = machine.system.family is Family.DEBIAN and machine.has_apt
    if not can_install and _INSTALLING.intersection(steps):
        raise SetupError(
            f"set-up would {in_words(steps)}: it can on Debian and Ubuntu, "
            f"and this is {machine.system.name}",
            cure=by_hand,
        )
    if steps and not machine.has_rights:
        raise SetupError(
            f"set-up would {in_words(steps)}: only root may, "
            "and sudo is missing or asks for a password",
            cure=f"Run it as root, or `sudo -v` first. By hand: {by_hand}",
        )
