"""`invoke deploy` against real package indexes, and against what servers and networks do wrong."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import pytest
import trustme
from tests.integration import distributions, faults
from tests.integration.deploying import SDIST, WHEEL, Dock
from tests.integration.faults import FaultServer
from tests.integration.indexes import LARGEST, USER
from tests.integration.workplace import COMMAND

from wheeldock.courier import Pace
from wheeldock.deployment import Stage
from wheeldock.errors import (
    CredentialsRefusedError,
    DeploymentRefusedError,
    FileConflictError,
    FileRefusedError,
    IndexUnreachableError,
    NotListedError,
    StoppedError,
    UploadFailedError,
    WheeldockError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.indexes import DevpiServer, PypiServer

    from wheeldock.deployment import Deployment

pytestmark = pytest.mark.integration


def stages(done: Deployment) -> list[Stage]:
    return [file.stage for file in done.files]


KEY = b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePz" * 2


@pytest.fixture
def pypi(pypi_server: PypiServer, dock: Dock) -> Iterator[PypiServer]:
    """pypiserver without a package; the dock has its token."""
    dock.token = pypi_server.token
    yield pypi_server
    for path in pypi_server.packages.iterdir():
        path.unlink()


def test_what_is_deployed_is_listed_and_installed_by_pip(pypi: PypiServer, dock: Dock) -> None:
    token = {"WHEELDOCK_REPOSITORY_TOKEN": dock.token}
    ended = dock.command("--repository-url", pypi.upload_url, environ=token)
    assert ended.code == 0, ended.err
    assert f"2 files deployed, 2 proven by sha256 at {pypi.index_url}" in ended.out
    assert f"{pypi.upload_url}packages/{WHEEL}" in ended.out
    record = json.loads(dock.record.read_text())
    # The sdist comes last: until the wheels are there, pip would build it.
    assert [file["file"] for file in record["files"]] == [WHEEL, SDIST]
    for file in record["files"]:
        content = (dock.dist / file["file"]).read_bytes()
        assert (pypi.packages / file["file"]).read_bytes() == content
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        assert (file["stage"], file["attempts"][0]["said"]) == ("listed", "200 OK")
    assert dock.install(pypi.index_url) == "X = 1\n"
    again = dock.deploy(pypi.upload_url)
    assert stages(again) == [Stage.THERE, Stage.THERE]
    assert [file.attempts for file in again.files] == [(), ()]


def test_a_key_is_deployed_where_the_project_says_that_it_is_public(
    pypi: PypiServer, dock: Dock
) -> None:
    distributions.wheel(dock.dist, "tiny", "1.0", code=b'KEY = b"""' + KEY + b'"""\n')
    with pytest.raises(DeploymentRefusedError, match=r"tiny/__init__\.py: it has .* a private key"):
        dock.deploy(pypi.upload_url, dry_run=True)
    project = (
        "[project]\nname = '{}'\nversion = '1.0'\n[tool.wheeldock]\n{} = ['tiny/__init__.py']\n"
    )
    for text in (project.format("other", "public-secrets"), project.format("tiny", "public")):
        (dock.folder / "pyproject.toml").write_text(text)
        with pytest.raises(DeploymentRefusedError, match="a private key"):
            dock.deploy(pypi.upload_url, dry_run=True)
    assert "note: the project's configuration is not heeded: pyproject.toml" in dock.said
    (dock.folder / "pyproject.toml").write_text(project.format("tiny", "public-secrets"))
    dock.deploy(pypi.upload_url, dry_run=True)


def test_a_wrong_token_ends_it_at_the_first_file(pypi: PypiServer, dock: Dock) -> None:
    dock.token = f"{dock.token[:-1]}!"
    refused = f"{WHEEL}: .* answers 403 Forbidden"
    with pytest.raises(CredentialsRefusedError, match=refused) as caught:
        dock.deploy(pypi.upload_url)
    assert "TWINE_USERNAME names the user" in caught.value.cure
    assert not list(pypi.packages.iterdir())


def test_a_file_of_the_same_name_stops_it_before_anything_is_sent(
    pypi: PypiServer, dock: Dock
) -> None:
    distributions.wheel(pypi.packages, "tiny", "1.0", code=b"X = 2\n")
    with pytest.raises(FileConflictError, match=rf"{WHEEL}: sha256 \w+ here, \w+ there"):
        dock.deploy(pypi.upload_url)
    assert [path.name for path in pypi.packages.iterdir()] == [WHEEL]


def test_a_second_run_finishes_what_a_first_one_did_not(pypi: PypiServer, dock: Dock) -> None:
    shutil.copy(dock.dist / WHEEL, pypi.packages)
    assert stages(dock.deploy(pypi.upload_url)) == [Stage.THERE, Stage.LISTED]


def test_a_dry_run_does_all_but_send(pypi: PypiServer, dock: Dock) -> None:
    shutil.copy(dock.dist / SDIST, pypi.packages)
    done = dock.deploy(pypi.upload_url, dry_run=True)
    assert stages(done) == [Stage.WAITING, Stage.THERE]
    assert "1 file to send" in dock.said
    assert [path.name for path in pypi.packages.iterdir()] == [SDIST]
    assert not dock.record.exists()


def test_devpi_and_its_index_are_found(devpi_server: DevpiServer, dock: Dock) -> None:
    dock.token = devpi_server.token
    done = dock.deploy(devpi_server.upload_url)
    assert done.index_url == devpi_server.index_url
    assert stages(done) == [Stage.LISTED, Stage.LISTED]
    assert dock.install(devpi_server.index_url) == "X = 1\n"
    assert stages(dock.deploy(devpi_server.upload_url)) == [Stage.THERE, Stage.THERE]
    distributions.wheel(dock.dist, "tiny", "1.0", code=b"X = 3\n")
    with pytest.raises(FileConflictError):
        dock.deploy(devpi_server.upload_url)


def test_devpi_refuses_a_wrong_token_and_a_large_file(
    devpi_server: DevpiServer, dock: Dock
) -> None:
    noise = os.urandom(LARGEST).hex().encode()
    distributions.wheel(dock.folder / "large", "big", "1.0", code=b"# " + noise)
    distributions.wheel(dock.folder / "small", "small", "1.0")
    with pytest.raises(CredentialsRefusedError, match="401 Unauthorized"):
        dock.deploy(devpi_server.upload_url, dist="small")
    dock.token = devpi_server.token
    with pytest.raises(FileRefusedError, match="413 Request Entity Too Large"):
        dock.deploy(devpi_server.upload_url, dist="large")


@pytest.fixture
def server(dock: Dock) -> Iterator[FaultServer]:
    """A server without a fault, for a wheel alone."""
    (dock.dist / SDIST).unlink()
    made = FaultServer()
    yield made
    made.close()


def is_there(server: FaultServer, dock: Dock) -> bool:
    """Whether the server has what is in `dist`, and saw the token in nobody's arguments."""
    assert not any(dock.token in line for line in server.command_lines)
    return server.files == {path.name: path.read_bytes() for path in dock.dist.iterdir()}


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (faults.silence, "no answer in 3 s"),
        (faults.reset, "Connection reset by peer"),
        (faults.accept_and_hang_up, "Remote end closed connection"),
        (faults.refuse(500), "500 Internal Server Error"),
        (faults.refuse(503, "Maintenance"), "503 Maintenance"),
        (faults.refuse(429), "429 Too Many Requests"),
        (faults.refuse(302), "302 Found"),
        (faults.accept_and_answer(502), "502 Bad Gateway"),
        (faults.accept_and_answer(504), "504 Gateway Timeout"),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)).replace(" ", "-"),
)
def test_what_is_unclear_is_asked_of_the_index_and_sent_again_if_it_must(
    fault: faults.Fault, said: str, server: FaultServer, dock: Dock
) -> None:
    server.script = [fault]
    timeout = "3" if fault is faults.silence else ""
    done = dock.deploy(server.url, timeout=timeout)
    assert stages(done) == [Stage.LISTED]
    assert is_there(server, dock)
    assert said in done.files[0].attempts[0].said
    arrived = fault is faults.accept_and_hang_up or "Gateway" in said
    assert len(done.files[0].attempts) == (1 if arrived else 2)
    assert len(server.uploads) == sum(len(file.attempts) for file in done.files)
    assert arrived or f"{said}: not on the index; once more in" in dock.said


