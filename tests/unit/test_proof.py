from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import deployment, proof
from wheeldock.deployment import Attempt, Ledger, Stage
from wheeldock.destination import Destination
from wheeldock.errors import FileConflictError, IndexUnreachableError, NotListedError
from wheeldock.simpleindex import Listed
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

NAME = "a-1.tar.gz"


class Index:
    """Gives its answers one after the other, the last one again and again."""

    url = "http://a.example/simple/"

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)

    def files(self, project: str, names: Collection[str]) -> Mapping[str, Listed]:
        assert (project, list(names)) == ("a", [NAME])
        digest = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if digest == "silent":
            raise IndexUnreachableError("it is silent")
        return {NAME: Listed("http://a.example/f", digest)} if digest else {}


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    (tmp_path / NAME).touch()
    file = read_distribution(tmp_path / NAME)
    assert file is not None
    to = Destination(name="a", upload_url="http://a.example/")
    made = Ledger(deployment.begin(to, Index.url, (file,)), None)
    made.note(NAME, Stage.SENT, attempt=Attempt(at="", seconds=0, said=""))
    return made


def digest(ledger: Ledger) -> str:
    return ledger.deployment.files[0].sha256


def test_a_file_is_waited_for_through_silence_and_absence(ledger: Ledger) -> None:
    index = Index("silent", "", "", digest(ledger))
    proof.wait_for(ledger, index, 60, 0.001)  # type: ignore[arg-type]
    assert ledger.deployment.files[0].stage is Stage.LISTED
    assert ledger.deployment.files[0].url == "http://a.example/f"


@pytest.mark.parametrize("answer", ["silent", ""])
def test_what_does_not_appear_is_named(answer: str, ledger: Ledger) -> None:
    with pytest.raises(NotListedError, match=f"does not list {NAME} with our sha256, 0 s after"):
        proof.wait_for(ledger, Index(answer), 0.01, 0.001)  # type: ignore[arg-type]


def test_another_file_of_that_name_ends_the_wait(ledger: Ledger) -> None:
    with pytest.raises(FileConflictError, match=f"{NAME}: sha256 {digest(ledger)} here, abc there"):
        proof.wait_for(ledger, Index("", "abc"), 60, 0.001)  # type: ignore[arg-type]
