"""The package index that pip would use, as far as sdists go."""

from __future__ import annotations

import configparser
import os
import re
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit

import platformdirs
from packaging.requirements import Requirement
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename
from packaging.version import InvalidVersion, Version
from pypi_simple import (
    PYPI_SIMPLE_ENDPOINT,
    DigestMismatchError,
    DistributionPackage,
    NoSuchProjectError,
    PyPISimple,
    UnsupportedRepoVersionError,
)
from requests import HTTPError, JSONDecodeError, PreparedRequest, RequestException, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth
from urllib3 import Retry

from wheeldock.archive import SUFFIXES
from wheeldock.errors import RequirementNotFoundError
from wheeldock.sessions import reason

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from packaging.specifiers import Specifier

_SECONDS = 30
"""How long the index may be silent."""
_RETRIES = 2
_SHOWN_VERSIONS = 5
_MACHINE_FILE = "/etc/pip.conf"


def find_sdist(requirement: Requirement, folder: Path, environ: Mapping[str, str]) -> Path:
    """
    Return the newest sdist that the requirement allows, downloaded into the folder.

    A pinned one that is there already is returned as it is, and no index is asked.

    Raises RequirementNotFoundError.
    """
    if kept := _kept(requirement, folder):
        return kept
    url = index_url(environ)
    with _client(url, environ) as client, _explained(requirement, client.endpoint):
        page = client.get_project_page(requirement.name, timeout=_SECONDS)
        package = _choose(requirement, page.packages, client.endpoint)
        path = folder / Path(package.filename).name
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as temporary:
                part = Path(temporary, path.name)
                verify = bool(package.digests)
                client.download_package(package, part, verify=verify, timeout=_SECONDS)
                part.replace(path)
    return path


def files_of(name: str, version: Version, environ: Mapping[str, str]) -> list[str]:
    """
    Return the names of the files that the index has of a version.

    Raises RequirementNotFoundError when the index does not answer as one.
    """
    with (
        _client(index_url(environ), environ) as client,
        _explained(Requirement(name), client.endpoint),
    ):
        try:
            page = client.get_project_page(name, timeout=_SECONDS)
        except NoSuchProjectError:
            return []
    return [package.filename for package in page.packages if _version(package) == version]


def index_url(environ: Mapping[str, str]) -> str:
    """The index that pip and uv are told to use by environment or pip's configuration files."""
    for variable in ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        if value := environ.get(variable):
            # uv names an index so: pypi=https://…
            return re.sub(r"\A[\w.-]+=", "", value)
    configuration = configparser.RawConfigParser(strict=False)
    configuration.read(_pip_files(environ), encoding="utf-8")
    return configuration.get("global", "index-url", fallback=PYPI_SIMPLE_ENDPOINT)


def shown_url(environ: Mapping[str, str]) -> str:
    """The index's URL without the credentials that may be in it."""
    parts = urlsplit(index_url(environ))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _pip_files(environ: Mapping[str, str]) -> list[str]:
    """The files of pip's configuration, weakest first, as pip's documentation orders them."""
    name = environ.get("PIP_CONFIG_FILE")
    if name == os.devnull:
        return []
    machine = platformdirs.site_config_dir("pip", appauthor=False, multipath=True)
    files = [Path(folder, "pip.conf") for folder in reversed(machine.split(os.pathsep))]
    files += [Path(_MACHINE_FILE), Path.home() / ".pip" / "pip.conf"]
    files += [platformdirs.user_config_path("pip", appauthor=False) / "pip.conf"]
    files += [Path(sys.prefix, "pip.conf")]
    return [str(file) for file in files] + ([name] if name else [])


def _kept(requirement: Requirement, folder: Path) -> Path | None:
    if not any(map(_is_pin, requirement.specifier)):
        return None
    for path in sorted(folder.glob("*-*")):
        try:
            name, version = parse_sdist_filename(path.name)
        except InvalidSdistFilename:
            continue
        same = name == canonicalize_name(requirement.name)
        if same and requirement.specifier.contains(version, prereleases=True):
            return path
    return None


