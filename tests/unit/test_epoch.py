from __future__ import annotations

import itertools
import re
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_worktree import git, plant

from wheeldock import epoch
from wheeldock.epoch import UNDATED, Epochs, of_wheels
from wheeldock.errors import ConfigurationError
from wheeldock.request import DOCKER
from wheeldock.sources import DirectorySource, SdistSource

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(("text", "chosen"), [("", ""), (" 1700000000\n", "1700000000")])
def test_the_time_is_the_environments(text: str, chosen: str) -> None:
    assert epoch.chosen({"SOURCE_DATE_EPOCH": text}) == Epochs(sdist=chosen, wheels=chosen)


def test_without_the_variable_there_is_the_default() -> None:
    assert epoch.chosen({}) == Epochs()


@pytest.mark.parametrize("text", ["now", "-1", "0", "1.5", "315532799", "4354819200", "٣" * 10])
def test_what_no_archive_can_have_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(repr(text))) as caught:
        epoch.chosen({"SOURCE_DATE_EPOCH": text})
    assert "git log" in caught.value.cure


def test_each_step_whose_result_ships_is_reproducible() -> None:
    steps = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    scripts = ("build_sdist.py", "build_wheel.py", "repair_wheel.py")
    ship = [step for step in steps if any(script in step for script in scripts)]
    assert len(ship) == len(scripts)
    for step in ship:
        # The configured variables come after it, and are stronger.
        assert step.index("reproducible.sh") < step.index("source /toolbox/environment.sh")
    # What has the argument is made anew for each time: no tools, and no environments.
    assert [step for step in steps if re.search(r"^ARG EPOCH\b", step, re.MULTILINE)] == ship


# --- the time of wheels ---


class Repository:
    """A checkout whose package ships some of its files; its commits are a second apart."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, package: str = "") -> None:
        self.folder = folder
        self.package = folder / package
        self.sdist = folder.parent / "unpacked"
        self._monkeypatch = monkeypatch
        self._seconds = itertools.count(1_700_000_001)
        self.package.mkdir(parents=True)
        git(folder, "init")
        plant(self.package, "pyproject.toml", "tests/test_x.py", **{"src/x.c": "int x;"})
        plant(self.sdist, "pyproject.toml", "PKG-INFO", "x.egg-info/SOURCES.txt")
        self.ship("src/x.c")

    def ship(self, name: str, *, as_name: str = "") -> None:
        """Let a file, or what a link leads to, be in the sdist."""
        place = self.sdist / (as_name or name)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.package / name, place)

    def commit(self, *words: str) -> int:
        """Commit all that there is, and return the commit's time."""
        seconds = next(self._seconds)
        self._monkeypatch.setenv("GIT_COMMITTER_DATE", f"{seconds} +0000")
        git(self.folder, "add", ".")
        git(self.folder, *(words or ("commit", "--allow-empty", "--message", "it")))
        return seconds

    def change(self, *names: str) -> int:
        """Change files of the package and commit them."""
        plant(self.package, **dict.fromkeys(names, f"{next(self._seconds)}"))
        return self.commit()

    def time(self, folder: Path | None = None) -> int:
        """The time of wheels that are made of the sdist."""
        subfolder = self.package.relative_to(self.folder).as_posix().strip(".")
        source = DirectorySource((folder or self.folder) / subfolder, subfolder)
        return int(of_wheels(source, self.sdist))


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    return Repository(tmp_path / "here", monkeypatch)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """A repository with the package in a folder whose name is a pattern, too."""
    return Repository(tmp_path / "here", monkeypatch, "packages/x[1]")


def test_it_is_that_of_the_last_commit_of_a_file_that_ships(repository: Repository) -> None:
    git(repository.folder, "add", ".")
    assert repository.time() == int(UNDATED)
    assert repository.commit() == repository.time()
    shipped = repository.change("src/x.c", "tests/test_x.py")
    assert repository.time() == shipped
    repository.change("tests/test_x.py")
    repository.change("README.md")
    repository.commit()
    assert repository.time() == shipped
    assert repository.change("pyproject.toml") == repository.time()
    tree = of_wheels(DirectorySource(repository.folder), None)
    assert int(tree) == repository.time()


def test_a_tree_has_that_of_the_last_commit_of_any_file(repository: Repository) -> None:
    repository.commit()
    last = repository.change("tests/test_x.py")
    repository.commit()
    assert int(of_wheels(DirectorySource(repository.folder), None)) == last


def test_a_merge_changes_what_it_brings_in(repository: Repository) -> None:
    before = repository.commit()
    for name, changes in (("src/x.c", True), ("tests/test_x.py", False)):
        git(repository.folder, "checkout", "-b", f"change-{changes}")
        repository.change(name)
        git(repository.folder, "checkout", "main")
        repository.change("README.md")
        merge = repository.commit("merge", "--no-edit", f"change-{changes}")
        before = merge if changes else before
        assert repository.time() == before


def test_a_package_in_a_folder_is_not_all_of_the_repository(package: Repository) -> None:
    plant(package.folder, "src/x.c", "README.md", "packages/x/pyproject.toml")
    time = package.commit()
    for name in ("src/x.c", "README.md", "packages/x/src/x.c", "packages/x1/src/x.c"):
        plant(package.folder, **{name: "changed"})
        package.commit()
    assert package.time() == time
    assert package.change("src/x.c") == package.time()


