from __future__ import annotations

from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from wheeldock import uploading
from wheeldock.credentials import Credential
from wheeldock.destination import Destination
from wheeldock.tokens import Mask
from wheeldock.uploading import Answer, Verdict

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {"reason": "", "text": "", "location": "", "retry_after": ""}


def answer(status: int, **fields: str) -> Answer:
    return uploading._answer({**ANSWER, **fields, "status": status}, Mask(["secret"]))


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, Verdict.TAKEN),
        (201, Verdict.TAKEN),
        (304, Verdict.UNCLEAR),
        (307, Verdict.UNCLEAR),
        (400, Verdict.REFUSED),
        (401, Verdict.BARRED),
        (403, Verdict.BARRED),
        (408, Verdict.UNCLEAR),
        (409, Verdict.REFUSED),
        (413, Verdict.REFUSED),
        (429, Verdict.UNCLEAR),
        (499, Verdict.REFUSED),
        (502, Verdict.UNCLEAR),
        (599, Verdict.UNCLEAR),
    ],
)
def test_what_an_answer_is_worth(status: int, verdict: Verdict) -> None:
    assert answer(status).verdict is verdict


def test_a_redirect_that_leads_somewhere_is_a_refusal() -> None:
    told = answer(301, reason="Moved", location="https://a.example/?secret")
    assert told.verdict is Verdict.REFUSED
    assert told.said == "301 Moved (it leads to https://a.example/?***)"


def test_an_errors_text_is_told_in_a_line_without_tags_and_secrets() -> None:
    text = "<html><b>Upload</b>\n of secret <i>failed</i></html>"
    assert answer(400, reason="Bad", text=text).said == "400 Bad (Upload of *** failed)"
    page = "<title>No</title><style>p {color: red}</style><p>you &amp; &#039;me&#039;</p>"
    assert answer(400, reason="Bad", text=page).said == "400 Bad (No you & 'me')"
    assert answer(400, reason="Bad", text="Bad").said == "400 Bad"
    assert answer(200, reason="OK", text="done").said == "200 OK"
    assert len(answer(500, text="x" * 5000).said) < 400


@pytest.mark.parametrize(
    ("status", "text", "there"),
    [
        (400, "File already exists", True),
        (409, "already exists in index", True),
        (400, "bad", False),
        (500, "exists", False),
    ],
)
def test_whether_a_name_is_said_to_be_taken(status: int, text: str, there: bool) -> None:  # noqa: FBT001
    assert answer(status, reason=text).claims_there == there
    assert answer(status, text=text).claims_there == there


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7), ("0", 0), ("-3", 0), ("soon", 0), ("", 0), ("99999999", 600), ("nan", 0)],
)
def test_how_long_a_repository_asks_to_wait(header: str, seconds: float) -> None:
    assert answer(429, retry_after=header).retry_after == seconds


def test_a_repository_may_ask_to_wait_until_a_time() -> None:
    then = datetime.now(timezone.utc) + timedelta(seconds=30)
    wait = answer(503, retry_after=format_datetime(then, usegmt=True)).retry_after
    assert 25 < wait <= 30


def test_a_large_file_may_take_longer() -> None:
    assert uploading.seconds_for(0) == 120
    assert uploading.seconds_for(100_000_000) == 2120


def send(file: Path) -> Answer:
    return uploading.send(
        file,
        Destination(name="a", upload_url="http://127.0.0.1:9/"),
        Credential("me", "secret", "TWINE_PASSWORD"),
        ca_bundle="",
        environ={"PATH": "/bin", "PYPI_TOKEN": "other"},
        seconds=60,
        progress=lambda *_: None,
    )


def test_what_twine_will_not_send_is_refused_for_good(tmp_path: Path) -> None:
    (tmp_path / "a-1-py3-none-any.whl").write_bytes(b"no zip")
    told = send(tmp_path / "a-1-py3-none-any.whl")
    assert told.verdict is Verdict.REFUSED
    assert "a-1-py3-none-any.whl" in told.said


def test_an_uploader_that_breaks_says_what_broke_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho 'Error: no module, and secret' >&2\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("sys.executable", str(program))
    told = send(tmp_path / "a-1-py3-none-any.whl")
    assert told == Answer(verdict=Verdict.UNCLEAR, said="twine ended: Error: no module, and ***")
