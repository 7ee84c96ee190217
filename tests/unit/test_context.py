from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import belongs_to_another, git

from wheeldock.context import TreeContext, tree_context
from wheeldock.sources import DirectorySource

if TYPE_CHECKING:
    from pathlib import Path

UNPACKED = 1_580_601_600


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "one" / "project"
    folder.mkdir(parents=True)
    for name in ("pyproject.toml", "edited.c", "unpacked.c"):
        write(folder / name, name)
    os.utime(folder / "unpacked.c", (UNPACKED, UNPACKED))
    return folder


def write(file: Path, text: str) -> None:
    file.unlink(missing_ok=True)
    file.write_text(text)


def made(project: Path, folder: Path, said: list[str] | None = None) -> TreeContext:
    return tree_context(
        DirectorySource(project),
        folder,
        outputs=[project / "dist"],
        history_folder=folder / "git",
        build_requires=[],
        say=print if said is None else said.append,
    )


def test_a_tree_is_known_by_where_it_is(project: Path, tmp_path: Path) -> None:
    first = made(project, tmp_path / "first")
    (project.parents[1] / "other").mkdir()
    other = project.rename(project.parents[1] / "other" / "project")
    assert made(other, tmp_path / "second").version != first.version


def test_a_tree_is_known_by_an_edit_that_keeps_the_time(project: Path, tmp_path: Path) -> None:
    first = made(project, tmp_path / "first").version
    write(project / "edited.c", "2")
    assert made(project, tmp_path / "second").version == first
    write(project / "unpacked.c", "2")
    os.utime(project / "unpacked.c", (UNPACKED, UNPACKED))
    assert made(project, tmp_path / "third").version != first


def test_files_that_change_places_with_their_folders_are_not_the_same(
    project: Path, tmp_path: Path
) -> None:
    one, other = project / "one", project / "other"
    for folder in (one, other):
        folder.mkdir()
        write(folder / "file", folder.name[-1])
        write(folder / "empty", "")
    moment = (one / "file").stat().st_mtime_ns
    for path in (other / "file", one / "empty", other / "empty"):
        os.utime(path, ns=(moment, moment))
    before = made(project, tmp_path / "first").version
    (other / "empty").unlink()
    assert made(project, tmp_path / "second").version == before
    one.rename(project / "aside")
    other.rename(one)
    (project / "aside").rename(other)
    assert made(project, tmp_path / "third").version != before


def test_a_checkout_of_another_user_is_said_to_be_that(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(project, "init")
    said: list[str] = []
    made(project, tmp_path / "first", said)
    belongs_to_another(monkeypatch, tmp_path / "bin")
    made(project, tmp_path / "second", said)
    (remark,) = said
    assert remark.startswith("Git refuses this checkout, which belongs to another user: what it ")
    assert f"`git config --global --add safe.directory {project}`" in remark