def test_retry_after_is_heeded(server: FaultServer, dock: Dock) -> None:
    server.script = [faults.refuse(429, Retry_After="1")]
    assert stages(dock.deploy(server.url)) == [Stage.LISTED]
    assert "429 Too Many Requests: not on the index; once more in 1 s" in dock.said


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        (faults.refuse(503), UploadFailedError, f"{WHEEL}: sent 2 times"),
        (faults.captive_portal, NotListedError, f"does not list {WHEEL} with our sha256"),
        (faults.refuse(301, Location="/login"), FileRefusedError, "(it leads to /login)"),
        (faults.refuse(400, "File too large"), FileRefusedError, "400 File too large"),
        (faults.refuse(403, "Invalid token"), CredentialsRefusedError, "403 Invalid token"),
    ],
    ids=["always-503", "captive-portal", "redirect", "refused", "barred"],
)
def test_what_is_not_on_the_index_is_no_success(
    fault: faults.Fault,
    error: type[WheeldockError],
    said: str,
    server: FaultServer,
    dock: Dock,
) -> None:
    server.script = [fault] * 2
    with pytest.raises(error) as caught:
        dock.deploy(server.url, Pace(tries=2, first_wait=0.05, ask_every=0.1, listed_within=0.5))
    assert said in caught.value.message
    assert not server.files
    record = json.loads(dock.record.read_text())
    assert {file["stage"] for file in record["files"]} <= {"failed", "sent", "waiting"}


