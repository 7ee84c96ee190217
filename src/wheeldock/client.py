"""
Docker's client as a program: asked, and run so that what it does can be ended.

It is run by a shell that first writes down its process id, and joins its two outputs, so that no
whole log ends up in an exception.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.errors import EngineUnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

SOCKET = Path("/var/run/docker.sock")
"""Where the client looks for this machine's own engine."""

_START = 'echo $$ > "$0" && test ! -e "$0.stop" && '
_DOCKER = 'exec docker "$@" 2>&1'
_PLUGIN = 'plugin=$1; shift 2; exec "$plugin" "$@" 2>&1'
"""The plugin is called without the word `buildx`, the first that `docker` would get."""
_NO_GIT = "export BUILDX_GIT_INFO=false; "
"""Buildx would ask Git half a dozen questions, whose answers only provenance has."""


def elsewhere(environ: Mapping[str, str]) -> str:
    """What points the Docker client at an engine that is not this machine's own, or ""."""
    if host := environ.get("DOCKER_HOST", ""):
        scheme, _, path = host.partition("://")
        is_own = scheme == "unix" and os.path.realpath(path) == os.path.realpath(SOCKET)
        return "" if is_own else f"DOCKER_HOST={host}"
    context = environ.get("DOCKER_CONTEXT") or _current_context(environ)
    return f"Docker context {context!r}" if context not in {"", "default"} else ""


def _current_context(environ: Mapping[str, str]) -> str:
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    try:
        return str(json.loads((folder / "config.json").read_bytes()).get("currentContext", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def check() -> None:
    """Raise EngineUnreachableError where there is no client."""
    if shutil.which("docker") is None:
        message = "no Docker engine answers: there is no Docker client `docker` on the PATH"
        raise EngineUnreachableError(message, cure="`invoke setup` installs one.")


def ask_at_once(
    *questions: Sequence[str], meanwhile: Callable[[], object]
) -> list[subprocess.CompletedProcess[str]]:
    """What the client says to each: it takes a tenth of a second to answer one."""

    def ask(question: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", *question],
            check=False,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
        )

    with ThreadPoolExecutor(len(questions)) as threads:
        answers = threads.map(ask, questions)
        meanwhile()
    return list(answers)


def is_itself() -> bool:
    """Whether the `docker` on the PATH is Docker's program, and nothing that is put before it."""
    program = Path(shutil.which("docker") or "").resolve()
    try:
        with program.open("rb") as file:
            return program.name == "docker" and file.read(2) != b"#!"
    except OSError:
        return False


def command(process: Path, *, plugin: str, asks_git: bool) -> list[str]:
    """
    The command line of a client for Buildx, which writes its process id into that file.

    `plugin` is the path of Buildx's plugin, to call it past `docker`, or "".
    """
    script = ("" if asks_git else _NO_GIT) + _START + (_PLUGIN if plugin else _DOCKER)
    return ["sh", "-c", script, str(process), *([plugin] if plugin else [])]


def end(process: Path, *, wait: bool = False) -> None:
    """End the client whose process id is in that file, as Ctrl-C would; it tells the engine."""
    with contextlib.suppress(OSError, ValueError):
        # Either the client's shell sees this file, or its process id is there to be read.
        process.with_name(f"{process.name}.stop").touch()
        number = int(process.read_text())
        os.kill(number, signal.SIGINT)
        if wait:
            os.waitpid(number, 0)
