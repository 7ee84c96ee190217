"""
Where sccache keeps its results: files in a folder, which it reads and writes over HTTP.

In a folder of its own sccache only sees what was there when its server started, or what that
server wrote itself. Builds side by side have a server each, and are to see what the others wrote.
"""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING

from compiler.store import replace

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"/(?:\w/)*(\.?\w+)")


class Results:
    """A server for a folder, from `start` to `stop`; only who knows the token is let in."""

    def __init__(self, folder: Path) -> None:
        self.token = secrets.token_hex(16)

        class Handler(_Handler):
            home = folder
            authorization = f"Bearer {self.token}"

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        """Serve from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Serve no longer."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    """The methods of WebDAV (RFC 4918) that sccache asks for before and after a compile."""

    home: Path
    authorization: str
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Give a result."""
        content = None
        if path := self._path():
            with suppress(OSError):
                content = path.read_bytes()
                os.utime(path)
        self._answer(HTTPStatus.NOT_FOUND if content is None else HTTPStatus.OK, content or b"")

    def do_PUT(self) -> None:
        """Keep a result."""
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status = HTTPStatus.FORBIDDEN
        if path := self._path():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                replace(str(path), content, 0o644)
                status = HTTPStatus.CREATED
            except OSError:  # a full disk
                status = HTTPStatus.INSUFFICIENT_STORAGE
        self._answer(status)

    def do_PROPFIND(self) -> None:
        """Have no folders: none has to be asked for before it is written to."""
        self._answer(HTTPStatus.NOT_FOUND)

    def do_MKCOL(self) -> None:
        """Make them all the same."""
        self._answer(HTTPStatus.CREATED)

    def _path(self) -> Path | None:
        name = _NAME.fullmatch(self.path)
        known = secrets.compare_digest(self.headers.get("Authorization", ""), self.authorization)
        return self.home / name[1][:2] / name[1] if name and known else None

    def _answer(self, status: HTTPStatus, content: bytes = b"") -> None:
        # A body that nobody read would be taken for the next request.
        if self.command not in {"GET", "PUT"}:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing: it would be in the build's log."""
