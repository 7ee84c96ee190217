"""
This machine's own Docker engine: what there is of it, starting it and stopping it.

Where systemd runs, the engine is its service; elsewhere it is a dockerd that wheeldock keeps.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_state_path

from wheeldock import client
from wheeldock.client import SOCKET
from wheeldock.daemon import Answer, Daemon, ping, wait_until_it_answers
from wheeldock.errors import EngineNotOursError, EngineUnreachableError
from wheeldock.journal import Addition, Journal, Kind
from wheeldock.root import find, needed_rights

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.root import Root

_DAEMON = Addition(Kind.ENGINE, "dockerd")
_SERVICE = Addition(Kind.SERVICE, "docker")


class EngineState(Enum):
    """What there is of an engine on this machine."""

    OURS = "runs, started by wheeldock"
    OTHERS = "runs, not started by wheeldock"
    FORBIDDEN = "runs, and this user may not talk to it"
    STOPPED = "is installed and does not run"
    ABSENT = "is not installed"
    ELSEWHERE = "is not this machine's own"


@dataclass(frozen=True, kw_only=True)
class EngineStatus:
    """An engine's state, and where to look."""

    state: EngineState
    place: str
    """The socket, or what names an engine elsewhere."""
    pid: int | None = None
    log: Path | None = None

    def __str__(self) -> str:
        text = f"The engine at {self.place} {self.state.value}"
        return f"{text} (process {self.pid}, log {self.log})." if self.pid else f"{text}."


def own_daemon() -> Daemon:
    """The dockerd that `start` starts where there is no init system."""
    return Daemon(user_state_path("wheeldock") / "engine")


def has_systemd() -> bool:
    """Whether systemd runs this machine (sd_booted(3))."""
    return Path("/run/systemd/system").is_dir()


def status() -> EngineStatus:
    """What there is of an engine on this machine."""
    if place := client.elsewhere(os.environ):
        return EngineStatus(state=EngineState.ELSEWHERE, place=place)
    daemon = own_daemon()
    answer, pid = ping(SOCKET), daemon.pid
    if answer is Answer.FORBIDDEN:
        state = EngineState.FORBIDDEN
    elif answer is Answer.YES:
        state = EngineState.OURS if pid or _SERVICE in Journal().additions() else EngineState.OTHERS
    else:
        state = EngineState.STOPPED if find("dockerd") else EngineState.ABSENT
    log = daemon.log if pid else None
    return EngineStatus(state=state, place=str(SOCKET), pid=pid, log=log)


def start(say: Callable[[str], None]) -> None:
    """
    Start this machine's engine, if it does not run, and write down that it was us.

    Raises EngineUnreachableError, or SetupError without the rights.
    """
    now = status()
    if now.state is EngineState.ELSEWHERE:
        raise EngineNotOursError(str(now), cure=f"Do without {now.place}, then start it.")
    if now.state is EngineState.ABSENT:
        raise EngineUnreachableError(str(now), cure="`invoke setup` installs it.")
    if now.state is not EngineState.STOPPED:
        say(str(now))
        return
    root = needed_rights("start the engine")
    daemon = own_daemon()
    if has_systemd():
        say("Starting the engine: systemctl start docker.")
        Journal().add(_SERVICE.kind, _SERVICE.name)
        root.run("systemctl", "start", "docker")
        _wait_for_service(root)
    else:
        say(f"Starting the engine: dockerd, with the containerd image store, log {daemon.log}.")
        Journal().add(Kind.FOLDER, daemon.home)
        Journal().add(_DAEMON.kind, _DAEMON.name)
        daemon.start(root, say, find("dockerd") or "dockerd")


def stop(say: Callable[[str], None]) -> None:
    """
    Stop the engine that we started.

    Raises EngineNotOursError for any other, which is left as it is.
    """
    now = status()
    journal = Journal()
    if now.pid is not None:
        say(f"Stopping the engine (process {now.pid}).")
        own_daemon().stop(needed_rights("stop the engine"))
        journal.forget([_DAEMON])
    elif now.state in {EngineState.STOPPED, EngineState.ABSENT}:
        say("No engine runs.")
    elif _SERVICE in journal.additions():
        say("Stopping the engine: systemctl stop docker.")
        root = needed_rights("stop the engine")
        root.run("systemctl", "stop", "docker.socket", "docker.service")
        journal.forget([_SERVICE])
    else:
        raise EngineNotOursError(str(now), cure="Stop it as it was started.")


def _wait_for_service(root: Root) -> None:
    if not wait_until_it_answers(SOCKET, root):
        cure = "`journalctl --unit docker` shows why."
        raise EngineUnreachableError("the service docker runs and does not answer", cure=cure)
