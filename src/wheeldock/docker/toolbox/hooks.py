"""
The hooks of a build backend, each in a process of its own, that find the backend loaded.

PEP 517 wants a fresh process for each hook, which may change there what it likes. To load
setuptools takes longer than to ask it what it requires: so one process loads the backend, and
each hook runs in a fork of that. Where that is in doubt, each loads it for itself.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING

from pyproject_hooks import default_subprocess_runner

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_BACKEND = "_PYPROJECT_HOOKS_BUILD_BACKEND"
"""The variable in which pyproject_hooks names the backend, as `module:object`."""
_IN_TREE = "_PYPROJECT_HOOKS_BACKEND_PATH_JSON"
_PROGRAM = Path(__file__).with_name("loaded_backend.py")
_WELL_KNOWN = frozenset(
    ("flit_core", "hatchling", "mesonpy", "pdm", "poetry", "scikit_build_core", "setuptools")
)
"""The packages of backends that do nothing but define things while they are loaded."""


class LoadedBackend(AbstractContextManager["LoadedBackend"]):
    """A subprocess runner for pyproject_hooks that loads a well-known backend once."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None

    def __call__(
        self,
        cmd: Sequence[str],
        cwd: str | None = None,
        extra_environ: Mapping[str, str] | None = None,
    ) -> None:
        """Run a hook's command; raises CalledProcessError for another exit code than 0."""
        extra = extra_environ or {}
        code = None
        if _IN_TREE not in extra and extra.get(_BACKEND, "").split(".")[0] in _WELL_KNOWN:
            code = self._run(cmd, cwd, {**os.environ, **extra})
        if code is None:
            default_subprocess_runner(cmd, cwd, extra_environ)
        elif code:
            raise subprocess.CalledProcessError(code, cmd)

    def _run(self, cmd: Sequence[str], cwd: str | None, environ: Mapping[str, str]) -> int | None:
        """Run it in a fork, and return its exit code; None where there is nothing to fork."""
        python, *arguments = cmd
        asked = self._socket or self._start(python, cwd, environ)
        question = json.dumps({"arguments": arguments, "environ": dict(environ)})
        try:
            asked.sendall(f"{question}\n".encode())
            answer = asked.recv(16)
        except OSError:
            return None
        return int(answer) if answer else None

    def _start(self, python: str, cwd: str | None, environ: Mapping[str, str]) -> socket.socket:
        """Load the backend in a process of its own, whose end of a socket is the other."""
        self._socket, theirs = socket.socketpair()
        with theirs:
            fd = theirs.fileno()
            module = environ[_BACKEND].partition(":")[0]
            command = [python, str(_PROGRAM), str(fd), module]
            self._process = subprocess.Popen(command, cwd=cwd, env=environ, pass_fds=[fd])
        return self._socket

    def forget(self) -> None:
        """Have it loaded anew, for there may be more in the environment now."""
        if self._process and self._socket:
            self._process.kill()
            self._process.wait()
            self._socket.close()
        self._process = self._socket = None

    def __exit__(self, *_: object) -> None:
        """End the process that has it loaded."""
        self.forget()
