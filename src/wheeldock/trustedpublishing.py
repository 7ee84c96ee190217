"""
Trusted publishing: a CI says who it is, and the repository gives a token of minutes for that.

OpenID Connect, as PyPI's documentation for other clients has it: the repository names its audience
and mints a token for what the CI's provider signs.
"""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from id import IdentityError, detect_credential
from requests import RequestException

from wheeldock.credentials import TOKEN_USER, Credential
from wheeldock.errors import CredentialsRefusedError
from wheeldock.sessions import reason

if TYPE_CHECKING:
    from collections.abc import Callable

    from requests import Session

_SECONDS = 10.0
"""How long the repository may be silent."""
_GOOD_FOR = 600.0
"""Seconds; PyPI's tokens are good for 900, and an upload takes some."""


class TrustedPublisher:
    """A credential that is asked for anew when it has grown old."""

    def __init__(self, upload_url: str, session: Session, learnt: Callable[[str], None]) -> None:
        self._upload_url = upload_url
        self._session = session
        self._learnt = learnt
        """Is told each secret as soon as it is one."""
        self._credential: Credential | None = None
        self._until = 0.0

    def offered(self) -> bool:
        """Whether there is such a credential: the CI and the repository offer it."""
        return bool(self._audience) and self._renewed()

    def __call__(self) -> Credential:
        """The credential. Raises CredentialsRefusedError."""
        if time.monotonic() > self._until:
            self._renewed()
        if self._credential is None:
            raise CredentialsRefusedError(
                "the CI gives no identity for trusted publishing any more"
            )
        return self._credential

    def _renewed(self) -> bool:
        token = self._identity()
        if not token:
            return False
        self._credential = Credential(TOKEN_USER, self._mint(token), "trusted publishing")
        self._until = time.monotonic() + _GOOD_FOR
        return True

    @cached_property
    def _audience(self) -> str:
        """What the repository calls itself to a CI, or "" where it knows no such thing."""
        try:
            answer = self._session.get(self._at("audience"), timeout=_SECONDS)
            return str(answer.json()["audience"]) if answer.ok else ""
        except (RequestException, ValueError, KeyError, TypeError):
            return ""

    def _identity(self) -> str:
        """The CI's signed word on who it is, or "" where there is no CI that gives one."""
        try:
            token = detect_credential(self._audience) or ""
        except IdentityError as error:
            raise CredentialsRefusedError(
                f"this CI gives no identity for trusted publishing: {str(error).splitlines()[0]}",
                cure="Let the job ask for one (on GitHub by `permissions: {id-token: write}`), "
                "or give a token in the environment.",
            ) from None
        if token:
            self._learnt(token)
        return token

    def _mint(self, identity: str) -> str:
        try:
            answer = self._session.post(
                self._at("mint-token"), json={"token": identity}, timeout=_SECONDS
            )
            said = answer.json()
            token = str(said.get("token") or "") if answer.ok else ""
        except (RequestException, ValueError, AttributeError) as error:
            message = f"{self._at('mint-token')} gives no token: {reason(error)}"
            raise CredentialsRefusedError(message, cure="Try again.") from None
        if not token:
            raise CredentialsRefusedError(
                f"{self._at('mint-token')} gives no token: {_told(said)}",
                cure="Its trusted publisher must name this repository, workflow and environment.",
            )
        self._learnt(token)
        return token

    def _at(self, name: str) -> str:
        return urljoin(self._upload_url, f"/_/oidc/{name}")


def _told(said: object) -> str:
    errors = said.get("errors") if isinstance(said, dict) else None
    told = [str(each.get("description")) for each in errors or [] if isinstance(each, dict)]
    return "; ".join(told) or "it does not say why"
