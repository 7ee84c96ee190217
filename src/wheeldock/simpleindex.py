"""
What a package index lists of a project, with hashes: the Simple API (PEP 503, PEP 691).

Nothing else proves that a file is there: not what an upload was answered.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag, urljoin, urlsplit

import requests
from packaging.utils import canonicalize_name
from pypi_simple import (
    ACCEPT_JSON_PREFERRED,
    ProjectPage,
    UnsupportedContentTypeError,
    UnsupportedRepoVersionError,
)
from requests import HTTPError, RequestException

from wheeldock.errors import IndexUnreachableError, UsageError
from wheeldock.sessions import SECONDS, reason

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pypi_simple import DistributionPackage
    from requests import Response, Session

_PAGES = ("html", "json")
_REFUSED = {401, 403}
_FRESH = {"Cache-Control": "max-age=0"}
"""A cache on the way has what was listed before the upload."""


@dataclass(frozen=True)
class Listed:
    """A file on an index."""

    url: str
    sha256: str
    """The hexadecimal digest of its bytes."""


class SimpleIndex:
    """An index by the URL of its Simple API; `auth` is for one that does not answer without."""

    def __init__(self, url: str, session: Session, auth: tuple[str, str]) -> None:
        self.url = url.rstrip("/") + "/"
        self._session = session
        self._auth = auth
        self._hashed: dict[str, str] = {}

    def files(self, project: str, names: Collection[str]) -> Mapping[str, Listed]:
        """
        Those of a project's files that have these names, as far as the index lists them.

        Raises IndexUnreachableError.
        """
        try:
            return dict(self._files(project, names))
        except HTTPError as error:
            raise self._unreachable(f"answers {_status(error)}") from None
        except RequestException as error:
            raise self._unreachable(f"does not answer: {reason(error)}") from None
        except (ValueError, UnsupportedContentTypeError, UnsupportedRepoVersionError) as error:
            said = str(error).splitlines()[0]
            raise self._unreachable(f"is no package index: {said}") from None

    def _files(self, project: str, names: Collection[str]) -> Iterator[tuple[str, Listed]]:
        for package in self._page(project):
            if package.filename not in names:
                continue
            digest = package.digests.get("sha256") or self._digest_of(package)
            yield package.filename, Listed(urldefrag(package.url).url, digest.lower())

    def _page(self, project: str) -> list[DistributionPackage]:
        answer = self._ask(project)
        if answer.status_code in _REFUSED and self._session.auth is None:
            self._session.auth = self._auth
            answer = self._ask(project)
        # pypiserver leads to PyPI for a project that it does not have.
        if answer.is_redirect or answer.status_code == requests.codes.not_found:
            return []
        answer.raise_for_status()
        return ProjectPage.from_response(answer, project).packages

    def _ask(self, project: str) -> Response:
        url = f"{self.url}{canonicalize_name(project)}/"
        headers = {"Accept": ACCEPT_JSON_PREFERRED, **_FRESH}
        return self._session.get(url, timeout=SECONDS, headers=headers)

    def _digest_of(self, package: DistributionPackage) -> str:
        """The digest of a file that is listed without one: fetched once."""
        if package.url not in self._hashed:
            digest = hashlib.sha256()
            ours = urlsplit(package.url).netloc == urlsplit(self.url).netloc
            get = self._session.get if ours else requests.get
            with get(package.url, timeout=SECONDS, stream=True) as answer:
                answer.raise_for_status()
                for chunk in answer.iter_content(1 << 20):
                    digest.update(chunk)
            self._hashed[package.url] = digest.hexdigest()
        return self._hashed[package.url]

    def _unreachable(self, said: str) -> IndexUnreachableError:
        cure = "Check the network, the proxy and the certificates, or name it by --index-url."
        return IndexUnreachableError(f"the index {self.url} {said}", cure=cure)


def find(upload_url: str, session: Session, auth: tuple[str, str]) -> str:
    """
    The URL of the Simple API that belongs to an upload URL.

    devpi, pypiserver, Artifactory, Nexus and GitLab have it below, Warehouse beside. Raises
    UsageError when no page is found at any of these places, or IndexUnreachableError.
    """
    base = upload_url.rstrip("/") + "/"
    beside = [urljoin(base, "../simple/")] if base.endswith("/legacy/") else []
    places = [*beside, urljoin(base, "+simple/"), urljoin(base, "simple/")]
    for place in places:
        if _has_page(place, session, auth):
            return place
    raise UsageError(
        f"{upload_url}: no Simple API is at {', '.join(places)}",
        cure="Name it by --index-url: it is what pip's --index-url takes.",
    )


def _has_page(url: str, session: Session, auth: tuple[str, str]) -> bool:
    """Whether there is a page; its content can be large, and is not read."""
    try:
        for given in (None, auth):
            headers = {"Accept": ACCEPT_JSON_PREFERRED}
            with session.get(
                url,
                timeout=SECONDS,
                stream=True,
                auth=given,
                headers=headers,
                # pypiserver leads from a page that it does not know to the next, and so on.
                allow_redirects=False,
            ) as got:
                if got.status_code not in _REFUSED:
                    kind = got.headers.get("Content-Type", "")
                    return got.status_code == requests.codes.ok and any(
                        page in kind for page in _PAGES
                    )
    except RequestException as error:
        message = f"the index {url} does not answer: {reason(error)}"
        raise IndexUnreachableError(
            message, cure="Check the network, or --repository-url."
        ) from None
    return False


def _status(error: HTTPError) -> str:
    answer = error.response
    return f"{answer.status_code} {answer.reason}" if answer is not None else "an error"