def _is_pin(specifier: Specifier) -> bool:
    return specifier.operator in {"==", "==="} and not specifier.version.endswith(".*")


def _choose(
    requirement: Requirement, packages: list[DistributionPackage], url: str
) -> DistributionPackage:
    """The newest sdist that the requirement allows; a `.tar.gz` before a `.zip`."""
    known = [(version, package) for package in packages if (version := _version(package))]
    pinned = any(map(_is_pin, requirement.specifier))
    prereleases = bool(requirement.specifier.prereleases)
    allowed = [
        (version, package)
        for version, package in known
        if requirement.specifier.contains(version, prereleases=prereleases)
        and (pinned or not package.is_yanked)
    ]
    sdists = [
        (version, package.filename.endswith(SUFFIXES[0]), package)
        for version, package in allowed
        if package.package_type == "sdist" and package.filename.endswith(SUFFIXES)
    ]
    if sdists:
        return max(sdists, key=lambda sdist: sdist[:2])[2]
    if allowed:
        raise RequirementNotFoundError(
            f"{requirement}: the index {url} has wheels of it and no sdist",
            cure="Give the path of its source tree.",
        )
    newest = sorted({version for version, _ in known}, reverse=True)[:_SHOWN_VERSIONS]
    raise RequirementNotFoundError(
        f"{requirement}: the index {url} has no such version; the newest are "
        f"{', '.join(map(str, newest)) or 'none at all'}"
    )


def _version(package: DistributionPackage) -> Version | None:
    try:
        return Version(package.version or "")
    except InvalidVersion:
        return None


@contextmanager
def _client(url: str, environ: Mapping[str, str]) -> Iterator[PyPISimple]:
    parts = urlsplit(url)
    session = Session()
    retries = Retry(_RETRIES, backoff_factor=0.3, status_forcelist=(502, 503))
    adapter = HTTPAdapter(max_retries=retries)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    if bundle := environ.get("PIP_CERT") or environ.get("SSL_CERT_FILE"):
        session.verify = bundle
    if parts.username is not None:
        session.auth = _SameHost(parts.netloc)
    netloc = parts.netloc.rpartition("@")[2]
    with PyPISimple(urlunsplit(parts._replace(netloc=netloc)), session=session) as client:
        yield client


class _SameHost(AuthBase):
    """The credentials of an index's URL, for its own host and no other that it links to."""

    def __init__(self, netloc: str) -> None:
        credentials, _, self._host = netloc.rpartition("@")
        user, _, password = credentials.partition(":")
        self._auth = HTTPBasicAuth(unquote(user), unquote(password))

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        same = urlsplit(request.url or "").netloc == self._host
        return self._auth(request) if same else request


@contextmanager
def _explained(requirement: Requirement, url: str) -> Iterator[None]:
    """Say what the index's answer, or its silence, means."""
    try:
        yield
    except NoSuchProjectError:
        message = f"{requirement}: the index {url} knows no project {requirement.name!r}"
        cure = "Check its name; a folder or an sdist is given by its path."
    except DigestMismatchError as error:
        message = f"{requirement}: what came from {url} is not what its index says: {error}"
        cure = "Try again; if it stays so, do not trust that index."
    except HTTPError as error:
        answer = error.response
        said = f"{answer.status_code} {answer.reason}" if answer is not None else "an error"
        message = f"{requirement}: the index {url} answers {said}"
        cure = "Check PIP_INDEX_URL or pip's configuration, and the credentials in it."
    except (RequestException, ValueError, UnsupportedRepoVersionError) as error:
        if isinstance(error, RequestException) and not isinstance(error, JSONDecodeError):
            message = f"{requirement}: the index {url} does not answer: {reason(error)}"
        else:
            message = f"{requirement}: {url} is no package index: {str(error).splitlines()[0]}"
        cure = "Check the network, the proxy, and PIP_INDEX_URL or pip's configuration."
    else:
        return
    raise RequirementNotFoundError(message, cure=cure) from None
