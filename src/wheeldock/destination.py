"""Where distributions are deployed to: a repository by its name, a section of .pypirc, or a URL."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, unquote, urljoin, urlsplit, urlunsplit

from pypi_simple import PYPI_SIMPLE_ENDPOINT
from twine.exceptions import TwineException
from twine.utils import (
    DEFAULT_CONFIG_FILE,
    DEFAULT_REPOSITORY,
    TEST_REPOSITORY,
    get_repository_from_config,
)

from wheeldock import tokens
from wheeldock.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


@dataclass(frozen=True, kw_only=True)
class Destination:
    """A repository: what is sent goes to one URL of it, and appears below another."""

    name: str
    """`pypi`, `testpypi`, a section of .pypirc, or the host of a URL."""
    upload_url: str
    """The upload API's URL, without credentials."""
    index_url: str = ""
    """The Simple API's URL (PEP 503), without credentials; empty where it is to be found."""
    site_url: str = ""
    """The site where a release has a page for people, or ""."""
    token_variable: str = tokens.REPOSITORY
    """The variable that has its token."""
    username: str = ""
    """Who .pypirc or the URL says uploads, or ""."""
    password: str = field(default="", repr=False)
    """What .pypirc or the URL has for a token, or ""."""
    ca_bundle: str = ""
    """.pypirc's certificates of authorities, or ""."""
    client_cert: str = ""
    """.pypirc's client certificate, or ""."""

    @property
    def is_pypi(self) -> bool:
        """Whether it is PyPI or TestPyPI, whose rules are known."""
        return self.token_variable != tokens.REPOSITORY

    @property
    def is_in_clear(self) -> bool:
        """Whether what is sent there, the token too, can be read on the way."""
        parts = urlsplit(self.upload_url)
        return parts.scheme == "http" and parts.hostname not in _LOOPBACK

    def release_url(self, project: str, version: str) -> str:
        """The page of a release for people, or "" where that is not known."""
        return urljoin(self.site_url, f"/project/{project}/{version}/") if self.site_url else ""


def resolve(
    repository: str, repository_url: str, index_url: str, environ: Mapping[str, str]
) -> Destination:
    """
    The repository that options name, else TWINE_REPOSITORY_URL, TWINE_REPOSITORY, or PyPI.

    Raises UsageError.
    """
    for option, url in {"--repository-url": repository_url, "--index-url": index_url}.items():
        _check_argument(option, url)
    if repository and repository_url:
        raise UsageError("--repository and --repository-url: one of them names the repository")
    if not repository and not repository_url:
        repository_url = environ.get("TWINE_REPOSITORY_URL", "")
        repository = environ.get("TWINE_REPOSITORY", "")
    if repository_url:
        found = _by_url(repository_url, "--repository-url")
    else:
        found = _by_name(repository or "pypi")
    return replace(found, index_url=index_url or found.index_url)


def _check_argument(option: str, url: str) -> None:
    if url and _split(url, option).password:
        raise UsageError(
            f"{option}: the URL has a password in it, which every user of this machine can read",
            cure=f"Change it; give the new one as {tokens.REPOSITORY} in the environment.",
        )


def _by_name(name: str) -> Destination:
    """A section of .pypirc; PyPI and TestPyPI need none."""
    try:
        section = get_repository_from_config(DEFAULT_CONFIG_FILE, name)
    except TwineException as error:
        raise UsageError(
            f"--repository: {name!r} is none of pypi, testpypi and the sections of "
            f"{DEFAULT_CONFIG_FILE}: {str(error).splitlines()[0]}",
            cure="Or give its address by --repository-url.",
        ) from None
    found = _by_url(section.get("repository") or "", f"{DEFAULT_CONFIG_FILE}: [{name}]")
    return replace(
        found,
        name=name,
        username=section.get("username") or found.username,
        password=section.get("password") or found.password,
        ca_bundle=section.get("ca_cert") or "",
        client_cert=section.get("client_cert") or "",
    )


def _by_url(url: str, place: str) -> Destination:
    parts = _split(url, place)
    plain = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2], fragment=""))
    known = _KNOWN.get(plain.rstrip("/"))
    return replace(
        known or Destination(name=parts.netloc.rpartition("@")[2], upload_url=plain),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _split(url: str, place: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0:
            return parts
    except ValueError:  # a port that is none
        pass
    raise UsageError(f"{place}: {parts_shown(url)!r} is no URL; one begins with https://")


def parts_shown(url: str) -> str:
    """A URL, or what should be one, without what may be a password."""
    head, at, rest = url.rpartition("@")
    return f"{head.partition('//')[0]}//{tokens.MASK}@{rest}" if at else url


_KNOWN = {
    DEFAULT_REPOSITORY.rstrip("/"): Destination(
        name="pypi",
        upload_url=DEFAULT_REPOSITORY,
        index_url=PYPI_SIMPLE_ENDPOINT,
        site_url=PYPI_SIMPLE_ENDPOINT,
        token_variable=tokens.PYPI,
    ),
    TEST_REPOSITORY.rstrip("/"): Destination(
        name="testpypi",
        upload_url=TEST_REPOSITORY,
        index_url=urljoin(TEST_REPOSITORY, "/simple/"),
        site_url=TEST_REPOSITORY,
        token_variable=tokens.TEST_PYPI,
    ),
}
