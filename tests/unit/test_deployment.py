from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from wheeldock import deployment
from wheeldock.deployment import Attempt, Deployment, Ledger, Stage
from wheeldock.deployview import View
from wheeldock.destination import Destination
from wheeldock.uploading import Answer, Verdict
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("a-1-py3-none-any.whl", "a-1.tar.gz")
TO = Destination(name="company", upload_url="http://a.example/up/", password="secret")


@pytest.fixture
def begun(tmp_path: Path) -> Deployment:
    files = []
    for name in NAMES:
        (tmp_path / name).write_text(name)
        files.append(read_distribution(tmp_path / name))
    return deployment.begin(TO, "http://a.example/simple/", tuple(filter(None, files)))


def test_a_record_begins_with_all_files_waiting(begun: Deployment) -> None:
    assert [file.stage for file in begun.files] == [Stage.WAITING] * 2
    assert begun.files[0].sha256 == hashlib.sha256(NAMES[0].encode()).hexdigest()
    assert (begun.project, begun.version, begun.repository) == ("a", "1", "company")
    assert not begun.is_complete


def test_each_step_is_written_down_at_once(begun: Deployment, tmp_path: Path) -> None:
    path = tmp_path / "deploy.json"
    ledger = Ledger(begun, path)
    attempt = Attempt(at=deployment.now(), seconds=1.5, said="200 OK")
    ledger.note(NAMES[0], Stage.SENT, attempt=attempt)
    ledger.note(NAMES[0], Stage.LISTED, url="http://a.example/a")
    ledger.note(NAMES[1], Stage.THERE)
    assert ledger.deployment.is_complete
    written = json.loads(path.read_text())
    assert written["schema"] == deployment.SCHEMA
    assert [file["stage"] for file in written["files"]] == ["listed", "already there"]
    assert written["files"][0]["attempts"][0]["said"] == "200 OK"
    assert written["files"][0]["url"] == "http://a.example/a"
    assert "secret" not in path.read_text()
    assert not list(tmp_path.glob(".deploy*"))


def test_a_console_shows_what_is_sent_and_where_it_is_then(
    begun: Deployment, tmp_path: Path
) -> None:
    console = Console(file=io.StringIO(), width=60)
    view = View(console)
    view.plan(begun, ["notes.txt"], in_clear=True)
    with view.sending(), view.file(NAMES[0], 20) as progress:
        progress(10, 20)
    view.again(Answer(verdict=Verdict.UNCLEAR, said="502 [Bad] Gateway"), 3.4)
    ledger = Ledger(begun, tmp_path / "deploy.json")
    for name in NAMES:
        ledger.note(name, Stage.LISTED, url=f"http://a.example/{'long/' * 20}{name}")
    with view.proving("http://a.example/simple/"):
        pass
    view.result(ledger.deployment)
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    for text in (
        "a 1 to company",
        "without encryption",
        "Left alone: notes.txt",
        f"2 files to send, {sum(map(len, NAMES))} bytes",
        f"Sending {NAMES[0]} (20 bytes)",
        "  502 [Bad] Gateway: not on the index; once more in 3 s",
        f"\nhttp://a.example/{'long/' * 20}{NAMES[1]}\n",
        "2 files deployed, 2 proven by sha256 at http://a.example/simple/",
    ):
        assert text in shown
