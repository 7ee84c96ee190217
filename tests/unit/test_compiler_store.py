from __future__ import annotations

import os
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import pytest
from tests.unit.compiler_modules import load

if TYPE_CHECKING:
    from pathlib import Path

store, size = load("store"), load("size")

KEY = "ab" * 32
CONTENT = b"\x7fELF an output"


def result(**changes: Any) -> Any:
    fields: dict[str, Any] = {
        "files": {},
        "present": [],
        "folder": "",
        "output": sha256(CONTENT).hexdigest(),
        "listing": "",
        "complaints": "",
    }
    return store.Result(**fields | changes)


@pytest.fixture
def cache(tmp_path: Path) -> Any:
    return store.Store(str(tmp_path / "cache"))


@pytest.fixture
def a(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A file in the working directory, and its digest."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.o").write_text("a")
    return {"a.o": sha256(b"a").hexdigest()}


def test_what_is_kept_is_given_back(cache: Any) -> None:
    kept = result(files={"a.o": "1"}, complaints="so be it\n", listing="api.so: a.o\n")
    cache.keep(KEY, kept, CONTENT)
    (known,) = cache.results(KEY)
    assert vars(known) == vars(kept)
    assert cache.output(known) == CONTENT


def test_an_unknown_link_has_no_result(cache: Any) -> None:
    assert cache.results(KEY) == []
    assert cache.output(result()) is None


def test_the_latest_used_comes_first_and_old_ones_are_forgotten(cache: Any) -> None:
    for number in range(30):
        cache.keep(KEY, result(files={"a.o": f"{number}"}), CONTENT)
    cache.put_first(KEY, cache.results(KEY)[3])
    known = [each.files["a.o"] for each in cache.results(KEY)]
    assert known[:5] == ["26", "29", "28", "27", "25"]
    assert len(known) == 16


def test_results_that_differ_in_what_could_be_read_are_both_kept(cache: Any) -> None:
    for present in (["far/liba.a"], ["far/liba.a", "near/liba.a"], ["far/liba.a"]):
        cache.keep(KEY, result(present=present), CONTENT)
    assert [len(each.present) for each in cache.results(KEY)] == [1, 2]


@pytest.mark.parametrize("text", ["", "{", "[]", "[1]", '[{"files": {}}]', "null", "\0"])
def test_a_damaged_note_is_as_none(cache: Any, tmp_path: Path, text: str) -> None:
    cache.keep(KEY, result(), CONTENT)
    (note,) = (tmp_path / "cache/links").glob("*/*")
    note.write_text(text)
    assert cache.results(KEY) == []
    cache.keep(KEY, result(), CONTENT)
    assert len(cache.results(KEY)) == 1


@pytest.mark.parametrize("content", [b"", CONTENT[:-1], CONTENT + b"!"])
def test_a_damaged_output_is_as_none(cache: Any, tmp_path: Path, content: bytes) -> None:
    cache.keep(KEY, result(), CONTENT)
    (output,) = (tmp_path / "cache/outputs").glob("*/*")
    output.write_bytes(content)
    assert cache.output(result()) is None


# --- whether a result still holds ---


def test_a_result_holds_as_long_as_nothing_changed(a: dict[str, str], tmp_path: Path) -> None:
    known = result(files=a, present=["./a.o"])
    assert known.still_holds(["."], {})
    (tmp_path / "a.o").write_text("b")
    assert not known.still_holds(["."], {})
    (tmp_path / "a.o").unlink()
    assert not known.still_holds(["."], {})


def test_a_result_does_not_hold_when_a_name_turns_up_elsewhere(
    a: dict[str, str], tmp_path: Path
) -> None:
    known = result(files=a, present=["./a.o"])
    (tmp_path / "near").mkdir()
    assert known.still_holds(["near", "."], {})
    (tmp_path / "near/a.o").touch()
    assert not known.still_holds(["near", "."], {})


def test_a_result_that_tells_where_it_was_made_holds_there_alone(
    a: dict[str, str], tmp_path: Path
) -> None:
    assert result(files=a, present=["./a.o"], folder=str(tmp_path)).still_holds(["."], {})
    assert not result(files=a, present=["./a.o"], folder="/elsewhere").still_holds(["."], {})


# --- files ---


def test_a_file_is_replaced_and_not_written_into(tmp_path: Path) -> None:
    path, other = tmp_path / "api.so", tmp_path / "other"
    path.write_bytes(b"old")
    os.link(path, other)
    store.replace(str(path), b"new", 0o754)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o754)
    assert other.read_bytes() == b"old"


def test_a_file_that_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "api.so/full").mkdir(parents=True)
    with pytest.raises(OSError, match="api"):
        store.replace(str(tmp_path / "api.so"), b"new", 0o755)
    assert [path.name for path in tmp_path.iterdir()] == ["api.so"]


def test_what_was_used_least_lately_is_trimmed(tmp_path: Path) -> None:
    for age, name in enumerate(["c", "deep/b", "a"]):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x" * 100_000)
        os.utime(path, (age, age))
    size.trim(tmp_path, 250_000)
    kept = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert kept == {"a", "b"}
    size.trim(tmp_path / "none", 0)


def test_an_output_that_is_used_is_not_old(cache: Any, tmp_path: Path) -> None:
    cache.keep(KEY, result(), CONTENT)
    (output,) = (tmp_path / "cache/outputs").glob("*/*")
    os.utime(output, (1, 1))
    cache.output(result())
    assert output.stat().st_mtime > 1
