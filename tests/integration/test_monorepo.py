"""A package below the root of a repository, which has files that the package needs."""

from __future__ import annotations

import re
import secrets
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

PACKAGE = ("--source", "packages/scmtiny")
TREE = {"WHEELDOCK_BUILD_FROM": "tree"}
COMMITTED = (2024, 2, 29, 12, 30, 2)

SETUP = """\
import os
from pathlib import Path
from setuptools import Extension, setup

assert Path.cwd().parents[1].joinpath(".git").exists()
assert not Path("dist").exists() and not Path("../../ignored").exists()
source = os.path.relpath("../../common/tiny.c")
setup(packages=[], ext_modules=[Extension("tiny", [source])])
"""


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def repository(
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Workplace:
    """A repository with a package whose licence, version and C code are not in its folder."""
    # Its own project is none of the packages'.
    workplace = Workplace(tmp_path / "repository", tmp_path / "temporary", record_property)
    package = workplace.folder / "packages" / "scmtiny"
    projects.write_tiny(package, setup=SETUP)
    pyproject = projects.SETUPTOOLS_SCM.replace('"tiny"', '"scmtiny"') + 'root = "../.."\n'
    (package / "pyproject.toml").write_text(pyproject)
    (package / "LICENSE").symlink_to("../../LICENSE")
    (workplace.folder / "LICENSE").write_text("You may.\n")
    (workplace.folder / "ignored").touch()
    (workplace.folder / ".gitignore").write_text("/dist/\n/ignored\n")
    common = workplace.folder / "common"
    common.mkdir()
    # No run of this test has a cache of another.
    (common / "tiny.c").write_text(f"{projects.CODE}/* {secrets.token_hex(8)} */\n")
    (package / "tiny.c").unlink()
    git(workplace.folder, "init")
    git(workplace.folder, "add", ".")
    date = "{}-{:02}-{:02}T{:02}:{:02}:{:02}Z".format(*COMMITTED)
    monkeypatch.setenv("GIT_COMMITTER_DATE", date)
    git(workplace.folder, "commit", "--message", "all of it")
    git(workplace.folder, "tag", "v1.2")
    (package / "dist").mkdir()
    (package / "dist" / "old.whl").touch()
    return workplace


def names(workplace: Workplace) -> set[str]:
    return {path.name for path in workplace.dist.glob("scmtiny*")}


def test_a_wheel_of_the_tree_has_the_whole_repository_around_it(repository: Workplace) -> None:
    ended = repository.build(*PACKAGE, *ONE, environment=TREE)
    assert ended.code == 0, ended.out + ended.err
    assert names(repository) == {"scmtiny-1.2-cp313-cp313-manylinux_2_28_x86_64.whl"}
    assert "1 wheel in dist/" in ended.out
    (wheel,) = repository.dist.glob("scmtiny*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {member.date_time for member in archive.infolist()} == {COMMITTED}

    assert "all cached" in repository.build(*PACKAGE, *ONE, environment=TREE).out
    (repository.folder / "dist" / "scmtiny-1.2.tar.gz").touch()
    code = repository.folder / "common" / "tiny.c"
    code.write_text(code.read_text() + "#error it is seen\n")
    ended = repository.build(*PACKAGE, *ONE, environment=TREE)
    assert ended.code == 30, ended.out + ended.err
    assert "it is seen" in ended.err
    assert "scmtiny-1.2.tar.gz" in names(repository)


def test_an_sdist_of_a_package_has_what_its_links_lead_to(repository: Workplace) -> None:
    package = repository.folder / "packages" / "scmtiny"
    (package / "setup.py").write_text(projects.PURE_SETUP)
    git(repository.folder, "commit", "--all", "--message", "one more")
    ended = repository.build(*PACKAGE, *ONE)
    assert ended.code == 31, ended.out + ended.err
    sdist = repository.state / "wheelhouse" / str(repository.report()["sdist"]["file"])
    assert re.fullmatch(r"scmtiny-1\.3\.dev1\+g[0-9a-f]{7,}\.tar\.gz", sdist.name)
    with tarfile.open(sdist) as archive:
        text = archive.extractfile(f"{sdist.name.removesuffix('.tar.gz')}/LICENSE")
        assert text is not None
        assert text.read() == b"You may.\n"