def test_what_links_lead_to_ships_as_well(package: Repository) -> None:
    plant(package.folder, "LICENSE", "common/sub/y.c")
    (package.package / "LICENSE").symlink_to("../../LICENSE")
    (package.package / "common").symlink_to("../../common")
    for name in ("LICENSE", "common/sub/y.c"):
        package.ship(name)
    package.commit()
    for name in ("LICENSE", "common/sub/y.c"):
        plant(package.folder, **{name: "changed"})
        assert package.commit() == package.time()
    (package.package / "LICENSE").unlink()
    (package.package / "LICENSE").symlink_to("../../common/sub/y.c")
    assert package.commit() == package.time()


def test_what_is_packed_as_it_lies_around_the_package_ships(package: Repository) -> None:
    plant(package.folder, **{"crates/core/lib.rs": "//", "setup.cfg": "[lint]"})
    package.commit()
    package.ship("../../crates/core/lib.rs", as_name="crates/core/lib.rs")
    plant(package.sdist, **{"setup.cfg": "[egg_info]"})
    plant(package.folder, **{"crates/core/lib.rs": "// changed"})
    time = package.commit()
    package.ship("../../crates/core/lib.rs", as_name="crates/core/lib.rs")
    assert package.time() == time
    plant(package.folder, **{"setup.cfg": "[lint]\nmore = 1"})  # it is another's
    package.commit()
    assert package.time() == time


def test_a_submodule_ships_with_what_is_in_it(repository: Repository, tmp_path: Path) -> None:
    library = tmp_path / "library"
    plant(library, "y.c")
    git(library, "init")
    git(library, "add", ".")
    git(library, "commit", "--message", "it")
    git(repository.folder, "submodule", "add", str(library), "lib")
    git(repository.folder, "config", "diff.ignoreSubmodules", "all")
    repository.ship("lib/y.c")
    repository.commit()
    git(repository.folder / "lib", "commit", "--allow-empty", "--message", "more")
    assert repository.commit() == repository.time()


def test_nobodys_settings_matter(repository: Repository) -> None:
    plant(repository.package, **{"src/new\nline ä": "it"})
    repository.ship("src/new\nline ä")
    time = repository.commit()
    for setting in ("log.showRoot=false", "log.follow=true", "diff.relative=false"):
        git(repository.folder, "config", *setting.split("="))
    assert repository.time() == time
    git(repository.folder, "config", "log.showSignature", "true")
    assert repository.time() == time
    assert repository.change("src/new\nline ä") == repository.time()


def test_clones_of_a_commit_agree(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    shipped = repository.change("src/x.c")
    repository.change("tests/test_x.py")
    last = repository.change("tests/test_x.py")
    clones = {
        (): shipped,
        ("--filter=blob:none", "--no-checkout"): shipped,
        # What is there seems to be all from the first commit that is.
        ("--depth=1",): last,
        ("--depth=3",): shipped,
    }
    git(repository.folder, "config", "uploadpack.allowFilter", "true")
    for number, (options, time) in enumerate(clones.items()):
        folder = tmp_path / f"clone{number}"
        git(tmp_path, "clone", *options, f"file://{repository.folder}", str(folder))
        if "--no-checkout" in options:
            git(folder, "checkout")
        assert repository.time(folder) == time


def test_what_a_clone_lacks_is_not_fetched(repository: Repository, tmp_path: Path) -> None:
    repository.commit()
    repository.change("tests/test_x.py")
    git(repository.folder, "config", "uploadpack.allowFilter", "true")
    folder = tmp_path / "clone"
    git(tmp_path, "clone", "--filter=tree:0", f"file://{repository.folder}", str(folder))
    git(folder, "config", "protocol.file.allow", "always")
    packs = list((folder / ".git/objects/pack").iterdir())
    assert repository.time(folder) == int(UNDATED)
    assert list((folder / ".git/objects/pack").iterdir()) == packs


@pytest.mark.parametrize("spoil", ["no Git", "not tracked", "no such commit"])
def test_without_a_commit_that_is_known_there_is_a_constant(
    repository: Repository, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit()
    if spoil == "no Git":
        monkeypatch.setenv("PATH", "/nowhere")
    elif spoil == "not tracked":
        git(repository.folder, "rm", "--cached", "pyproject.toml")
    else:
        shutil.rmtree(repository.sdist)
        plant(repository.sdist, "PKG-INFO")
    assert repository.time() == int(UNDATED)


def test_an_sdist_has_the_constant(tmp_path: Path) -> None:
    assert of_wheels(SdistSource(tmp_path / "x-1.0.tar.gz"), tmp_path) == UNDATED


@pytest.mark.parametrize(("commit", "time"), [(1, 315532800), (9999999999, 4354819199)])
def test_a_commit_of_a_time_that_no_archive_can_have(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, commit: int, time: int
) -> None:
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{commit} +0000")
    git(repository.folder, "add", ".")
    git(repository.folder, "commit", "--message", "it")
    assert repository.time() == time


def test_git_is_not_read_to_its_end(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        repository.change("tests/test_x.py")
    monkeypatch.setattr(epoch, "_COMMITS", 3)
    assert repository.time() == int(UNDATED)
    monkeypatch.setattr(epoch, "_COMMITS", 4)
    assert repository.time() != int(UNDATED)