def test_an_index_that_lists_late_is_waited_for(server: FaultServer, dock: Dock) -> None:
    server.listed_after = 3
    server.index_answers = [200, 200, 500]
    assert stages(dock.deploy(server.url)) == [Stage.LISTED]
    assert is_there(server, dock)


def test_a_name_that_is_taken_after_a_lost_answer_is_waited_for(
    server: FaultServer, dock: Dock
) -> None:
    server.script = [faults.accept_and_answer(502), faults.refuse(400, "File already exists")]
    server.listed_after = 3
    done = dock.deploy(server.url)
    assert stages(done) == [Stage.LISTED]
    assert len(done.files[0].attempts) == 2


def test_a_server_that_repeats_the_token_is_not_repeated(server: FaultServer, dock: Dock) -> None:
    server.script = [faults.reflect]
    environ = {"WHEELDOCK_REPOSITORY_TOKEN": dock.token}
    ended = dock.command("--repository-url", server.url, environ=environ)
    assert ended.code == FileRefusedError.code, ended.err
    assert "400 bad __token__:*** Basic " in ended.err
    assert "***" in ended.err
    assert not any(dock.token in line for line in server.command_lines)


def test_an_index_that_does_not_answer_stops_it_before_anything_is_sent(
    server: FaultServer, dock: Dock, free_address: str
) -> None:
    with pytest.raises(IndexUnreachableError, match="Connection refused"):
        dock.deploy(server.url, index_url=f"http://{free_address}/simple/")
    server.index_answers = [503] * 20
    with pytest.raises(IndexUnreachableError, match="answers 503"):
        dock.deploy(server.url, index_url=f"{server.url}simple/")
    assert not server.uploads


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "PIP_CERT", "TWINE_CERT"])
def test_the_machines_certificates_are_heeded_for_uploads_and_index(
    variable: str, dock: Dock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dock.dist / SDIST).unlink()
    authority, bundle = trustme.CA(), dock.folder.parent / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    for name in ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    server = FaultServer(tls=context)
    with contextlib.closing(server):
        with pytest.raises(IndexUnreachableError, match="certificate verify failed"):
            dock.deploy(server.url)
        # requests would take this one instead.
        monkeypatch.setenv("CURL_CA_BUNDLE", certifi.where())
        monkeypatch.setenv(variable, str(bundle))
        assert stages(dock.deploy(server.url)) == [Stage.LISTED]


