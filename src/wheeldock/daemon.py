"""
A dockerd that wheeldock runs itself, for a machine without an init system.

It has settings of its own, beside the user's, and the containerd image store, which lets builds
export caches.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket as sockets
import time
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock.client import SOCKET
from wheeldock.daemoncache import DaemonCache, containerd_folder, is_beyond_opening
from wheeldock.errors import EngineUnreachableError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheeldock.root import Root

SETTINGS = Path("/etc/docker/daemon.json")
"""The user's settings for dockerd."""
FEATURES = {"containerd-snapshotter": True}
"""The feature of dockerd without which the `docker` driver exports no cache."""

PING_SECONDS = 3.0
START_SECONDS = 60.0
STOP_SECONDS = 60.0
_LOOK_SECONDS = 0.05
_LOG_LINES = 5
_CACHE_GIVEN_UP = (
    "The engine's build cache has grown beyond what it can open in the ten seconds that it gives "
    "itself (moby#48569, mended in Docker 27.4), so it starts with an empty one. Images, and "
    "the cache folders of projects, are as they were."
)


class Answer(Enum):
    """What a socket answers."""

    YES = "an engine answers"
    NO = "no engine answers"
    FORBIDDEN = "this user may not talk to the engine"


@dataclass(frozen=True)
class Daemon:
    """A dockerd that wheeldock starts and stops itself, known by its own settings file."""

    home: Path
    """The folder of its settings, its log and its process id."""
    socket: Path = SOCKET
    user_settings: Path = SETTINGS
    """Settings that it heeds, too."""
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Settings of dockerd that are stronger than all others."""
    prefix: tuple[str, ...] = ()
    """A program that runs it, e.g. in namespaces of its own."""

    @property
    def log(self) -> Path:
        """What it writes."""
        return self.home / "dockerd.log"

    @property
    def settings(self) -> Path:
        """The file of its settings."""
        return self.home / "daemon.json"

    @property
    def pid_file(self) -> Path:
        """The file of its process id, which it writes and removes itself."""
        return self.home / "dockerd.pid"

    @property
    def pid(self) -> int | None:
        """Its process id while it runs; another process may have got the number since."""
        try:
            pid = int(self.pid_file.read_text(encoding="ascii"))
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (OSError, ValueError):
            return None
        ours = Path(os.fsdecode(words[0])).name == "dockerd" and self._word.encode() in words
        return pid if ours else None

    @property
    def _word(self) -> str:
        return f"--config-file={self.settings}"

    def start(self, root: Root, say: Callable[[str], None], program: str = "dockerd") -> None:
        """
        Start it, in a session of its own, and wait until it answers.

        A build cache that keeps it from starting is given up. Raises EngineUnreachableError with
        the end of its log when it does not answer, or SetupError when the user's settings make
        no sense.
        """
        settings = self.merged_settings()
        self.home.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(json.dumps(settings, indent=1), encoding="utf-8")
        try:
            self._start(root, program)
        except EngineUnreachableError:
            if not is_beyond_opening(self._said()):
                raise
            say(_CACHE_GIVEN_UP)
            cache = DaemonCache(settings)
            cache.remove(root)
            self._start(root, program)
            cache.release(root)

    def _start(self, root: Root, program: str) -> None:
        self.pid_file.unlink(missing_ok=True)
        self._forget_dead_containerd(root)
        command = root.command(*self.prefix, program, self._word)
        child = os.posix_spawnp(
            command[0],
            command,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, self.log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )
        try:
            answers = wait_until_it_answers(self.socket, root, lambda: not _has_ended(child))
        except KeyboardInterrupt:
            self._end(child, root)
            raise
        if not answers:
            self._end(child, root)
            tail = self._said().splitlines()[-_LOG_LINES:]
            message = "\n    ".join(["dockerd did not start:", *tail])
            raise EngineUnreachableError(message, cure=f"The whole log is {self.log}.")

    def stop(self, root: Root) -> None:
        """Stop it, if it runs, and wait until it is gone. Raises SetupError when it stays."""
        pid = self.pid
        if pid is None:
            return
        _terminate(pid, root)
        end = time.monotonic() + STOP_SECONDS
        while self.pid == pid:
            if time.monotonic() > end:
                message = f"dockerd (process {pid}) did not end in {STOP_SECONDS:g} s"
                raise SetupError(message, cure=f"Its log is {self.log}.")
            time.sleep(_LOOK_SECONDS)

    def _said(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def merged_settings(self) -> dict[str, Any]:
        """What goes into its settings file. Raises SetupError for the user's, if they are none."""
        theirs: dict[str, Any] = {}
        try:
            theirs = json.loads(self.user_settings.read_text(encoding="utf-8"))
            features = {**FEATURES, **theirs.get("features", {})}
        except FileNotFoundError:
            features = FEATURES
        except (ValueError, TypeError, AttributeError) as error:
            message = f"{self.user_settings} holds no settings of dockerd: {error}"
            raise SetupError(message, cure="Mend that file.") from None
        own = {"pidfile": str(self.pid_file), "features": features}
        return {**theirs, **own, **self.overrides}

    def _forget_dead_containerd(self, root: Root) -> None:
        # dockerd waits 15 s for the containerd of a dockerd that was killed, and gives up, where
        # nobody has taken note of its death: as process 1 of a container often does not.
        file = containerd_folder(self.overrides) / "containerd.pid"
        check = 'grep -qs containerd "/proc/$(cat "$0" 2>/dev/null)/cmdline" || rm -f "$0"'
        root.run("sh", "-c", check, str(file))

    def _end(self, child: int, root: Root) -> None:
        with contextlib.suppress(ChildProcessError):
            _terminate(child, root)
            os.waitpid(child, 0)


def ping(socket: Path) -> Answer:
    """Whether an engine answers at a socket (Engine API: `GET /_ping`)."""
    with sockets.socket(sockets.AF_UNIX) as connection:
        connection.settimeout(PING_SECONDS)
        try:
            connection.connect(str(socket))
            connection.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
            status, _, _ = connection.recv(64).partition(b"\r\n")
        except PermissionError:
            return Answer.FORBIDDEN
        except OSError:
            return Answer.NO
    return Answer.YES if b" 200 " in status else Answer.NO


def open_socket(socket: Path, root: Root) -> None:
    """Give a socket to this user, until the engine makes it anew."""
    root.run("chown", str(os.getuid()), str(socket), allow=(0, 1))


def wait_until_it_answers(
    socket: Path, root: Root, is_alive: Callable[[], bool] = lambda: True
) -> bool:
    """
    Wait for an engine that was started, and whether it answers in the end.

    Its socket is given to this user, who may start it and so may use it.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and is_alive():
        answer = ping(socket)
        if answer is Answer.YES:
            return True
        if answer is Answer.FORBIDDEN:
            open_socket(socket, root)
        time.sleep(_LOOK_SECONDS)
    return False


def _terminate(pid: int, root: Root) -> None:
    # A shell's own `kill`: the program is missing on small systems. It may be gone already, and
    # sudo passes the signal on to what it runs.
    root.run("sh", "-c", 'kill "$0"', str(pid), allow=(0, 1))


def _has_ended(child: int) -> bool:
    return os.waitpid(child, os.WNOHANG) != (0, 0)
