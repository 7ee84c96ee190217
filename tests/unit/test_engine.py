from __future__ import annotations

from pathlib import Path

import pytest

from wheeldock import engine
from wheeldock.client import SOCKET
from wheeldock.daemon import Answer
from wheeldock.engine import EngineState, EngineStatus
from wheeldock.errors import EngineNotOursError, EngineUnreachableError
from wheeldock.journal import Journal, Kind
from wheeldock.root import Root


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A machine with a silent socket, an installed engine and no Docker settings."""
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.setattr(engine, "ping", lambda _: Answer.NO)
    monkeypatch.setattr(engine, "find", lambda _: "/usr/sbin/dockerd")
    return monkeypatch


def test_status_of_a_machine_without_an_engine(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(engine, "find", lambda _: None)
    assert engine.status().state is EngineState.ABSENT
    assert str(engine.status()) == f"The engine at {SOCKET} is not installed."


def test_status_of_an_engine_that_is_stopped(machine: pytest.MonkeyPatch) -> None:
    del machine
    assert engine.status().state is EngineState.STOPPED


@pytest.mark.parametrize(
    ("answer", "state"),
    [(Answer.YES, EngineState.OTHERS), (Answer.FORBIDDEN, EngineState.FORBIDDEN)],
)
def test_status_of_an_engine_of_others(
    machine: pytest.MonkeyPatch, answer: Answer, state: EngineState
) -> None:
    machine.setattr(engine, "ping", lambda _: answer)
    assert engine.status() == EngineStatus(state=state, place=str(SOCKET))


def test_status_of_a_service_that_we_started(machine: pytest.MonkeyPatch) -> None:
    machine.setattr(engine, "ping", lambda _: Answer.YES)
    Journal().add(Kind.SERVICE, "docker")
    assert engine.status().state is EngineState.OURS


def test_status_says_which_process_and_which_log() -> None:
    log = Path("/var/log/dockerd.log")
    status = EngineStatus(state=EngineState.OURS, place="/run/docker.sock", pid=7, log=log)
    assert str(status) == (
        "The engine at /run/docker.sock runs, started by wheeldock "
        "(process 7, log /var/log/dockerd.log)."
    )


def test_an_engine_of_others_is_not_stopped(machine: pytest.MonkeyPatch, said: list[str]) -> None:
    machine.setattr(engine, "ping", lambda _: Answer.YES)
    with pytest.raises(EngineNotOursError, match="not started by wheeldock"):
        engine.stop(said.append)
    assert said == []


@pytest.mark.parametrize("answer", [Answer.YES, Answer.FORBIDDEN])
def test_a_service_that_we_started_is_stopped(
    machine: pytest.MonkeyPatch, said: list[str], answer: Answer
) -> None:
    ran: list[tuple[str, ...]] = []
    machine.setattr(engine, "ping", lambda _: answer)
    machine.setattr(engine, "needed_rights", lambda _: Root(()))
    machine.setattr(Root, "run", lambda _, *words: ran.append(words))
    Journal().add(Kind.SERVICE, "docker")
    engine.stop(said.append)
    assert ran == [("systemctl", "stop", "docker.socket", "docker.service")]
    assert Journal().additions() == ()


def test_an_engine_elsewhere_is_neither_started_nor_stopped(
    machine: pytest.MonkeyPatch, said: list[str]
) -> None:
    machine.setenv("DOCKER_HOST", "tcp://far:2375")
    with pytest.raises(EngineNotOursError, match="not this machine's own") as caught:
        engine.start(said.append)
    assert "DOCKER_HOST=tcp://far:2375" in caught.value.cure
    with pytest.raises(EngineNotOursError):
        engine.stop(said.append)


def test_there_is_nothing_to_stop(machine: pytest.MonkeyPatch, said: list[str]) -> None:
    del machine
    engine.stop(said.append)
    assert said == ["No engine runs."]


def test_an_engine_that_is_not_installed_is_not_started(
    machine: pytest.MonkeyPatch, said: list[str]
) -> None:
    machine.setattr(engine, "find", lambda _: None)
    with pytest.raises(EngineUnreachableError, match="is not installed") as caught:
        engine.start(said.append)
    assert "invoke setup" in caught.value.cure


def test_an_engine_that_runs_is_not_started_again(
    machine: pytest.MonkeyPatch, said: list[str]
) -> None:
    machine.setattr(engine, "ping", lambda _: Answer.YES)
    engine.start(said.append)
    assert said == [f"The engine at {SOCKET} runs, not started by wheeldock."]
    assert Journal().additions() == ()
