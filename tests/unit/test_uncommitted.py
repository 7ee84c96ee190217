from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit.test_worktree import git, plant

from wheeldock import uncommitted

if TYPE_CHECKING:
    from pathlib import Path

MESON = ["meson-python>=0.15", "cython"]


def said(tree: Path, requires: list[str]) -> list[str]:
    lines: list[str] = []
    uncommitted.tell(tree, requires, lines.append)
    return lines


def test_what_meson_packs_as_it_was_committed_is_told(tmp_path: Path) -> None:
    git(tmp_path, "init")
    plant(tmp_path, "meson.build", "package/a.c", "package/ä b.c", "elsewhere/c.c")
    assert said(tmp_path, MESON) == []  # nothing is committed yet
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    (tmp_path / "package/new.c").write_text("")
    assert said(tmp_path, MESON) == []

    for name in ("package/a.c", "package/ä b.c", "elsewhere/c.c"):
        (tmp_path / name).write_text("changed")
    (line,) = said(tmp_path / "package", MESON)
    assert line.startswith("a.c, ä b.c: what was changed since the last commit is not in the sdist")
    assert line.endswith('set build-from = "tree".')
    assert said(tmp_path, ["setuptools"]) == []


def test_of_many_files_some_are_told(tmp_path: Path) -> None:
    git(tmp_path, "init")
    names = [f"{number}.c" for number in range(9)]
    plant(tmp_path, *names)
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "one")
    for name in names:
        (tmp_path / name).write_text("changed")
    (line,) = said(tmp_path, MESON)
    assert line.startswith("0.c, 1.c, 2.c, 3.c, 4.c and 4 more: ")


def test_nothing_is_told_where_there_is_no_checkout(tmp_path: Path) -> None:
    assert said(tmp_path, MESON) == []
