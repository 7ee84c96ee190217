from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.unit.source_trees import CHANGES, source_tree

from wheeldock import digests

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return source_tree(tmp_path / "tiny")


def test_content_is_names_modes_and_bytes(tree: Path, tmp_path: Path) -> None:
    before = digests.of_folder(tree)
    shutil.copytree(tree, tmp_path / "copy", symlinks=True)
    os.utime(tmp_path / "copy/tiny.c", (0, 0))
    assert digests.of_folder(tmp_path / "copy") == before
    seen = {before}
    for change in CHANGES.values():
        shutil.rmtree(tmp_path / "copy")
        shutil.copytree(tree, tmp_path / "copy", symlinks=True)
        change(tmp_path / "copy")
        seen.add(digests.of_folder(tmp_path / "copy"))
    assert len(seen) == len(CHANGES) + 1


def test_an_empty_folder_is_content(tree: Path) -> None:
    """A build can look whether it is there, and an engine tells both apart."""
    before = digests.of_folder(tree)
    (tree / "empty").mkdir()
    assert digests.of_folder(tree) != before


def test_the_content_of_what_git_knows_is_that_of_what_is_there(tree: Path) -> None:
    known = [tree / "tiny.c", tree / "src", tree / "removed.c"]
    assert digests.of_folder(tree, known) == digests.of_folder(tree, known[:1])
