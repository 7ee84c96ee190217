"""What was compiled before, and whether a rebuild had a reason to do it again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.compiler_modules import load

if TYPE_CHECKING:
    from pathlib import Path

history, statistics = load("history"), load("statistics")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("src/a.c", "src/lib/b.c", "src/lib/b.h", "src/pure.py", "env/bin/python"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path


def opened(folder: Path, compiler: str = "gcc 14") -> Any:
    known = [compiler, history.shipped(folder / "src")]
    return history.open_history(folder / "notes", folder / "src", folder / "env", known)


def missed(*sources: str) -> list[Any]:
    return [statistics.Compile(source, hit=False) for source in sources]


def test_a_first_build_has_no_history(folder: Path) -> None:
    assert not opened(folder).is_known
    assert opened(folder).again(missed("a.c")) == 0


def test_what_is_compiled_again_unchanged(folder: Path) -> None:
    opened(folder).keep(missed("a.c", "../lib/b.c"))
    assert opened(folder).is_known
    assert opened(folder).again(missed("a.c", f"{folder}/src/lib/b.c", "../lib/b.c")) == 2
    assert opened(folder).again([statistics.Compile("a.c", hit=True)]) == 0


def test_a_file_that_changed_or_is_new_or_gone(folder: Path) -> None:
    opened(folder).keep(missed("a.c"))
    (folder / "src/a.c").write_text("changed")
    assert opened(folder).again(missed("a.c", "lib/b.c", "gone.c")) == 0


def test_other_surroundings_are_a_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened(folder).keep(missed("a.c"))
    assert not opened(folder, compiler="gcc 15").is_known
    monkeypatch.setenv("CFLAGS", "-O3")
    assert not opened(folder).is_known
    monkeypatch.delenv("CFLAGS")
    assert opened(folder).is_known
    (folder / "env/lib/python3.13/site-packages/cython-3.1.dist-info").mkdir(parents=True)
    assert not opened(folder).is_known


@pytest.mark.parametrize("name", ["lib/b.h", "setup.py", "new.h"])
def test_so_is_another_header_or_recipe(folder: Path, name: str) -> None:
    opened(folder).keep(missed("a.c"))
    (folder / "src" / name).write_text("changed")
    assert not opened(folder).is_known


@pytest.mark.parametrize("name", ["a.c", "pure.py"])
def test_what_compiles_themselves_show_or_never_see_is_none(folder: Path, name: str) -> None:
    opened(folder).keep(missed("a.c"))
    (folder / "src" / name).write_text("changed")
    assert opened(folder).is_known


@pytest.mark.parametrize("variable", ["MAKEFLAGS", "SOURCE_DATE_EPOCH"])
def test_how_many_compile_at_once_is_none_nor_is_the_commit(
    folder: Path, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(folder).keep(missed("a.c"))
    monkeypatch.setenv(variable, "-j99")
    assert opened(folder).again(missed("a.c")) == 1


def test_projects_and_interpreters_have_their_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened(folder).keep(missed("a.c"))
    (folder / "env/bin/python").rename(folder / "env/bin/python3")
    (folder / "env/bin/python").symlink_to("python3")
    assert not opened(folder).is_known
    opened(folder).keep(missed("a.c"))
    monkeypatch.setenv("PROJECT", "another")
    assert not opened(folder).is_known


def test_what_earlier_builds_compiled_is_kept(folder: Path) -> None:
    opened(folder).keep(missed("a.c"))
    opened(folder).keep(missed("lib/b.c"))
    assert opened(folder).again(missed("a.c", "lib/b.c")) == 2


@pytest.mark.parametrize("text", ["", "{", "1", "[1]"])
def test_a_note_that_is_damaged(folder: Path, text: str) -> None:
    opened(folder).keep(missed("a.c"))
    (note,) = (folder / "notes").iterdir()
    note.write_text(text)
    assert not opened(folder).is_known
