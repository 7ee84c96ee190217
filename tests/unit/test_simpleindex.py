from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import BaseAdapter

from wheeldock import sessions
from wheeldock.errors import IndexUnreachableError, UsageError
from wheeldock.simpleindex import Listed, SimpleIndex, find

if TYPE_CHECKING:
    from collections.abc import Iterator

HTML = "text/html; charset=utf-8"
NAMES = ("a-1.tar.gz", "a-2.tar.gz")
AUTH = ("me", "secret")
PAGE = (
    '<a href="/f/a-1.tar.gz#sha256=ABC">a-1.tar.gz</a><a href="/f/a-2.tar.gz">a-2.tar.gz</a>'
    "<a href='/f/a-0.tar.gz'>a-0.tar.gz</a>"
)


class Site(BaseAdapter):
    """Answers by path; those in `private` only with credentials."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: dict[str, tuple[int, str, bytes]] = {}
        self.private: set[str] = set()
        self.asked: list[str] = []

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, **_: object
    ) -> requests.Response:
        path = urlsplit(request.url or "").path
        self.asked.append(path)
        status, kind, content = self.pages.get(str(path), (404, HTML, b""))
        if path in self.private and "Authorization" not in request.headers:
            status, content = 401, b""
        response = requests.Response()
        response.status_code, response.raw = status, io.BytesIO(content)
        response.url, response.request = request.url or "", request
        name = "Location" if 300 <= status < 400 else "Content-Type"
        response.headers[name] = kind
        return response

    def close(self) -> None:
        pass


@pytest.fixture
def site() -> Site:
    return Site()


@pytest.fixture
def session(site: Site) -> Iterator[requests.Session]:
    with sessions.session("") as made:
        made.mount("http://", site)
        yield made


def index(session: requests.Session) -> SimpleIndex:
    return SimpleIndex("http://a.example/simple", session, AUTH)


def test_files_are_listed_with_their_hashes(site: Site, session: requests.Session) -> None:
    site.pages["/simple/a/"] = (200, HTML, PAGE.encode())
    site.pages["/f/a-2.tar.gz"] = (200, HTML, b"content")
    listed = index(session)
    digest = hashlib.sha256(b"content").hexdigest()
    expected = {
        "a-1.tar.gz": Listed("http://a.example/f/a-1.tar.gz", "abc"),
        # It has no hash there: it was fetched, once.
        "a-2.tar.gz": Listed("http://a.example/f/a-2.tar.gz", digest),
    }
    assert listed.files("A", NAMES) == expected
    assert listed.files("a", NAMES) == expected
    assert site.asked.count("/f/a-2.tar.gz") == 1


def test_a_project_that_is_not_known_has_no_files(session: requests.Session) -> None:
    assert index(session).files("a", NAMES) == {}


def test_what_another_host_has_is_not_here(
    site: Site, session: requests.Session, caplog: pytest.LogCaptureFixture
) -> None:
    site.pages["/simple/a/"] = (302, "http://other.example/simple/a/", b"")
    site.pages["/simple/b/"] = (302, "/simple/a-b/", b"")
    site.pages["/simple/a-b/"] = (200, HTML, PAGE.partition("</a>")[0].encode())
    assert index(session).files("a", NAMES) == {}
    assert not caplog.records  # the parser of HTML warns of an empty page
    assert "a-1.tar.gz" in index(session).files("b", NAMES)


def test_credentials_are_given_where_they_are_asked_for(
    site: Site, session: requests.Session
) -> None:
    site.pages["/simple/a/"] = (200, HTML, b"<a href='/a#sha256=1'>a-1.tar.gz</a>")
    site.private.add("/simple/a/")
    assert list(index(session).files("a", NAMES)) == ["a-1.tar.gz"]
    site.pages["/simple/a/"] = (403, HTML, b"")
    with pytest.raises(IndexUnreachableError, match="answers 403"):
        index(session).files("a", NAMES)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((200, "image/png", b""), "is no package index"),
        ((200, "application/vnd.pypi.simple.v1+json", b"{"), "index"),
        ((418, HTML, b""), "answers 418"),
    ],
)
def test_what_is_no_index_is_named(
    answer: tuple[int, str, bytes], said: str, site: Site, session: requests.Session
) -> None:
    site.pages["/simple/a/"] = answer
    with pytest.raises(IndexUnreachableError, match=said):
        index(session).files("a", NAMES)


@pytest.mark.parametrize(
    ("upload", "simple"),
    [
        ("/user/rel", "/user/rel/+simple/"),
        ("/", "/simple/"),
        ("/api/pypi/repo/", "/api/pypi/repo/simple/"),
        ("/legacy/", "/simple/"),
    ],
    ids=["devpi", "pypiserver", "artifactory", "warehouse"],
)
def test_the_index_of_a_repository_is_found(
    upload: str, simple: str, site: Site, session: requests.Session
) -> None:
    site.pages[simple] = (200, HTML, b"")
    site.pages["/+simple/"] = (302, "/", b"")
    assert find(f"http://a.example{upload}", session, AUTH) == f"http://a.example{simple}"
    site.private.add(simple)
    assert find(f"http://a.example{upload}", session, AUTH) == f"http://a.example{simple}"


def test_an_index_that_is_not_found_has_to_be_named(session: requests.Session) -> None:
    with pytest.raises(UsageError, match=r"no Simple API is at http://a\.example/up/\+simple/"):
        find("http://a.example/up", session, AUTH)
