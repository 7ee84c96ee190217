"""
What an image registry tells without pulling anything: tags and digests.

Its API is that of https://github.com/opencontainers/distribution-spec; a registry that wants a
token gives one to anybody (https://distribution.github.io/distribution/spec/auth/token/).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPMessage

_TIMEOUT = 30
"""Seconds that a registry has for an answer."""

_MANIFESTS = (
    "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, "
    "application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.docker.distribution.manifest.v2+json"
)


@dataclass
class Repository:
    """The images of one name in a registry."""

    name: str
    """E.g. `quay.io/pypa/manylinux_2_28_x86_64`."""
    _token: str = field(default="", init=False, repr=False)

    def tags(self) -> Iterator[str]:
        """Every tag. Raises OSError."""
        address: str | None = f"{self._address}/tags/list?n=1000"
        while address:
            body, headers = self._get(address)
            yield from json.loads(body).get("tags") or ()
            more = re.match(r'<(?P<next>[^>]+)>; *rel="?next"?', headers.get("Link", ""))
            address = urljoin(address, more["next"]) if more else None

    def digest(self, tag: str) -> str:
        """The digest of a tag's manifest. Raises OSError."""
        _, headers = self._get(f"{self._address}/manifests/{tag}", method="HEAD")
        return headers["Docker-Content-Digest"]

    @property
    def _address(self) -> str:
        host, _, path = self.name.partition("/")
        # As Docker has it: nothing but loopback goes without TLS.
        scheme = "http" if host.partition(":")[0] in {"127.0.0.1", "localhost"} else "https"
        return f"{scheme}://{host}/v2/{path}"

    def _get(self, address: str, method: str = "GET") -> tuple[bytes, HTTPMessage]:
        try:
            return self._try(address, method)
        except HTTPError as error:
            challenge = error.headers.get("WWW-Authenticate", "")
            if self._token or not challenge.lower().startswith("bearer "):
                raise
            self._token = _token(challenge)
        return self._try(address, method)

    def _try(self, address: str, method: str) -> tuple[bytes, HTTPMessage]:
        headers = {"Accept": _MANIFESTS if "/manifests/" in address else "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return _open(Request(address, headers=headers, method=method))  # noqa: S310 - see _open


def _token(challenge: str) -> str:
    fields = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
    asked = urlencode({key: fields[key] for key in ("service", "scope") if key in fields})
    body, _ = _open(Request(f"{fields['realm']}?{asked}"))  # noqa: S310 - see _open
    answer = json.loads(body)
    return str(answer.get("token") or answer.get("access_token"))


def _open(request: Request) -> tuple[bytes, HTTPMessage]:
    if urlsplit(request.full_url).scheme not in {"http", "https"}:
        message = f"{request.full_url}: no address of a registry"
        raise OSError(message)
    with urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310 - checked above
        return answer.read(), answer.headers
