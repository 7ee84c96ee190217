"""
A package index that does what it is told with each upload: what servers and networks do wrong.

It takes uploads at `/` and lists at `/simple/` (PEP 691). Each upload is met by the next fault of
its script, and by acceptance when there is none.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from requests_toolbelt.multipart.decoder import MultipartDecoder

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping

    Fault = Callable[["Upload"], None]

LOGIN = b"<html><title>Hotel</title>Please log in</html>"


@dataclass
class Upload:
    """An upload that has not been answered."""

    server: FaultServer
    handler: BaseHTTPRequestHandler
    length: int

    def body(self) -> bytes:
        """All that is sent."""
        return self.handler.rfile.read(self.length)

    def keep(self) -> None:
        """Take the file, as a good index does."""
        kind = self.handler.headers["Content-Type"]
        for part in MultipartDecoder(self.body(), kind).parts:
            _, found, rest = part.headers[b"Content-Disposition"].partition(b'filename="')
            if found:
                self.server.files[rest.partition(b'"')[0].decode()] = part.content

    def answer(
        self,
        status: int,
        reason: str = "",
        text: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer it."""
        self.handler.send_response(status, reason or None)
        for name, value in {"Content-Length": str(len(text)), **(headers or {})}.items():
            self.handler.send_header(name, value)
        self.handler.end_headers()
        self.handler.wfile.write(text)


def accept(upload: Upload) -> None:
    upload.keep()
    upload.answer(200)


def silence(upload: Upload) -> None:
    upload.body()
    upload.server.stopped.wait(60)


def reset(upload: Upload) -> None:
    """Read half of it, then send a TCP reset."""
    upload.handler.rfile.read(upload.length // 2)
    connection = upload.handler.connection
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    _abort(upload)


def _abort(upload: Upload) -> None:
    upload.handler.rfile.close()
    upload.handler.wfile.close()
    upload.handler.connection.close()
    upload.handler.wfile = io.BytesIO()


def refuse(status: int, reason: str = "", **headers: str) -> Fault:
    """Take nothing and answer so."""

    def fault(upload: Upload) -> None:
        upload.body()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        upload.answer(status, reason, headers=named)

    return fault


def accept_and_answer(status: int) -> Fault:
    """Take it, and answer as a proxy does that has lost patience."""

    def fault(upload: Upload) -> None:
        upload.keep()
        upload.answer(status)

    return fault


def accept_and_hang_up(upload: Upload) -> None:
    """Take it, and break the connection before an answer."""
    upload.keep()
    _abort(upload)


def captive_portal(upload: Upload) -> None:
    upload.body()
    upload.answer(200, text=LOGIN, headers={"Content-Type": "text/html"})


def reflect(upload: Upload) -> None:
    """Say in status line, header and text what it was sent for a password."""
    upload.body()
    sent = upload.handler.headers["Authorization"]
    secret = base64.b64decode(sent.partition(" ")[2]).decode()
    text = f"you sent {sent} which is {secret}".encode()
    upload.answer(400, f"bad {secret} {sent}", text, {"X-Debug": sent})


@dataclass
class FaultServer:
    """The server; `listed_after` is how often its index has to be asked after an upload."""

    script: list[Fault] = field(default_factory=list)
    listed_after: int = 0
    files: dict[str, bytes] = field(default_factory=dict)
    uploads: list[str] = field(default_factory=list)
    """The Authorization header of each upload."""
    command_lines: list[str] = field(default_factory=list)
    """All of the machine's, while each of them was there."""
    index_answers: list[int] = field(default_factory=list)
    """Statuses that the index gives instead of an answer, for as many questions."""
    oidc: dict[str, object] = field(default_factory=dict)
    """What it answers below `/_/oidc/`, and as a CI's provider at `/identity`."""
    tls: ssl.SSLContext | None = None
    """For a server that encrypts."""
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        if self.tls:
            self._server.socket = self.tls.wrap_socket(self._server.socket, server_side=True)
            self.url = self.url.replace("http", "https")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def meet(self, upload: Upload) -> None:
        """Do with an upload what the script says."""
        self.uploads.append(upload.handler.headers.get("Authorization", ""))
        self.command_lines += _command_lines()
        (self.script.pop(0) if self.script else accept)(upload)

    def page(self) -> bytes:
        """What the index lists, which is late."""
        if self.files and self.listed_after > 0:
            self.listed_after -= 1
            listed: dict[str, bytes] = {}
        else:
            listed = self.files
        files = [
            {
                "filename": name,
                "url": f"/files/{name}",
                "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
            }
            for name, content in listed.items()
        ]
        page = {"meta": {"api-version": "1.0"}, "name": "tiny", "files": files}
        return json.dumps(page).encode()


def _handler(server: FaultServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/simple/"):
                status = server.index_answers.pop(0) if server.index_answers else 200
                self._answer(status, server.page() if status == 200 else b"")
            else:
                self._tell()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            if self.path.startswith("/_/"):
                self.rfile.read(length)
                self._tell()
                return
            self.close_connection = True
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                server.meet(Upload(server, self, length))

        def _tell(self) -> None:
            known = server.oidc.get(self.path.partition("?")[0])
            self._answer(404 if known is None else 200, json.dumps(known).encode())

        def _answer(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/vnd.pypi.simple.v1+json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def finish(self) -> None:
            with contextlib.suppress(ValueError, OSError):  # it was broken on purpose
                super().finish()

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _command_lines() -> list[str]:
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
    return lines
