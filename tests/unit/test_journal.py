from __future__ import annotations

from pathlib import Path

import pytest

from wheeldock.errors import SetupError
from wheeldock.journal import Addition, Journal, Kind


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "state/wheeldock/setup.json")


def test_a_new_journal_is_empty_and_no_file(journal: Journal) -> None:
    assert journal.additions() == ()
    assert not journal.path.exists()


def test_additions_are_read_back_in_order_and_once(journal: Journal) -> None:
    journal.add(Kind.FOLDER, Path("/var/lib/dócker, and more"))
    journal.add(Kind.PACKAGE, "runc", "tini", "runc")
    journal.add(Kind.PACKAGE, "tini", "docker.io")
    assert Journal(journal.path).additions() == (
        Addition(Kind.FOLDER, "/var/lib/dócker, and more"),
        Addition(Kind.PACKAGE, "runc"),
        Addition(Kind.PACKAGE, "tini"),
        Addition(Kind.PACKAGE, "docker.io"),
    )


def test_what_is_gone_is_struck_out_and_the_last_takes_the_file_along(journal: Journal) -> None:
    journal.add(Kind.FILE, "/a", "/b")
    journal.forget([Addition(Kind.FILE, "/a")])
    assert journal.additions() == (Addition(Kind.FILE, "/b"),)
    journal.forget([Addition(Kind.FILE, "/b"), Addition(Kind.FILE, "/never there")])
    assert list(journal.path.parent.iterdir()) == []


def test_nothing_added_writes_nothing(journal: Journal) -> None:
    journal.add(Kind.PACKAGE)
    assert not journal.path.exists()


@pytest.mark.parametrize("text", ["", "{", "[1]", '[{"kind": "moon", "name": "x"}]', "[{}]"])
def test_a_damaged_journal_is_an_error_that_names_the_file(journal: Journal, text: str) -> None:
    journal.path.parent.mkdir(parents=True)
    journal.path.write_text(text)
    with pytest.raises(SetupError, match="is damaged") as caught:
        journal.additions()
    assert str(journal.path) in caught.value.message
    assert caught.value.cure


def test_its_folder_goes_unless_something_is_left_in_it(journal: Journal, tmp_path: Path) -> None:
    (tmp_path / "other").touch()
    journal.add(Kind.FILE, "/a")
    journal.lock.touch()
    journal.remove_folder()
    assert journal.path.exists()
    journal.forget(journal.additions())
    journal.remove_folder()
    assert list(tmp_path.iterdir()) == [tmp_path / "other"]


def test_kinds_that_lie_within_others_come_after_them() -> None:
    order = list(Kind)
    for outer, inner in (
        (Kind.FOLDER, Kind.PACKAGE),
        (Kind.GROUP, Kind.PACKAGE),
        (Kind.SOURCE, Kind.PACKAGE),
        (Kind.FILE, Kind.SOURCE),
        (Kind.PACKAGE, Kind.ENGINE),
        (Kind.PACKAGE, Kind.SERVICE),
        (Kind.ENGINE, Kind.IMAGE),
        (Kind.SOCKET, Kind.SERVICE),
    ):
        assert order.index(outer) < order.index(inner)
