from __future__ import annotations

import json
import shlex
import signal
import tempfile
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.docker_client import REQUEST, docker

from wheeldock import client
from wheeldock.builder import BuildEndedError, BuildStoppedError, Buildx
from wheeldock.builderinfo import BuilderInfo, Capacity
from wheeldock.errors import BuilderNotFoundError, BuildxMissingError, EngineUnreachableError
from wheeldock.events import Log, Notice, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.unit.docker_client import Docker

__all__ = ["docker"]  # a fixture

PATIENCE = 10.0


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of temporary files, for this test alone."""
    folder = tmp_path / "temporary, files"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def ctrl_c() -> Iterator[None]:
    """Let children take Ctrl-C as they do in a terminal, even if this process may ignore it."""
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, previous)


def eventually(condition: Callable[[], object]) -> bool:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)
    return bool(condition())


def status(**lists: list[dict[str, Any]]) -> str:
    """A shell command that says a SolveStatus."""
    return f"printf '%s\\n' {shlex.quote(json.dumps(lists))}"


STARTED = status(vertexes=[{"digest": "sha256:1", "name": "[build 1/1] RUN x"}])


# --- a build ---


def test_a_build_says_its_events(docker: Docker) -> None:
    docker.does(
        f"{STARTED}\n{status(logs=[{'vertex': 'sha256:1', 'stream': 1, 'data': 'aGk='}])}\n"
        "echo WARNING: careful >&2"
    )
    step, log, notice = Buildx().build(REQUEST)
    assert isinstance(step, Step)
    assert step.name == "[build 1/1] RUN x"
    assert log == Log("sha256:1", "hi")
    assert notice == Notice("WARNING: careful")


def test_events_come_as_they_are_said(docker: Docker) -> None:
    docker.does(f"{STARTED}\nwhile [ ! -e go ]; do sleep 0.01; done\necho end")
    events = Buildx().build(REQUEST)
    assert isinstance(next(events), Step)
    (docker.folder / "go").touch()
    assert list(events) == [Notice("end")]


def test_git_is_asked_only_where_its_answer_is_told(docker: Docker) -> None:
    docker.does('echo "git: ${BUILDX_GIT_INFO-asked}"')
    assert list(Buildx().build(REQUEST)) == [Notice("git: false")]
    assert list(Buildx().build(replace(REQUEST, provenance=True))) == [Notice("git: asked")]


def test_a_failed_build_says_all_before_it_ends(docker: Docker) -> None:
    docker.does("echo ERROR: failed to solve >&2\nexit 1")
    events = Buildx().build(REQUEST)
    assert next(events) == Notice("ERROR: failed to solve")
    with pytest.raises(BuildEndedError) as ended:
        next(events)
    assert not isinstance(ended.value, BuildStoppedError)


def test_output_that_is_no_text_ends_no_build(docker: Docker) -> None:
    docker.does("printf '\\377\\376\\n'\nprintf '\\377\\n' >&2\nexit 1")
    events = Buildx().build(REQUEST)
    assert isinstance(next(events), Notice)
    assert isinstance(next(events), Notice)
    with pytest.raises(BuildEndedError):
        next(events)


def test_a_build_without_a_client_ends(docker: Docker) -> None:
    events = Buildx().build(REQUEST)
    said = next(events)
    assert isinstance(said, Notice)
    assert "docker" in said.text
    with pytest.raises(BuildEndedError):
        next(events)
    assert not docker.has("argv")


def test_no_temporary_file_outlives_a_build(docker: Docker, temporary: Path) -> None:
    docker.does("exit 0")
    assert list(Buildx().build(REQUEST)) == []
    assert list(temporary.iterdir()) == []


# --- its end ---

UNTIL_CTRL_C = f"trap ': > ended; exit 130' INT\n{STARTED}\nwhile :; do sleep 0.01; done"


class Thread(threading.Thread):
    """A build in a thread of its own."""

    def __init__(self, buildx: Buildx) -> None:
        super().__init__(name="build")
        self._buildx = buildx
        self.events: list[object] = []
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for event in self._buildx.build(REQUEST):
                self.events.append(event)
        except BuildEndedError as error:
            self.error = error


@pytest.mark.usefixtures("ctrl_c")
def test_stop_ends_every_build_that_runs(docker: Docker, temporary: Path) -> None:
    docker.does(UNTIL_CTRL_C.replace("ended", "ended$$"))
    buildx = Buildx()
    threads = [Thread(buildx), Thread(buildx)]
    for thread in threads:
        thread.start()
    assert all(eventually(lambda thread=thread: thread.events) for thread in threads)
    buildx.stop()
    for thread in threads:
        thread.join(PATIENCE)
        assert isinstance(thread.error, BuildStoppedError)
    assert len(list(docker.folder.glob("ended*"))) == 2
    assert list(temporary.iterdir()) == []


def test_after_stop_no_build_begins(docker: Docker) -> None:
    docker.does("")
    buildx = Buildx()
    buildx.stop()
    with pytest.raises(BuildStoppedError):
        next(buildx.build(REQUEST))
    assert not docker.has("argv")


def test_another_is_stopped_apart(docker: Docker) -> None:
    docker.does("echo 1")
    buildx = Buildx()
    another = buildx.another()
    buildx.stop()
    assert list(another.build(REQUEST)) == [Notice("1")]


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.parametrize("late", ["before", "after"], ids="stop-{}-its-process-id-is-known".format)
def test_stop_ends_a_build_that_is_about_to_begin(
    docker: Docker, late: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = client._START
    pause = ": > waiting; while [ ! -e go ]; do sleep 0.01; done"
    first, _, rest = script.partition(" && ")
    slow = f"{pause}; {script}" if late == "before" else f"{first} && {{ {pause}; }} && {rest}"
    monkeypatch.setattr(client, "_START", slow)
    monkeypatch.chdir(docker.folder)
    docker.does("")
    buildx = Buildx()
    thread = Thread(buildx)
    thread.start()
    assert eventually(lambda: docker.has("waiting"))
    buildx.stop()
    (docker.folder / "go").touch()
    thread.join(PATIENCE)
    assert isinstance(thread.error, BuildStoppedError)
    assert not docker.has("argv")


@pytest.mark.usefixtures("ctrl_c")
def test_stop_after_a_build_ended_does_no_harm(docker: Docker) -> None:
    docker.does("")
    buildx = Buildx()
    list(buildx.build(REQUEST))
    buildx.stop()
    buildx.stop()
    assert buildx._running == set()


@pytest.mark.usefixtures("ctrl_c")
# python-on-whales does not wait for a client that it was told to forget.
@pytest.mark.filterwarnings("ignore:subprocess:ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_build_that_nobody_listens_to_is_ended(docker: Docker, temporary: Path) -> None:
    docker.does(UNTIL_CTRL_C)
    events = Buildx().build(REQUEST)
    next(events)
    events.close()  # type: ignore[attr-defined]
    assert docker.has("ended")
    assert list(temporary.iterdir()) == []


# --- what the engine has ---


def test_without_a_client_no_engine_answers(docker: Docker) -> None:
    for ask in (Buildx().info, lambda: Buildx().image("x"), lambda: Buildx().pull("x")):
        with pytest.raises(EngineUnreachableError, match="no Docker client") as caught:
            ask()
        assert "invoke setup" in caught.value.cure
    assert not docker.has("argv")


@pytest.mark.parametrize("has_help", [True, False])
def test_a_client_without_buildx_is_told_from_one_without_an_engine(
    docker: Docker, *, has_help: bool
) -> None:
    # Some clients give their own help for a command that they do not know.
    help_ = 'case "$*" in *--help) echo "Usage:  docker [OPTIONS] COMMAND"; exit 0;; esac'
    unknown = "echo 'docker: unknown command: docker buildx' >&2\nexit 1"
    docker.does(f"{help_}\n{unknown}" if has_help else unknown)
    with pytest.raises(BuildxMissingError):
        Buildx().info()


BUILDER = """\
Name:          ours
Driver:        docker
Last Activity: 2026-01-01 10:00:00 +0000 UTC

