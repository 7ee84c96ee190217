"""Versions that come from Git: setuptools-scm and hatch-vcs, wherever the checkout's `.git` is."""

from __future__ import annotations

import re
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace

from wheeldock.errors import BuildFailedError, PureWheelError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

DEVELOPMENT = r"tiny-1\.3\.dev1\+g[0-9a-f]{7,}\.tar\.gz"
"""One commit after v1.2, and no change that is not committed: then a date would follow."""


ASKS_GIT = """\
import subprocess
import sys

if "sdist" in sys.argv:
    said = subprocess.check_output(["git", "describe", "--tags", "--dirty"], text=True)
    assert said.startswith("v1.2") and "dirty" not in said, said
"""
"""As versioneer, dunamai and many a setup.py do, and setuptools-scm without Git's variables."""


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    git(folder, "commit", "--allow-empty", "-m", "one more")


def sdist(workplace: Workplace, code: int = 0) -> str:
    """Build one wheel, which ends with that exit code; return the name of its sdist."""
    ended = workplace.build(*ONE)
    assert ended.code == code, ended.out + ended.err
    return str(workplace.report()["sdist"]["file"])


def write(folder: Path, pyproject: str) -> None:
    projects.write_tiny(folder)
    (folder / "pyproject.toml").write_text(pyproject)
    (folder / ".gitignore").write_text("/dist/\n")


def test_setuptools_scm_in_a_checkout(workplace: Workplace) -> None:
    write(workplace.folder, projects.SETUPTOOLS_SCM)
    (workplace.folder / "setup.py").write_text(ASKS_GIT + projects.SDIST_ALONE)
    git(workplace.folder, "init")
    commit(workplace.folder)
    git(workplace.folder, "tag", "v1.2")
    assert sdist(workplace, BuildFailedError.code) == "tiny-1.2.tar.gz"
    commit(workplace.folder)
    assert re.fullmatch(DEVELOPMENT, sdist(workplace, BuildFailedError.code))


def test_setuptools_scm_in_a_subfolder_of_a_repository(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    repository = tmp_path / "repository"
    workplace = Workplace(repository / "python" / "tiny", tmp_path / "temporary", record_property)
    write(workplace.folder, projects.SETUPTOOLS_SCM + 'root = "../.."\n')
    (workplace.folder / "setup.py").write_text(ASKS_GIT + projects.SETUP)
    (repository / "elsewhere.txt").write_text("of another project")
    git(repository, "init")
    commit(repository)
    git(repository, "tag", "--annotate", "v1.2", "--message", "a release")
    commit(repository)
    made = sdist(workplace)
    assert re.fullmatch(DEVELOPMENT, made)
    committed = subprocess.check_output(["git", "log", "-1", "--format=%ct"], cwd=repository)
    with tarfile.open(workplace.dist / made) as archive:
        assert {member.mtime for member in archive} == {int(committed)}
    (kept,) = (workplace.state / "sdist").iterdir()
    assert {path.name for path in (kept / "src").iterdir()} >= {"tiny.c", ".gitignore"}

    (repository / "elsewhere.txt").write_text("changed")
    git(repository, "gc")
    assert re.fullmatch(DEVELOPMENT, sdist(workplace))
    assert all(target["cached"] for target in workplace.report().values())


def test_hatch_vcs_in_a_linked_worktree(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    write(tmp_path / "main", projects.HATCH_VCS)
    git(tmp_path / "main", "init")
    commit(tmp_path / "main")
    git(tmp_path / "main", "tag", "v1.2")
    git(tmp_path / "main", "worktree", "add", "--detach", str(tmp_path / "linked"))
    commit(tmp_path / "linked")
    workplace = Workplace(tmp_path / "linked", tmp_path / "temporary", record_property)
    git(workplace.folder, "checkout", ".")
    assert re.fullmatch(DEVELOPMENT, sdist(workplace, PureWheelError.code))


def test_setuptools_scm_with_borrowed_objects_and_a_link_to_git(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    write(tmp_path / "main", projects.SETUPTOOLS_SCM)
    (tmp_path / "main" / "setup.py").write_text(ASKS_GIT + projects.SDIST_ALONE)
    git(tmp_path / "main", "init")
    commit(tmp_path / "main")
    git(tmp_path / "main", "tag", "v1.2")
    git(tmp_path, "clone", "--shared", "main", "borrower")
    (tmp_path / "borrower" / ".git").rename(tmp_path / "git")
    (tmp_path / "borrower" / ".git").symlink_to(tmp_path / "git")
    workplace = Workplace(tmp_path / "borrower", tmp_path / "temporary", record_property)
    git(workplace.folder, "checkout", ".")
    assert sdist(workplace, BuildFailedError.code) == "tiny-1.2.tar.gz"
