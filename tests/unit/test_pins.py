from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.error import HTTPError

import pytest
from maintenance.pins import newest, refresh
from maintenance.registry import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

DIGESTS = {"2026.9.30-2": "sha256:" + "9" * 64, "2026.10.02-10": "sha256:" + "a" * 64}


class Registry(BaseHTTPRequestHandler):
    """One that wants a token, and tells one tag at a time."""

    def do_GET(self) -> None:
        address = f"http://{self.headers['Host']}"
        if self.path.startswith("/token"):
            assert "service=s" in self.path
            assert "scope=repository%3Aa%2Fimg%3Apull" in self.path
            self._answer(200, {}, {"token": "t"})
        elif self.headers["Authorization"] != "Bearer t":
            asked = f'Bearer realm="{address}/token",service="s",scope="repository:a/img:pull"'
            self._answer(401, {"WWW-Authenticate": asked}, {})
        elif self.path.startswith("/v2/a/img/tags/list"):
            tags = ["latest", *DIGESTS, "2026.10.2-9"]
            last = self.path.partition("last=")[2]
            at = tags.index(last) + 1 if last else 0
            more = f'</v2/a/img/tags/list?last={tags[at]}>; rel="next"'
            headers = {"Link": more} if at + 1 < len(tags) else {}
            self._answer(200, headers, {"tags": [tags[at]]})
        elif (tag := self.path.removeprefix("/v2/a/img/manifests/")) in DIGESTS:
            self._answer(200, {"Docker-Content-Digest": DIGESTS[tag]}, {})
        else:
            self._answer(404, {}, {})

    do_HEAD = do_GET  # noqa: N815 - http.server's name

    def _answer(self, status: int, headers: dict[str, str], body: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(json.dumps(body).encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Registry) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def pins(address: str, tmp_path: Path) -> Callable[..., Path]:
    """Write a file of pins."""

    def write(*names: str) -> Path:
        path = tmp_path / "pins.toml"
        lines = [f'{n} = {{ image = "{address}/a/{n}@sha256:0", tag = "1" }} # {n}' for n in names]
        path.write_text("\n".join(["# facts", "[x86_64]", *lines, ""]))
        return path

    return write


def test_a_registry_that_wants_a_token_tells_all_its_tags_and_their_digests(address: str) -> None:
    repository = Repository(f"{address}/a/img")
    assert list(repository.tags()) == ["latest", *DIGESTS, "2026.10.2-9"]
    assert repository.digest("2026.9.30-2") == DIGESTS["2026.9.30-2"]
    with pytest.raises(HTTPError, match="404"):
        repository.digest("1")


def test_the_newest_is_so_by_date_and_number() -> None:
    assert newest(["latest", *DIGESTS, "2025.12.31-99"], "img") == "2026.10.02-10"
    with pytest.raises(ValueError, match="img has no tag such as"):
        newest(["latest", "main"], "img")


def test_pins_are_set_to_the_newest_and_comments_stay(pins: Callable[..., Path]) -> None:
    path, said = pins("img"), list[str]()
    refresh(path, said.append)
    text = path.read_text()
    assert text.startswith("# facts\n[x86_64]\nimg = { image = ")
    assert f'/a/img@{DIGESTS["2026.10.02-10"]}", tag = "2026.10.02-10" }} # img\n' in text
    assert said[0].endswith("/a/img: 1 -> 2026.10.02-10")
    refresh(path, said.append)
    assert path.read_text() == text
    assert said[1:] == ["1 images are newer", "every image is the newest"]


def test_when_one_is_not_known_none_is_changed(pins: Callable[..., Path]) -> None:
    path = pins("img", "other")
    before = path.read_text()
    with pytest.raises(HTTPError):
        refresh(path, print)
    assert path.read_text() == before
