from __future__ import annotations

import json
import os
import signal
import socket as sockets
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock.daemon import Answer, Daemon, ping
from wheeldock.errors import EngineUnreachableError, SetupError
from wheeldock.root import Root

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Root(())


def _nothing(text: str) -> None:
    pytest.fail(f"said: {text}")


@pytest.fixture
def daemon(tmp_path: Path) -> Daemon:
    return Daemon(
        tmp_path / "engine",
        socket=tmp_path / "none.sock",
        user_settings=tmp_path / "daemon.json",
    )


@contextmanager
def answering(reply: bytes) -> Iterator[Path]:
    """A socket that answers one request."""
    # A short path: addresses of sockets have at most 108 bytes.
    with tempfile.TemporaryDirectory() as folder, sockets.socket(sockets.AF_UNIX) as server:
        path = Path(folder, "s")
        server.bind(str(path))
        server.listen()

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(1024)
                connection.sendall(reply)

        thread = threading.Thread(target=serve)
        thread.start()
        yield path
        thread.join()


def test_an_engine_answers() -> None:
    with answering(b"HTTP/1.0 200 OK\r\nApi-Version: 1.45\r\n\r\nOK") as path:
        assert ping(path) is Answer.YES


@pytest.mark.parametrize("reply", [b"HTTP/1.1 503 Service Unavailable\r\n\r\n", b"", b"220 mail"])
def test_something_else_answers(reply: bytes) -> None:
    with answering(reply) as path:
        assert ping(path) is Answer.NO


def test_nothing_listens(tmp_path: Path) -> None:
    assert ping(tmp_path / "none") is Answer.NO
    assert ping(tmp_path / ("long" * 50)) is Answer.NO
    (tmp_path / "file").touch()
    assert ping(tmp_path / "file") is Answer.NO


def test_a_socket_is_closed_to_this_user(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with sockets.socket(sockets.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()
        path.chmod(0)
        user = os.geteuid()
        try:
            if user == 0:  # who may do all
                os.seteuid(65534)
            assert ping(path) is Answer.FORBIDDEN
        finally:
            os.seteuid(user)


def test_it_does_not_run_without_a_process_id(daemon: Daemon) -> None:
    assert daemon.pid is None
    daemon.home.mkdir()
    daemon.pid_file.write_text("")
    assert daemon.pid is None


def test_a_dead_process_is_not_it(daemon: Daemon) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    daemon.home.mkdir()
    daemon.pid_file.write_text(str(process.pid))
    assert daemon.pid is None


def test_another_process_that_has_got_the_number_is_not_it(daemon: Daemon) -> None:
    daemon.home.mkdir()
    daemon.pid_file.write_text(str(os.getpid()))
    assert daemon.pid is None
    daemon.stop(ROOT)  # and so this process goes on


@pytest.fixture
def running(daemon: Daemon) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like the daemon."""
    daemon.home.mkdir()
    command = ["dockerd", "-c", "echo up; read line", f"--config-file={daemon.settings}"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, executable="/bin/sh", stdin=pipe, stdout=pipe) as process:
        assert process.stdout is not None
        process.stdout.readline()
        daemon.pid_file.write_text(str(process.pid))
        yield process
        process.kill()


def test_the_dockerd_of_its_settings_is_it(
    daemon: Daemon, running: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    assert daemon.pid == running.pid
    another = Daemon(tmp_path / "another")
    another.home.mkdir()
    another.pid_file.write_text(str(running.pid))
    assert another.pid is None


def test_it_is_told_to_end_and_waited_for(daemon: Daemon, running: subprocess.Popen[bytes]) -> None:
    daemon.stop(ROOT)
    assert daemon.pid is None
    assert running.wait(5) == -signal.SIGTERM


def test_one_that_does_not_end_is_an_error(
    daemon: Daemon, running: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wheeldock.daemon.STOP_SECONDS", 0)
    running.send_signal(signal.SIGSTOP)
    os.waitpid(running.pid, os.WUNTRACED)  # else what comes next may overtake it
    with pytest.raises(SetupError, match=f"process {running.pid}\\) did not end in 0 s"):
        daemon.stop(ROOT)


def test_its_settings_are_the_users_and_the_image_store(daemon: Daemon) -> None:
    daemon.user_settings.write_text(
        json.dumps({"registry-mirrors": ["https://m.example"], "features": {"buildkit": True}})
    )
    assert daemon.merged_settings() == {
        "registry-mirrors": ["https://m.example"],
        "features": {"buildkit": True, "containerd-snapshotter": True},
        "pidfile": str(daemon.pid_file),
    }


def test_the_users_own_choice_of_the_image_store_stays(daemon: Daemon) -> None:
    features = {"containerd-snapshotter": False}
    daemon.user_settings.write_text(json.dumps({"features": features}))
    assert daemon.merged_settings()["features"] == features


@pytest.mark.parametrize("text", ["{", "[]", '{"features": 1}', "\xff"])
def test_settings_that_make_no_sense(daemon: Daemon, text: str) -> None:
    daemon.user_settings.write_text(text, encoding="latin-1")
    with pytest.raises(SetupError, match="holds no settings of dockerd") as caught:
        daemon.start(ROOT, _nothing, "true")
    assert str(daemon.user_settings) in caught.value.message


def test_a_dockerd_that_ends_shows_the_end_of_its_log(daemon: Daemon, tmp_path: Path) -> None:
    program = tmp_path / "dockerd"
    program.write_text("#!/bin/sh\nseq 1 9\necho failed to start daemon: no room >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(EngineUnreachableError) as caught:
        daemon.start(ROOT, _nothing, str(program))
    lines = [line.strip() for line in caught.value.message.splitlines()]
    assert lines[1:] == ["6", "7", "8", "9", "failed to start daemon: no room"]
    assert str(daemon.log) in caught.value.cure


def test_a_dockerd_that_never_answers_is_ended(
    daemon: Daemon, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wheeldock.daemon.START_SECONDS", 0.2)
    program, pid_file = tmp_path / "dockerd", tmp_path / "pid"
    program.write_text(f"#!/bin/sh\necho $$ > '{pid_file}'\necho thinking\nexec sleep 60\n")
    program.chmod(0o755)
    with pytest.raises(EngineUnreachableError, match="thinking"):
        daemon.start(ROOT, _nothing, str(program))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid_file.read_text()), 0)
