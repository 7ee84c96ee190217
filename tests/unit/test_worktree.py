from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from wheeldock.worktree import Listing, list_tree

if TYPE_CHECKING:
    from pathlib import Path

CACHE_TAG = "Signature: 8a477f597d28d172789f06886806bc55\n# more"


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=n", "-c", "user.email=e", "-c", "protocol.file.allow=always"]
    command = ["git", *identity, "-c", "init.defaultBranch=main", *arguments]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def plant(folder: Path, *names: str, **texts: str) -> None:
    for name, text in {**dict.fromkeys(names, ""), **texts}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def listed(folder: Path, *outputs: str) -> tuple[set[str], set[str]]:
    """What stays and what travels; the former without what lies in a folder of it."""
    listing = list_tree(folder, outputs)
    top = {
        path
        for path in listing.left_out
        if not any(path != other and path.startswith(other) for other in listing.left_out)
    }
    return top, set(listing.kept)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    folder.mkdir()
    git(folder, "init")
    return folder


def test_what_git_ignores_stays(checkout: Path) -> None:
    plant(checkout, **{".gitignore": "*.so\nout/\n/top\n!keep.so\n"})
    plant(checkout, "a.py", "a.so", "out/x/y", "top", "sub/top", "sub/keep.so", "only/a.so")
    git(checkout, "add", "a.py")
    assert listed(checkout) == (
        {"a.so", "out/", "top", "only/"},
        {".gitignore", "a.py", "sub/top", "sub/keep.so"},
    )


def test_what_git_tracks_travels_whatever_the_rules_say(checkout: Path) -> None:
    tracked = ["a.so", "dist/.keep", "build/lib/x.py", "venv/pyvenv.cfg", "node_modules/a.js"]
    plant(checkout, *tracked, **{".gitignore": "*.so\nvenv/\n"})
    git(checkout, "add", "--force", *tracked)
    plant(checkout, "b.so", "dist/w.whl", "node_modules/b.js", "venv/bin/python")
    assert listed(checkout) == (
        {"b.so", "dist/w.whl", "node_modules/b.js", "venv/bin/"},
        {*tracked, ".gitignore"},
    )


def test_in_a_new_folder_git_tells_what_is_ignored(checkout: Path) -> None:
    plant(checkout, "new/a.py", "new/a.so", "new/deep/out/x", "new/deep/b.py")
    plant(checkout, **{".gitignore": "*.so\nout/"})
    assert listed(checkout) == (
        {"new/a.so", "new/deep/out/"},
        {".gitignore", "new/a.py", "new/deep/b.py"},
    )


def test_a_folder_of_a_bigger_checkout_obeys_its_rules(checkout: Path) -> None:
    plant(checkout, "project/a.py", "project/a.so", "a.so", **{".gitignore": "*.so"})
    assert listed(checkout / "project") == ({"a.so"}, {"a.py"})


def test_a_folder_that_the_checkout_around_it_ignores_is_a_tree_of_its_own(checkout: Path) -> None:
    plant(checkout, "all/a/a.py", "all/a/a.so", **{".gitignore": "*\n"})
    for folder in (checkout / "all", checkout / "all" / "a"):
        left_out, kept = listed(folder)
        assert left_out == set()
        assert {path.rpartition("/")[2] for path in kept} == {"a.py", "a.so"}


def test_a_submodule_obeys_its_own_rules(checkout: Path, tmp_path: Path) -> None:
    plant(tmp_path / "lib", "x.c", **{".gitignore": "*.o"})
    for command in (["init"], ["add", "."], ["commit", "--message", "m"]):
        git(tmp_path / "lib", *command)
    git(checkout, "submodule", "add", str(tmp_path / "lib"), "vendor/lib")
    plant(checkout, "vendor/lib/x.o", "vendor/lib/new.c", "x.o")
    left_out, kept = listed(checkout)
    assert left_out == {"vendor/lib/x.o"}
    assert kept >= {"x.o", "vendor/lib/x.c", "vendor/lib/new.c"}


def test_a_submodule_that_is_not_there_does_no_harm(checkout: Path, tmp_path: Path) -> None:
    plant(tmp_path / "lib", "x.c")
    for command in (["init"], ["add", "."], ["commit", "--message", "m"]):
        git(tmp_path / "lib", *command)
    git(checkout, "submodule", "add", str(tmp_path / "lib"), "lib")
    git(checkout, "submodule", "deinit", "--force", "lib")
    assert listed(checkout) == (set(), {".gitmodules", "lib"})


def test_another_checkout_inside_obeys_its_own_rules(checkout: Path) -> None:
    plant(checkout, "inner/a.c", "inner/a.o", **{"inner/.gitignore": "*.o"})
    git(checkout / "inner", "init")
    assert listed(checkout) == ({"inner/a.o"}, {"inner/a.c", "inner/.gitignore"})
    assert list_tree(checkout).repositories == [".git", "inner/.git"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_checkout_of_another_user_is_read_and_its_programs_are_not_run(checkout: Path) -> None:
    ran = checkout / "ran"
    plant(checkout, "a.py", "a.so", **{".gitignore": "*.so"})
    git(checkout, "config", "core.fsmonitor", f"touch {ran} #")
    for path in (checkout, *checkout.rglob("*")):
        os.chown(path, 65534, 65534)
    assert listed(checkout) == ({"a.so"}, {"a.py", ".gitignore"})
    assert not ran.exists()


def test_the_variables_of_a_git_hook_do_no_harm(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(checkout, "a.so", "a.py", **{".gitignore": "*.so"})
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "nothing"))
    assert listed(checkout) == ({"a.so"}, {"a.py", ".gitignore"})