def test_all_that_may_not_be_deployed_is_told_at_once(server: FaultServer, dock: Dock) -> None:
    make = partial(distributions.wheel, dock.dist, "tiny")
    make("1.0", tag="cp313-cp313-linux_x86_64")
    make("1.1+local")
    (dock.dist / "tiny.whl").touch()
    environ = {"WHEELDOCK_REPOSITORY_TOKEN": f"{dock.token}\n"}
    ended = dock.command("--repository-url", server.url, "--max-size", "100", environ=environ)
    assert ended.code == DeploymentRefusedError.code
    for said in (
        "file-name: tiny.whl: ",
        "one-release: tiny-1.1+local-py3-none-any.whl: this is tiny 1.1+local",
        "public-version: tiny-1.1+local-py3-none-any.whl: ",
        "PyPI takes no wheel for linux_x86_64",
        f"file-size: {WHEEL}: ",
        "the token begins or ends with a space or a line break",
        "Nothing was sent. `invoke verify` shows what mends the files.",
    ):
        assert said in ended.err, ended.err
    assert ended.err.count("error") == 1  # each of these is one, and that is said once
    assert not server.uploads


def test_a_token_in_an_argument_is_refused_and_not_repeated(dock: Dock) -> None:
    for argument in (dock.token, f"PYPI_TOKEN={dock.token}", f"--token={dock.token}"):
        ended = dock.command(argument)
        assert ended.code == DeploymentRefusedError.code
        assert "argument 2 has a token in it" in ended.err


@pytest.fixture
def ci(server: FaultServer, dock: Dock, monkeypatch: pytest.MonkeyPatch) -> FaultServer:
    """A CI without a token, and a repository that mints one for its identity."""
    claims = "e30.eyJhdWQiOiJ0ZXN0aW5kZXgifQ.c2lnbmVk"  # of a token for the audience "testindex"
    server.oidc = {
        "/_/oidc/audience": {"audience": "testindex"},
        "/identity": {"value": claims},
        "/_/oidc/mint-token": {"success": True, "token": dock.token},
    }
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "of the runner")
    monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"{server.url}identity")
    return server


def test_a_ci_gets_a_token_for_its_identity(ci: FaultServer, dock: Dock) -> None:
    assert stages(dock.deploy(ci.url, token="")) == [Stage.LISTED]
    assert is_there(ci, dock)
    assert {base64.b64decode(sent.split()[1]).decode() for sent in ci.uploads} == {
        f"{USER}:{dock.token}"
    }


def test_a_ci_whose_identity_is_refused_is_told_why(ci: FaultServer, dock: Dock) -> None:
    ci.oidc["/_/oidc/mint-token"] = {"errors": [{"description": "no such publisher"}]}
    with pytest.raises(CredentialsRefusedError, match="no such publisher"):
        dock.deploy(ci.url, token="")
    del ci.oidc["/identity"]
    with pytest.raises(CredentialsRefusedError, match="OIDC token request failed"):
        dock.deploy(ci.url, token="")


def test_where_no_identity_is_taken_the_token_is_missing(ci: FaultServer, dock: Dock) -> None:
    del ci.oidc["/_/oidc/audience"]
    with pytest.raises(DeploymentRefusedError, match="there is no token for 127"):
        dock.deploy(ci.url, token="")


def test_a_run_that_is_stopped_leaves_no_uploader_and_is_finished_by_the_next(
    server: FaultServer, dock: Dock
) -> None:
    dock.fill()
    server.script = [faults.accept, faults.silence]
    run = subprocess.Popen(
        [COMMAND, "deploy", "--repository-url", server.url],
        cwd=dock.folder,
        env={**os.environ, "WHEELDOCK_REPOSITORY_TOKEN": dock.token},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    end = time.monotonic() + 30
    while len(server.uploads) < 2 and time.monotonic() < end:
        time.sleep(0.05)
    (uploader,) = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    run.send_signal(signal.SIGINT)
    dock.said, _ = run.communicate(timeout=10)
    assert run.returncode == StoppedError.code, dock.said
    assert not Path(f"/proc/{uploader}").exists()
    assert list(server.files) == [WHEEL]
    assert stages(dock.deploy(server.url)) == [Stage.THERE, Stage.LISTED]
    assert is_there(server, dock)
