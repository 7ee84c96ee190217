from __future__ import annotations

import base64
import resource
import subprocess
import sys

import pytest

from wheeldock import tokens
from wheeldock.errors import DeploymentRefusedError
from wheeldock.tasks import door
from wheeldock.tokens import Mask

SECRET = "pypi-AgEIcHl/aS5+vcmcCJDAw?MDA"


def test_tokens_are_taken_out_of_an_environment_for_a_while() -> None:
    environ = {"PYPI_TOKEN": SECRET, "TWINE_PASSWORD": "x", "PATH": "/bin"}
    before = dict(environ)
    with tokens.withheld(environ) as whole:
        assert environ == {"PATH": "/bin"}
        assert whole == before
        assert SECRET not in repr(whole)
    assert environ == before


def test_tokens_are_back_after_a_failure() -> None:
    environ = {"PYPI_TOKEN": SECRET}
    with pytest.raises(ZeroDivisionError), tokens.withheld(environ):
        raise ZeroDivisionError
    assert environ == {"PYPI_TOKEN": SECRET}


def test_no_program_that_a_task_starts_has_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tokens.VARIABLES:
        monkeypatch.setenv(name, SECRET)
    with door.explained() as environ:
        done = subprocess.run(["env"], capture_output=True, text=True, check=True)
    assert SECRET not in done.stdout
    assert environ["PYPI_TOKEN"] == SECRET


def test_a_process_and_what_it_starts_leave_no_core_dump() -> None:
    before = resource.getrlimit(resource.RLIMIT_CORE)
    code = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    with tokens.no_core_dump():
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
        assert resource.getrlimit(resource.RLIMIT_CORE)[0] == 0
    assert done.stdout.strip() == b"0"
    assert resource.getrlimit(resource.RLIMIT_CORE) == before


@pytest.mark.parametrize(
    "argument",
    [
        "pypi-AgEIcHlwaS5vcmcCJDAw",
        "PYPI_TOKEN=pypi-AgEIcHlwaS5vcmcCJDAw",
        "https://__token__:pypi-AgEIcHlwaS5vcmcCJDAw@host/",
        f"pypi-{'x' * 50}",
    ],
)
def test_a_token_in_an_argument_is_refused_and_not_repeated(argument: str) -> None:
    with pytest.raises(DeploymentRefusedError, match="argument 2 has a token in it") as caught:
        tokens.refuse_in_arguments(["wheeldock", "deploy", argument])
    assert argument not in caught.value.message


@pytest.mark.parametrize("argument", ["pypi", "pypi-simple==1.6", "--dist=pypi-AgE", "pypi-server"])
def test_what_only_begins_like_a_token_is_none(argument: str) -> None:
    tokens.refuse_in_arguments(["wheeldock", "deploy", argument])


@pytest.mark.parametrize("before", ["", "a", "ab", "__token__:"])
@pytest.mark.parametrize("after", ["", "\n", "zz"])
def test_a_secret_is_masked_in_any_base64_that_has_it(before: str, after: str) -> None:
    whole = base64.b64encode(f"{before}{SECRET}{after}".encode()).decode()
    masked = Mask([SECRET])(f"Basic {whole}.")
    assert "***" in masked
    assert whole[6:-6] not in masked
    assert masked.startswith("Basic ")
    urlsafe = whole.translate(str.maketrans("+/", "-_"))
    assert "***" in Mask([SECRET])(urlsafe)


def test_a_secret_is_masked_as_it_is_and_in_a_url() -> None:
    mask = Mask([SECRET, "", "abc"])
    assert mask(f"<{SECRET}> abc") == "<***> abc"
    assert mask("https://u:pypi-AgEIcHl%2FaS5%2BvcmcCJDAw%3FMDA@host") == "https://u:***@host"


def test_without_a_secret_nothing_is_masked() -> None:
    assert Mask([])("any text") == "any text"
