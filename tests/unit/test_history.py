from __future__ import annotations

import shutil
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import belongs_to_another
from tests.unit.test_worktree import git, plant

from wheeldock.errors import RepositoryError
from wheeldock.history import history
from wheeldock.ignore import ignored
from wheeldock.worktree import list_source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCM = ("setuptools>=80", "setuptools-scm[simple]>=8")


def asked(folder: Path, *question: str) -> str:
    done = subprocess.run(["git", *question], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode().strip()


def version(folder: Path) -> str:
    return asked(folder, "describe", "--dirty", "--tags", "--long")


def commit(folder: Path, message: str, *tags: str) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--allow-empty", "-m", message)
    for tag in tags:
        git(folder, "tag", *(["-a", tag, "-m", tag] if tag.startswith("v") else [tag]))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A repository with a project in a folder, a tag, and a commit after it."""
    folder = tmp_path / "home"
    folder.mkdir()
    git(folder, "init")
    plant(folder, "python/ä b/src/x.py", "python/ä b/pyproject.toml", **{"other/large": "large"})
    commit(folder, "one", "v1.2", "light")
    commit(folder, "two")
    return folder


class There:
    """What is in a container: the source tree in its place, and the Git directory that travels."""

    def __init__(self, tree: Path, tmp_path: Path, requires: tuple[str, ...] = SCM) -> None:
        self.said: list[str] = []
        self.made = history(tree, tmp_path / "state" / "tree", requires, self.said.append)
        if self.made is None:
            return
        self.top = tmp_path / "container"
        shutil.rmtree(self.top, ignore_errors=True)
        self.tree = self.top / self.made.subfolder
        shutil.copytree(tree, self.tree, ignore=shutil.ignore_patterns(".git"))
        shutil.copytree(self.made.folder, self.top / ".git")


def files(folder: Path) -> dict[str, bytes]:
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_in_a_subfolder_git_says_what_it_says_at_home(home: Path, tmp_path: Path) -> None:
    tree = home / "python" / "ä b"
    there = There(tree, tmp_path)
    assert version(there.tree) == version(tree)
    assert version(tree).startswith("v1.2-1-g")
    assert asked(there.tree, "log", "--format=%H %s %cI") == asked(
        tree, "log", "--format=%H %s %cI"
    )
    assert asked(there.tree, "tag") == asked(tree, "tag") == "light\nv1.2"
    assert asked(there.tree, "branch") == asked(tree, "branch")
    assert asked(there.tree, "rev-parse", "--show-prefix") == "python/ä b/"
    assert asked(there.tree, "status", "--porcelain") == ""
    assert there.said == []


def test_a_repository_may_have_nothing_else_than_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    plant(home, "a/b/pyproject.toml")
    git(home, "init")
    commit(home, "one", "v1")
    assert version(There(home / "a" / "b", tmp_path).tree) == version(home)


def test_files_elsewhere_in_the_repository_stay_at_home(home: Path, tmp_path: Path) -> None:
    (home / "other" / "large").write_text("changed")
    there = There(home / "python" / "ä b", tmp_path)
    assert not version(there.tree).endswith("-dirty")
    assert asked(there.top, "ls-tree", "-r", "--name-only", "-z", "HEAD").split("\0") == [
        "python/ä b/pyproject.toml",
        "python/ä b/src/x.py",
        "",
    ]
    large = asked(home, "rev-parse", "HEAD:other/large")
    with pytest.raises(subprocess.CalledProcessError):
        asked(there.top, "cat-file", "-e", large)


def test_the_archive_has_the_projects_files(home: Path, tmp_path: Path) -> None:
    # That is how setuptools-scm learns which files belong into the sdist.
    there = There(home / "python" / "ä b", tmp_path)
    asked(there.top, "archive", "--format=tar", "--output=archive.tar", "HEAD")
    with tarfile.open(there.top / "archive.tar") as archive:
        names = {member.name for member in archive if member.isfile()}
    assert names == {"python/ä b/pyproject.toml", "python/ä b/src/x.py"}


def test_what_is_changed_is_changed_there(home: Path, tmp_path: Path) -> None:
    tree = home / "python" / "ä b"
    (tree / "untracked").touch()
    assert not version(There(tree, tmp_path).tree).endswith("-dirty")
    git(tree, "add", "untracked")
    assert version(There(tree, tmp_path).tree).endswith("-dirty")
    commit(tree, "three")
    (tree / "untracked").write_text("changed")
    assert version(There(tree, tmp_path).tree) == version(tree)
    assert version(tree).endswith("-dirty")


@pytest.mark.parametrize("branch", [["-b", "feature/x"], ["--detach"]])
def test_in_a_linked_worktree(home: Path, tmp_path: Path, branch: list[str]) -> None:
    git(home, "worktree", "add", *branch, str(tmp_path / "linked"))
    commit(tmp_path / "linked", "three")
    there = There(tmp_path / "linked", tmp_path)
    assert there.made
    assert there.made.subfolder == ""
    assert version(there.tree) == version(tmp_path / "linked")
    assert version(there.tree).startswith("v1.2-2-g")
    assert asked(there.tree, "status", "--porcelain", "--branch") == asked(
        tmp_path / "linked", "status", "--porcelain", "--branch"
    )


def _with_a_link(home: Path, borrower: Path) -> None:
    git(home, "checkout-index", "--all", f"--prefix={borrower}/")
    (borrower / ".git").symlink_to(home / ".git")


BORROWERS: dict[str, Callable[[Path, Path], object]] = {
    "shared": lambda home, borrower: git(home, "clone", "--shared", ".", str(borrower)),
    "reference": lambda home, borrower: git(
        home, "clone", "--reference", ".", home.as_uri(), str(borrower)
    ),
    "link": _with_a_link,
}


@pytest.mark.parametrize("way", BORROWERS)
def test_where_a_part_of_it_is_of_another_checkout(home: Path, tmp_path: Path, way: str) -> None:
    borrower = tmp_path / "borrower"
    BORROWERS[way](home, borrower)
    assert ".git" in ignored(borrower, list_source(borrower, ()))
    at_home = version(borrower)
    there = There(borrower, tmp_path)
    home.rename(tmp_path / "out of reach")
    assert version(there.tree) == at_home
    assert at_home.startswith("v1.2-1-g")


def test_in_a_submodule_and_around_it(home: Path, tmp_path: Path) -> None:
    around = tmp_path / "around"
    around.mkdir()
    git(around, "init")
    git(around, "submodule", "add", str(home), "below/home")
    commit(around, "with a submodule", "v9")
    inside = There(around / "below" / "home", tmp_path)
    assert version(inside.tree) == version(around / "below" / "home")
    outside = There(around / "below", tmp_path)
    assert version(outside.tree) == version(around / "below")


def test_in_a_new_project_of_an_old_repository(home: Path, tmp_path: Path) -> None:
    plant(home, "new/pyproject.toml")
    there = There(home / "new", tmp_path)
    assert version(there.tree) == version(home)


def test_a_shallow_clone_is_one_there_and_said_to_be(home: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--depth=1", home.as_uri(), "shallow")
    there = There(tmp_path / "shallow" / "python", tmp_path)
    assert asked(there.tree, "log", "--format=%s") == "two"
    (said,) = there.said
    assert "git fetch --unshallow --tags" in said
    assert There(tmp_path / "shallow" / "python", tmp_path, ("setuptools",)).said == []


def test_one_with_a_repository_of_its_own_is_said_to_be_shallow_too(
    home: Path, tmp_path: Path
) -> None:
    git(tmp_path, "clone", "--depth=1", home.as_uri(), "shallow")
    there = There(tmp_path / "shallow", tmp_path, ("hatchling", "hatch-vcs"))
    assert there.made is None
    assert len(there.said) == 1


@pytest.mark.parametrize(
    "change",
    [
        ["fetch", ".", "HEAD"],
        ["gc", "--quiet"],
        ["branch", "another"],
        ["update-index", "--refresh"],
    ],
)
def test_what_does_not_matter_changes_no_byte(
    home: Path, tmp_path: Path, change: list[str]
) -> None:
    before = files(There(home / "python" / "ä b", tmp_path).top)
    git(home, *change)
    assert files(There(home / "python" / "ä b", tmp_path).top) == before
    shutil.rmtree(tmp_path / "state")
    assert files(There(home / "python" / "ä b", tmp_path).top) == before


@pytest.mark.parametrize("change", [["tag", "v2"], ["checkout", "-b", "another"]])
def test_what_matters_is_seen(home: Path, tmp_path: Path, change: list[str]) -> None:
    There(home / "python", tmp_path)
    git(home, *change)
    there = There(home / "python", tmp_path)
    for question in (["describe", "--tags"], ["branch", "--show-current"]):
        assert asked(there.tree, *question) == asked(home, *question)


def test_there_is_none_where_none_is_needed_or_to_be_had(home: Path, tmp_path: Path) -> None:
    plant(home, "ignored/pyproject.toml", **{".gitignore": "ignored/"})
    plant(tmp_path, "plain/pyproject.toml")
    (tmp_path / "unborn").mkdir()
    git(tmp_path / "unborn", "init")
    plant(tmp_path, "unborn/below/pyproject.toml")
    for tree in (home, home / "ignored", tmp_path / "plain", tmp_path / "unborn" / "below"):
        there = There(tree, tmp_path)
        assert (there.made, there.said) == (None, [])


def test_without_git_a_project_that_needs_it_is_told(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert There(home / "python", tmp_path, ("setuptools",)).said == []
    (said,) = There(home / "python", tmp_path).said
    assert "without Git's history" in said


def test_a_checkout_of_another_user_that_the_version_comes_from_is_an_error(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    belongs_to_another(monkeypatch, tmp_path / "bin")
    with pytest.raises(RepositoryError, match="belongs to another user, and the version") as e:
        There(home / "python", tmp_path)
    assert e.value.cure == f"`git config --global --add safe.directory {home}` lets Git trust it."
    assert There(home / "python", tmp_path, ("setuptools",)).said == []
