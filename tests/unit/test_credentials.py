from __future__ import annotations

import base64
from dataclasses import replace
from urllib.parse import urlsplit

import keyring
import pytest
from keyring.backend import KeyringBackend

from wheeldock import credentials
from wheeldock.credentials import Credential
from wheeldock.destination import Destination, resolve

OTHER = Destination(name="company", upload_url="https://a.example/upload/")
PYPI = resolve("", "", "", {})


class Keyring(KeyringBackend):
    """A keyring that has one password, or breaks."""

    priority = 1  # type: ignore[assignment]
    broken = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.broken:
            raise RuntimeError
        known = (OTHER.upload_url, credentials.TOKEN_USER)
        return "of-the-keyring" if (service, username) == known else None

    def set_password(self, service: str, username: str, password: str) -> None:
        raise NotImplementedError

    def delete_password(self, service: str, username: str) -> None:
        raise NotImplementedError


@pytest.fixture(autouse=True)
def ring(monkeypatch: pytest.MonkeyPatch) -> Keyring:
    made = Keyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", made)
    return made


def token(host: str) -> str:
    """A token as PyPI makes them, for its host: a macaroon of version 2."""
    data = b"\x02\x01" + bytes([len(host)]) + host.encode() + b"\x02\x10" + b"x" * 16
    return "pypi-" + base64.urlsafe_b64encode(data).decode().rstrip("=")


def test_the_environment_is_stronger_than_files_and_keyring() -> None:
    section = replace(OTHER, username="me", password="of-the-file")
    environ = {"WHEELDOCK_REPOSITORY_TOKEN": "ours", "TWINE_PASSWORD": "twines"}
    assert credentials.given(section, environ) == Credential(
        "me", "ours", "WHEELDOCK_REPOSITORY_TOKEN"
    )
    environ = {"TWINE_PASSWORD": "twines", "TWINE_USERNAME": "you", "PYPI_TOKEN": "no"}
    assert credentials.given(section, environ) == Credential("you", "twines", "TWINE_PASSWORD")
    found = credentials.given(section, {})
    assert found == Credential("me", "of-the-file", "the settings of company", standing=True)
    assert "of-the-file" not in repr(found)


def test_a_token_of_pypi_has_the_user_that_pypi_wants() -> None:
    found = credentials.given(PYPI, {"PYPI_TOKEN": "pypi-x", "TWINE_USERNAME": "me"})
    assert found == Credential("__token__", "pypi-x", "PYPI_TOKEN")


def test_the_keyring_is_asked_last_and_may_break(ring: Keyring) -> None:
    found = credentials.given(OTHER, {"PYPI_TOKEN": "no"})
    assert found == Credential("__token__", "of-the-keyring", "the keyring", standing=True)
    ring.broken = True
    assert credentials.given(OTHER, {}) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (" x", "begins or ends with a space"),
        ("x\n", "begins or ends with a space"),
        ("x y", "has a space"),
        ("x\ny", "has a space"),
        ("x\x16y", "control character"),
        ("x\u200by", "control character"),
        ("x\u20acy", "HTTP cannot send"),
    ],
)
def test_a_malformed_token_is_named_and_not_repeated(text: str, said: str) -> None:
    flaw = credentials.flaw(Credential("me", text, "TWINE_PASSWORD"), OTHER)
    assert flaw is not None
    assert flaw.startswith("TWINE_PASSWORD: ")
    assert said in flaw
    assert repr(text)[1:-1] not in flaw


@pytest.mark.parametrize("text", ["secret", "pypi-", "pypi-a/b", "PYPI-abc", "pypi-ä"])
def test_what_is_no_token_of_pypi_is_one_of_another(text: str) -> None:
    given = Credential("__token__", text, "PYPI_TOKEN")
    assert "PYPI_TOKEN: a token of pypi is pypi-" in (credentials.flaw(given, PYPI) or "")
    assert credentials.flaw(given, OTHER) is None


def test_a_token_of_the_other_pypi_is_refused() -> None:
    test = resolve("testpypi", "", "", {})
    host = urlsplit(test.index_url).hostname or ""
    given = Credential("__token__", token(host), "PYPI_TOKEN")
    assert credentials.flaw(given, test) is None
    mirrored = replace(test, index_url="https://mirror.example/simple/")
    assert credentials.flaw(given, mirrored) is None
    assert f"the token is one of {host}, and pypi is " in (credentials.flaw(given, PYPI) or "")


@pytest.mark.parametrize("text", ["pypi-x", "pypi-AgE", "pypi-AgH_", "pypi-zzzz"])
def test_a_token_that_says_no_host_may_be_one(text: str) -> None:
    assert credentials.flaw(Credential("__token__", text, "PYPI_TOKEN"), PYPI) is None