def test_without_git_a_checkouts_rules_are_not_guessed(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A tracked file may be named by a rule: only Git knows.
    plant(checkout, "a.so", "__pycache__/a.pyc", **{".gitignore": "*.so"})
    monkeypatch.setenv("PATH", "")
    assert list_tree(checkout) == Listing(
        left_out=["__pycache__/"], kept=[".gitignore", "a.so"], repositories=[".git"]
    )


def test_outside_of_a_checkout_its_rules_are_heeded(tmp_path: Path) -> None:
    plant(tmp_path, "a.so", "sub/a.so", "sub/b.so", "sub/c/b.so", "out/x", "other/b.so")
    plant(tmp_path, **{".gitignore": "*.so\nout/\n!\n[z-a]\n", "sub/.gitignore": "!b.so"})
    assert listed(tmp_path) == (
        {"a.so", "sub/a.so", "out/", "other/b.so"},
        {".gitignore", "sub/.gitignore", "sub/b.so", "sub/c/b.so"},
    )


def test_an_unpacked_sdist_has_what_its_rules_name(tmp_path: Path) -> None:
    plant(
        tmp_path, "PKG-INFO", "generated.c", "p.egg-info/PKG-INFO", **{".gitignore": "*.c\n*-info"}
    )
    assert listed(tmp_path) == (
        set(),
        {"PKG-INFO", "generated.c", "p.egg-info/PKG-INFO", ".gitignore"},
    )


@pytest.mark.parametrize("is_checkout", [False, True])
def test_by_products_stay(tmp_path: Path, is_checkout: bool) -> None:  # noqa: FBT001
    if is_checkout:
        git(tmp_path, "init")
    plant(tmp_path, "myenv/pyvenv.cfg", "myenv/bin/python", "src/__pycache__/a.pyc", "src/a.py")
    plant(tmp_path, "build/temp.linux/a.o", "dist/a.whl", "src/dist/a.py", ".wheeldock/x")
    plant(tmp_path, "tag/x", "no/x", **{"tag/CACHEDIR.TAG": CACHE_TAG, "no/CACHEDIR.TAG": "x"})
    assert listed(tmp_path) == (
        {"myenv/", "src/__pycache__/", "build/", "dist/", ".wheeldock/", "tag/"},
        {"src/a.py", "src/dist/a.py", "no/x", "no/CACHEDIR.TAG"},
    )


@pytest.mark.parametrize("is_checkout", [False, True])
def test_what_a_killed_run_left_beside_the_output_folder_stays(
    tmp_path: Path,
    is_checkout: bool,  # noqa: FBT001
) -> None:
    if is_checkout:
        git(tmp_path, "init")
    plant(tmp_path, ".wheeldock-k3j2h1/fresh/a.whl", "out/.wheeldock-k3j2h1/fresh/a.whl", "a.py")
    assert listed(tmp_path) == ({".wheeldock-k3j2h1/", "out/.wheeldock-k3j2h1/"}, {"a.py"})


def test_a_build_or_dist_with_sources_travels(tmp_path: Path) -> None:
    plant(tmp_path, "build/toolchain.cmake", "dist/__init__.py")
    assert listed(tmp_path) == (set(), {"build/toolchain.cmake", "dist/__init__.py"})


def test_outputs_stay(tmp_path: Path) -> None:
    plant(tmp_path, "my/wheels/a.whl", "my/wheels.py", "my/a.py")
    assert listed(tmp_path, "my/wheels") == ({"my/wheels/"}, {"my/a.py", "my/wheels.py"})


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    plant(tmp_path, "a/x")
    (tmp_path / "a" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / ".venv").symlink_to("/usr", target_is_directory=True)
    assert listed(tmp_path) == ({".venv"}, {"a/x", "a/loop"})


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_stays(tmp_path: Path) -> None:
    plant(tmp_path, "a.py", "locked/x")
    (tmp_path / "locked").chmod(0)
    assert listed(tmp_path) == ({"locked/"}, {"a.py"})
    (tmp_path / "locked").chmod(0o700)


def test_a_tree_of_20_000_files_takes_less_than_a_second(tmp_path: Path) -> None:
    for package in range(200):
        for folder in ("", "__pycache__/"):
            (tmp_path / f"p{package}" / folder).mkdir()
            for module in range(50):
                (tmp_path / f"p{package}" / f"{folder}m{module}").touch()
    plant(tmp_path, **{".gitignore": "__pycache__/\n*.so\n*.o\n.env\n*.egg-info/\n"})
    for prepare in (lambda: None, lambda: git(tmp_path, "init")):
        prepare()
        begin = sum(os.times()[:4])  # of this process and of Git, whatever else the machine does
        left_out, kept = listed(tmp_path)
        seconds = sum(os.times()[:4]) - begin
        assert (len(left_out), len(kept)) == (200, 10_001)
        assert seconds < 1
    shutil.rmtree(tmp_path)
