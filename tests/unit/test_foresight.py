"""What the next sdist will have in it, as far as anything tells."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import STATED, Checkout, isolate

from wheeldock import foresight
from wheeldock.foresight import Foresight, Foretold

if TYPE_CHECKING:
    from datetime import tzinfo

FILE = "tiny-1.0.tar.gz"
SOURCE = {"tiny.py": "one = 1\n", "tiny.c": "int one;\n", "setup.cfg": "[metadata]\n"}
GENERATED = {"PKG-INFO": "Name: tiny\n", "setup.cfg": "[metadata]\n[egg_info]\n"}


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)  # as an sdist is unpacked: it may have another name
        path.write_text(text)
        path.chmod(0o644)


def ship(seer: Foresight, **more: str) -> None:
    """Unpack the next sdist: the source tree's files but for tests, and what is generated."""
    files = {name: (seer.source / name).read_text() for name in SOURCE}
    write(seer.unpacked, {**files, **GENERATED, **more})


@pytest.fixture
def seer(tmp_path: Path) -> Foresight:
    """That of a project whose sdist was built once."""
    write(tmp_path / "source", {**SOURCE, "tests/test_tiny.py": "pass\n"})
    seer = Foresight(
        source=tmp_path / "source",
        files=[*SOURCE, "tests/test_tiny.py"],
        by_git=False,
        unpacked=tmp_path / "sdist" / "src",
        notes=tmp_path / "sdist" / "notes.json",
    )
    ship(seer)
    seer.learn(FILE, None)
    return seer


def foretold(seer: Foresight, into: str = "foretold") -> Foretold | None:
    return seer.foretell(seer.source.parent / into)


def edit(seer: Foresight, name: str, text: str) -> None:
    path = seer.source / name
    path.write_text(path.read_text() + text)


def test_an_edit_of_what_ships_as_it_is(seer: Foresight) -> None:
    edit(seer, "tiny.c", "int two;\n")
    edit(seer, "tests/test_tiny.py", "pass\n")
    said = foretold(seer)
    assert said is not None
    assert (said.file, said.edited) == (FILE, ("tiny.c",))
    before = (seer.unpacked / "tiny.c").read_text()
    ship(seer)
    assert (seer.unpacked / "tiny.c").read_text() == "int one;\nint two;\n"
    assert before == "int one;\n"
    assert said.is_it(FILE, seer.unpacked)


