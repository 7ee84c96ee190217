from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT
from twine.utils import DEFAULT_REPOSITORY, TEST_REPOSITORY

from wheeldock.destination import resolve
from wheeldock.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.destination import Destination

PYPIRC = """\
[distutils]
index-servers = pypi company

[company]
repository = https://index.company.example/upload/
username = me
password = of-the-file
ca_cert = /certificates
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def to(repository: str = "", url: str = "", index: str = "", **environ: str) -> Destination:
    return resolve(repository, url, index, environ)


def test_pypi_is_the_default() -> None:
    pypi = to()
    assert pypi == to("pypi") == to(url=DEFAULT_REPOSITORY) == to(url=DEFAULT_REPOSITORY[:-1])
    assert (pypi.upload_url, pypi.index_url) == (DEFAULT_REPOSITORY, PYPI_SIMPLE_ENDPOINT)
    assert pypi.token_variable == "PYPI_TOKEN"
    host = urlsplit(PYPI_SIMPLE_ENDPOINT).netloc
    assert pypi.release_url("tiny", "1.0") == f"https://{host}/project/tiny/1.0/"


def test_test_pypi_has_a_token_and_an_index_of_its_own() -> None:
    test = to("testpypi")
    host = urlsplit(TEST_REPOSITORY).netloc
    assert (test.upload_url, test.index_url) == (TEST_REPOSITORY, f"https://{host}/simple/")
    assert test.token_variable == "TEST_PYPI_TOKEN"
    assert test.release_url("tiny", "1.0") == f"https://{host}/project/tiny/1.0/"


def test_another_url_never_gets_the_token_of_pypi() -> None:
    other = to(url="https://index.company.example/upload/", index="https://a/simple/")
    assert (other.name, other.index_url) == ("index.company.example", "https://a/simple/")
    assert other.token_variable == "WHEELDOCK_REPOSITORY_TOKEN"
    assert other.release_url("tiny", "1.0") == ""
    assert not other.is_pypi


def test_a_section_of_pypirc_is_a_repository(home: Path) -> None:
    (home / ".pypirc").write_text(PYPIRC)
    company = to("company")
    assert company.upload_url == "https://index.company.example/upload/"
    assert (company.username, company.password) == ("me", "of-the-file")
    assert (company.name, company.ca_bundle) == ("company", "/certificates")
    assert "of-the-file" not in repr(company)
    with pytest.raises(UsageError, match="'nowhere' is none of pypi, testpypi and the sections"):
        to("nowhere")


def test_twines_variables_name_a_repository_that_no_option_does() -> None:
    environ = {"TWINE_REPOSITORY_URL": "https://me:secret@a.example/b", "TWINE_REPOSITORY": "x"}
    found = to(**environ)
    assert (found.upload_url, found.username, found.password) == (
        "https://a.example/b",
        "me",
        "secret",
    )
    assert to("testpypi", **environ).name == "testpypi"
    assert to(TWINE_REPOSITORY="testpypi").name == "testpypi"


@pytest.mark.parametrize("option", ["url", "index"])
def test_a_password_in_an_argument_is_refused_and_not_repeated(option: str) -> None:
    with pytest.raises(UsageError, match="has a password in it") as caught:
        to(**{option: "https://me:secret@a.example/"})
    assert "secret" not in caught.value.message


@pytest.mark.parametrize(
    "url", ["a.example", "ftp://a.example", "https://", "https://a:b:c", "http://a:99999", "///"]
)
def test_what_is_no_url_is_named(url: str) -> None:
    with pytest.raises(UsageError, match="is no URL"):
        to(url=url)


def test_one_option_names_the_repository() -> None:
    with pytest.raises(UsageError, match="one of them"):
        to("pypi", "https://a.example/")


@pytest.mark.parametrize(
    ("url", "in_clear"),
    [("http://a.example", True), ("https://a.example", False), ("http://127.0.0.1:1", False)],
)
def test_a_token_that_goes_unencrypted_is_known(url: str, in_clear: bool) -> None:  # noqa: FBT001
    assert to(url=url).is_in_clear == in_clear