Nodes:
Name:             theirs
Endpoint:         default
"""
ENGINE = {
    "ServerVersion": "26.1.5",
    "DriverStatus": [["driver-type", "io.containerd.snapshotter.v1"]],
    "NCPU": 8,
    "MemTotal": 1 << 34,
}


def answers(builder: str, engine: object) -> str:
    """A script that tells of a builder and of an engine."""
    return (
        f"case $1 in buildx) printf '%s' {shlex.quote(builder)} ;;"
        f" system) printf '%s' {shlex.quote(json.dumps(engine))} ;;"
        " *) echo 'is it running?' >&2; exit 1 ;; esac"
    )


def test_a_builder_and_its_engine_are_told_of(docker: Docker) -> None:
    docker.does(answers(BUILDER, ENGINE))
    assert Buildx().info("ours") == BuilderInfo(
        name="ours",
        driver="docker",
        can_export_cache=True,
        sees_local_images=True,
        capacity=Capacity(8, 1 << 34),
    )
    docker.does(answers(BUILDER, {"ServerVersion": "26.1.5", "DriverStatus": None}))
    info = Buildx().info()
    assert (info.can_export_cache, info.capacity) == (False, None)


@pytest.mark.parametrize("is_itself", [True, False])
def test_a_client_that_is_dockers_own_is_passed_by(
    docker: Docker, monkeypatch: pytest.MonkeyPatch, *, is_itself: bool
) -> None:
    plugin = docker.folder / "the plugin"
    plugin.write_text('#!/bin/sh\nprintf "%s\\0" "$@" > "${0%/*}/past"\necho past\n')
    plugin.chmod(0o755)
    plugins = [{"Name": "compose", "Path": "/x"}, {"Name": "buildx", "Path": str(plugin)}]
    docker.does(answers("", {**ENGINE, "ClientInfo": {"Plugins": plugins}}))
    monkeypatch.setattr(client, "is_itself", lambda: is_itself)
    buildx = Buildx()
    buildx.info()
    for each in (buildx, buildx.another()):
        assert list(each.build(REQUEST)) == ([Notice("past")] if is_itself else [])
    if is_itself:
        words = (docker.folder / "past").read_text().split("\0")
        assert words[0] == "build"
        assert "--progress" in words
    else:
        assert docker.argv[:2] == ["buildx", "build"]


def test_an_engine_has_nothing_to_say_of_a_builder_of_its_own(docker: Docker) -> None:
    docker.does(answers(BUILDER.replace("docker\n", "docker-container\n"), {}))
    info = Buildx().info()
    assert info.driver == "docker-container"
    assert (info.can_export_cache, info.sees_local_images, info.capacity) == (True, False, None)


def test_a_builder_whose_engine_is_away(docker: Docker) -> None:
    away = "Name: default\nDriver:\nError: Cannot connect to the Docker daemon\n"
    # As Docker 26 ends, and as others do.
    for script in (answers(away, {"ServerVersion": ""}), f"echo '{away}'; [ $1 = buildx ]"):
        docker.does(script)
        with pytest.raises(EngineUnreachableError):
            Buildx().info()


def test_the_builder_and_the_engine_are_asked_at_once(docker: Docker) -> None:
    both = ": > asked-$1; while [ ! -e asked-buildx ] || [ ! -e asked-system ]; do sleep 0.01; done"
    docker.does(f"{both}\n{answers(BUILDER, ENGINE)}")
    assert Buildx().info().name == "ours"


def test_a_builder_that_is_not_there_has_no_cache_to_tell_of(docker: Docker) -> None:
    docker.does("echo 'ERROR: no builder \"ours\" found' >&2; exit 1")
    with pytest.raises(BuilderNotFoundError, match="'ours'"):
        Buildx().cache_usage("ours")


def test_records_of_the_build_cache_are_removed_one_by_one(docker: Docker) -> None:
    docker.does('echo "$@" >> removed')
    Buildx().remove_cache(["one", "two"], "ours")
    removed = (docker.folder / "removed").read_text().splitlines()
    prune = "buildx prune --force --builder ours --filter"
    assert removed == [f"{prune} id=one", f"{prune} id=two"]