def test_all_its_files_have_one_time_that_no_other_sdist_has(seer: Foresight) -> None:
    times = set()
    for path in seer.unpacked.rglob("*"):
        os.utime(path, (1580601600, 1580601600))
    for count in range(2):
        edit(seer, "tiny.c", f"int more{count};\n")
        said = foretold(seer, f"foretold{count}")
        assert said is not None
        found = {path.stat().st_mtime_ns for path in said.unpacked.rglob("*.*")}
        assert len(found) == 1
        times |= found
    assert len(times) == 2
    assert {time // 10**9 for time in times} == {1580601600}


def test_what_can_be_run_from_now_on(seer: Foresight) -> None:
    (seer.source / "tiny.py").chmod(0o755)
    said = foretold(seer)
    assert said is not None
    assert said.edited == ("tiny.py",)
    assert (said.unpacked / "tiny.py").stat().st_mode & 0o777 == 0o755
    assert not said.is_it(FILE, seer.unpacked)
    (seer.unpacked / "tiny.py").chmod(0o755)
    assert said.is_it(FILE, seer.unpacked)


@pytest.mark.parametrize("name", ["tests/test_tiny.py", "setup.cfg"])
def test_nothing_where_no_file_that_ships_as_it_is_was_edited(seer: Foresight, name: str) -> None:
    edit(seer, name, "# more\n")
    assert foretold(seer) is None
    assert not (seer.source.parent / "foretold").exists()


def test_nothing_where_files_came(seer: Foresight) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    assert foretold(replace(seer, files=[*seer.files, "more.py"])) is None


@pytest.mark.parametrize(
    "notes", [None, "", "[]", '{"file": 1}', '{"unlike": 1, "surprises": []}', "[" * 100_000]
)
def test_nothing_without_notes_that_can_be_read(seer: Foresight, notes: str | None) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    seer.notes.unlink()
    if notes is not None:
        seer.notes.write_text(notes)
    assert foretold(seer) is None


def test_nothing_where_the_last_one_is_gone(seer: Foresight) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    seer.unpacked.rename(seer.unpacked.with_name("gone"))
    assert foretold(seer) is None


def test_a_link_is_no_edit(seer: Foresight) -> None:
    (seer.unpacked / "link.py").symlink_to("tiny.py")
    (seer.source / "link.py").write_text("one = 1\n")
    assert foretold(seer) is None
    edit(seer, "tiny.py", "two = 2\n")
    said = foretold(seer)
    assert said is not None
    assert (said.unpacked / "link.py").readlink() == Path("tiny.py")


def test_a_wrong_one_is_told_from_the_sdist(seer: Foresight) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    said = foretold(seer)
    assert said is not None
    ship(seer)
    assert said.is_it(FILE, seer.unpacked)
    assert not said.is_it("tiny-1.1.tar.gz", seer.unpacked)
    ship(seer, **{"PKG-INFO": "Name: tinY\n"})
    assert not said.is_it(FILE, seer.unpacked)


def test_what_was_wrong_once_is_not_foretold_again(seer: Foresight) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    wrong = foretold(seer)
    ship(seer, **{"PKG-INFO": "of tiny.py"})
    seer.learn(FILE, wrong)
    ship(seer)
    seer.learn(FILE, None)
    edit(seer, "tiny.py", "three = 3\n")
    assert foretold(seer, "again") is None
    ship(seer)
    edit(seer, "tiny.c", "int two;\n")
    said = foretold(seer, "another")
    assert said is not None
    assert said.edited == ("tiny.c",)


def test_what_was_wrong_is_learned_where_what_it_changed_used_to_ship_as_it_is(
    seer: Foresight,
) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    wrong = foretold(seer)
    ship(seer, **{"tiny.c": "int of_tiny_py;\n"})
    seer.learn(FILE, wrong)
    edit(seer, "tiny.py", "three = 3\n")
    assert foretold(seer, "again") is None


def test_a_file_that_was_edited_meanwhile_was_not_foretold_wrong(seer: Foresight) -> None:
    edit(seer, "tiny.py", "two = 2\n")
    wrong = foretold(seer)
    edit(seer, "tiny.py", "three = 3\n")
    ship(seer)
    seer.learn(FILE, wrong)
    edit(seer, "tiny.py", "four = 4\n")
    assert foretold(seer, "again") is not None


@pytest.mark.parametrize("other", ["tests/test_tiny.py", "setup.cfg", "gone.py"])
def test_a_file_that_was_edited_with_others_may_have_been_foretold_right(
    seer: Foresight, other: str
) -> None:
    seer = replace(seer, files=[*seer.files, "gone.py"])
    seer.learn(FILE, None)
    edit(seer, "tiny.py", "two = 2\n")
    write(seer.source, {other: "more"})
    wrong = foretold(seer)
    assert wrong is not None
    ship(seer, **{"PKG-INFO": "of the other"})
    seer.learn(FILE, wrong)
    edit(seer, "tiny.py", "three = 3\n")
    assert foretold(seer, "again") is not None


def test_a_version_from_git_changes_with_what_is_committed(
    tmp_path: Path, seer: Foresight, monkeypatch: pytest.MonkeyPatch
) -> None:
    isolate(monkeypatch, tmp_path)
    checkout = Checkout(tmp_path, STATED)
    write(checkout.folder, SOURCE)
    checkout.commit("all")
    ours = replace(seer, source=checkout.folder, by_git=True)
    ours.learn(FILE, None)
    edit(ours, "tiny.py", "two = 2\n")
    assert foretold(ours) is None  # it was committed, and now is not
    ship(ours)
    ours.learn(FILE, None)
    edit(ours, "tiny.py", "three = 3\n")
    assert foretold(ours) is not None
    with monkeypatch.context() as later:
        later.setattr(foresight, "datetime", _Tomorrow)
        assert foretold(ours, "tomorrow") is None
    checkout.commit("more")
    assert foretold(ours, "committed") is None
    assert foretold(replace(ours, by_git=False), "stated") is None


class _Tomorrow(foresight.datetime):
    @classmethod
    def now(cls, tz: tzinfo | None = None) -> _Tomorrow:
        return cls(9999, 12, 31, tzinfo=tz)


def test_notes_name_what_is_not_as_it_is_in_the_source_tree_alone(seer: Foresight) -> None:
    noted = json.loads(seer.notes.read_text())
    assert (noted["unlike"], noted["surprises"]) == (["setup.cfg"], [])
