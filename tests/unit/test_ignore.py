from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.ignore import escape, ignored, patterns
from wheeldock.worktree import Listing, list_source

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("plain/name-1.0+x(y).txt", "plain/name-1.0+x(y).txt"),
        ("a b/ü", "a b/ü"),
        ("a*.b", r"a\*\.b"),
        ("[x]?", r"\[x\]\?"),
        ("a\\b^c", r"a\\b\^c"),
        ("#a", r"\#a"),
        ("!a", r"\!a"),
        (" a ", "[ ]a[ ]"),
        ("a\u00a0", "a[\u00a0]"),
        (" a+b", r"[ ]a\+b"),
        ("a\r", "a[\r]"),
        ("\na\nb", "[\t-\v]a[\t-\v]b"),
        ("a\udcffb", "a[\ufffc-\ufffd]b"),
    ],
)
def test_a_path_is_escaped_where_it_must_be(path: str, pattern: str) -> None:
    assert escape(path) == pattern


def test_a_name_that_comes_again_is_one_pattern() -> None:
    listing = Listing(left_out=["a/__pycache__/", "b/__pycache__/", "c/x"], kept=["a/y"])
    assert patterns(listing) == ["**/__pycache__", "c/x"]


def test_a_kind_that_comes_again_is_one_pattern() -> None:
    assert patterns(Listing(left_out=["a/1.o", "a/2.o", "3.o", "1.d", "2.d"], kept=["a.c"])) == [
        "**/*.o",
        *["1.d", "2.d"],
    ]


@pytest.mark.parametrize("kept", ["b.o", "x.o/b.c", "deep/.o"])
def test_no_pattern_matches_what_travels(kept: str) -> None:
    listing = Listing(left_out=["1.o", "2.o", "3.o"], kept=[kept])
    assert patterns(listing) == ["1.o", "2.o", "3.o"]


def test_a_name_that_also_travels_stays_by_its_path() -> None:
    listing = Listing(left_out=["a/out/", "b/out/"], kept=["c/out/x"])
    assert patterns(listing) == ["a/out", "b/out"]


def test_what_lies_in_a_folder_that_stays_needs_no_pattern() -> None:
    assert patterns(Listing(left_out=["a/x", "a/", "a.b", "a/b/c"])) == ["a.b", "a"]


def test_a_repository_is_whole_but_for_what_changes_without_effect() -> None:
    listing = Listing(left_out=["a/x/", "b/x/"], repositories=[".git"])
    assert patterns(listing)[:3] == ["**/x", "!.git", ".git/FETCH_HEAD"]
    assert ".git/logs" in patterns(listing)


def test_outputs_inside_of_the_tree_are_by_products(tmp_path: Path) -> None:
    for name in ("tree/out/a", "tree/a", "other/a"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    outputs = [tmp_path / "tree" / "out", tmp_path / "other", tmp_path / "tree", tmp_path]
    assert ignored(tmp_path / "tree", list_source(tmp_path / "tree", outputs)) == ["out"]


def test_a_git_file_that_leads_out_of_the_tree_stays(tmp_path: Path) -> None:
    (tmp_path / ".git").write_text("gitdir: /elsewhere")
    assert ignored(tmp_path, list_source(tmp_path, ())) == [".git"]
