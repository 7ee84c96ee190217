"""Who uploads: a token of the environment, of .pypirc, or of the keyring."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from wheeldock import tokens

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.destination import Destination

TOKEN_USER = "__token__"  # noqa: S105 - what PyPI calls the user of any token
_PREFIX = "pypi-"
_LOCATION = b"\x02\x01"
"""What a macaroon of version 2 begins with; its location follows, a byte of length before it."""


@dataclass(frozen=True)
class Credential:
    """A user and a password or token, and where they came from."""

    username: str
    password: str = field(repr=False)
    origin: str
    """For people, e.g. `PYPI_TOKEN`."""
    standing: bool = False
    """Whether it is there for any run, so that it does not say that this one is meant."""


def given(destination: Destination, environ: Mapping[str, str]) -> Credential | None:
    """The first credential that environment, URL, .pypirc or keyring has for a repository."""
    user = environ.get("TWINE_USERNAME") or destination.username or TOKEN_USER
    for variable in (destination.token_variable, tokens.TWINE):
        if token := environ.get(variable):
            is_token = variable == destination.token_variable and destination.is_pypi
            return Credential(TOKEN_USER if is_token else user, token, variable)
    if destination.password:
        origin = f"the settings of {destination.name}"
        return Credential(user, destination.password, origin, standing=True)
    return _of_keyring(destination.upload_url, user)


def _of_keyring(url: str, user: str) -> Credential | None:
    """What the machine's keyring has, where there is one."""
    try:
        import keyring  # noqa: PLC0415 - not there on every architecture
    except ImportError:
        return None
    # A keyring is a plug-in that may fail in ways of its own, and then there is none.
    with contextlib.suppress(Exception):
        found = keyring.get_credential(url, user if user != TOKEN_USER else None)
        if found and found.password:
            return Credential(found.username or user, found.password, "the keyring", standing=True)
        if password := keyring.get_password(url, user):
            return Credential(user, password, "the keyring", standing=True)
    return None


def flaw(credential: Credential, destination: Destination) -> str | None:
    """Why a token cannot be one of that repository, in words that do not say it, or None."""
    said = _flaw_of_any(credential)
    if said is None and destination.is_pypi:
        said = _flaw_of_pypis(credential.password, destination)
    return f"{credential.origin}: {said}" if said else None


def _flaw_of_any(credential: Credential) -> str | None:
    token = credential.password
    if token != token.strip():
        return "the token begins or ends with a space or a line break"
    if not token.isprintable() or re.search(r"\s", token):
        return "the token has a space, a line break or a control character in it"
    if not _can_be_sent(credential):
        return "the user or the token has a character that HTTP cannot send"
    return None


def _flaw_of_pypis(token: str, destination: Destination) -> str | None:
    if not re.fullmatch(rf"{_PREFIX}[\w-]+={{0,2}}", token, re.ASCII):
        return f"a token of {destination.name} is {_PREFIX} and then letters, digits, - and _"
    host, wanted = _location(token), urlsplit(destination.site_url).hostname
    if host and host != wanted:
        return f"the token is one of {host}, and {destination.name} is {wanted}"
    return None


def _can_be_sent(credential: Credential) -> bool:
    """Whether basic authentication, as requests does it, has characters for it."""
    try:
        f"{credential.username}{credential.password}".encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _location(token: str) -> str:
    """The host that a token of PyPI says it is for, or ""."""
    body = token.removeprefix(_PREFIX).rstrip("=")
    try:
        data = base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))
    except (binascii.Error, ValueError):
        return ""
    if not data.startswith(_LOCATION) or len(data) <= len(_LOCATION):
        return ""
    begin = len(_LOCATION) + 1
    return data[begin : begin + data[begin - 1]].decode("ascii", "replace")


def missing(destination: Destination) -> str:
    """That there is no credential, and where one can be."""
    return (
        f"there is no token for {destination.name}: looked in {destination.token_variable}, "
        f"{tokens.TWINE}, .pypirc and the keyring, and asked no CI for one"
    )
