"""Real package indexes on loopback: pypiserver and devpi-server."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAMS = Path(sys.executable).parent
USER = "__token__"
LARGEST = 20_000
"""Bytes that devpi takes in one request."""


class _Server:
    """A server in a process of its own, whose id is in the file `pid`."""

    def __init__(self, command: Sequence[str], folder: Path, port: int) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        (folder / "pid").write_text(str(self._process.pid))
        end = time.monotonic() + 60
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                return
            time.sleep(0.05)
        self.stop()
        pytest.fail(f"{command[0]} did not start: {self._log.read_text()}")

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(20)


class PypiServer(_Server):
    """pypiserver: refuses a wrong token as PyPI does, and each name that it has."""

    def __init__(self, folder: Path) -> None:
        self.token = f"pypi-{secrets.token_urlsafe(60)}"
        digest = base64.b64encode(hashlib.sha1(self.token.encode()).digest()).decode()  # noqa: S324
        (folder / "htpasswd").write_text(f"{USER}:{{SHA}}{digest}\n")
        self.packages = folder / "packages"
        self.packages.mkdir()
        port = _free_port()
        self.upload_url = f"http://127.0.0.1:{port}/"
        self.index_url = f"http://127.0.0.1:{port}/simple/"
        command = [*_pypiserver(port), "--authenticate", "update"]
        command += ["--passwords", str(folder / "htpasswd"), str(self.packages)]
        super().__init__(command, folder, port)


class OpenIndex(_Server):
    """pypiserver with the files of a folder, for everyone to read and for nobody to fill."""

    def __init__(self, packages: Path) -> None:
        port = _free_port()
        self.url = f"http://127.0.0.1:{port}/simple/"
        folder = packages.with_name(f"{packages.name}-server")
        folder.mkdir()
        super().__init__([*_pypiserver(port), str(packages)], folder, port)


class DevpiServer(_Server):
    """devpi-server: takes the same file twice and no other of its name; has a limit of size."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_urlsafe(40)
        root = secrets.token_hex(8)
        where = ["--serverdir", str(folder / "server")]
        command = [str(_PROGRAMS / "devpi-init"), *where, "--no-root-pypi"]
        command += ["--root-passwd", root]
        subprocess.run(command, check=True, capture_output=True)
        port = _free_port()
        self._url = f"http://127.0.0.1:{port}"
        self.upload_url = f"{self._url}/{USER}/rel/"
        self.index_url = f"{self._url}/{USER}/rel/+simple/"
        command = [str(_PROGRAMS / "devpi-server"), *where, "--host", "127.0.0.1"]
        command += ["--port", str(port), "--offline-mode", "--max-request-body-size", str(LARGEST)]
        super().__init__(command, folder, port)
        self._ask("PUT", f"/{USER}", {"password": self.token})
        key = self._ask("POST", "/+login", {"user": USER, "password": self.token})
        index = {"type": "stage", "bases": [], "volatile": False}
        self._ask("PUT", f"/{USER}/rel", index, session=str(key["password"]))

    def _ask(
        self, method: str, path: str, content: dict[str, object], session: str = ""
    ) -> dict[str, object]:
        request = urllib.request.Request(  # noqa: S310 - on loopback
            f"{self._url}{path}", json.dumps(content).encode(), method=method
        )
        request.add_header("Content-Type", "application/json")
        if session:
            given = base64.b64encode(f"{USER}:{session}".encode()).decode()
            request.add_header("X-Devpi-Auth", given)
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return dict(json.loads(answer.read())["result"]) if method == "POST" else {}


def _pypiserver(port: int) -> list[str]:
    command = [sys.executable, "-m", "pypiserver", "run", "--disable-fallback"]
    return [*command, "--interface", "127.0.0.1", "--port", str(port)]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port
