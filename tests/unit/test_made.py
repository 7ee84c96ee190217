from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.reports import run
from tests.unit.source_trees import CHANGES, source_tree

from wheeldock import made, request
from wheeldock.made import Inputs, Made
from wheeldock.report import TargetReport

if TYPE_CHECKING:
    from collections.abc import Callable

ASKED = [frozenset({"a set", "has", "no", "order"}), ["cp313-*"]]
SDIST_FILE = "tiny-1.0.tar.gz"
SDIST = TargetReport(name="sdist", file=SDIST_FILE, sha256="aa", stages={}, seconds=1.0)
WHEEL = TargetReport(
    name="cp313-manylinux_x86_64",
    file="tiny-1.0-cp313-cp313-manylinux_2_28_x86_64.whl",
    sha256=hashlib.sha256(b"made").hexdigest(),
    stages={"build": 2.0},
    seconds=3.0,
    compiler_cache={"compiles": {"hits": 0, "misses": 1}, "links": {"hits": 0, "misses": 1}},
    epoch=1700000000,
)
REPORT = run(SDIST, WHEEL)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return source_tree(tmp_path / "tiny")


def inputs(tree: Path) -> Inputs:
    return Inputs.of(tree, ASKED, [tree / "dist", tree / ".wheeldock"])


def git(tree: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=me", "-c", "user.email=me@localhost"]
    subprocess.run(["git", *identity, "-C", tree, *arguments], check=True, capture_output=True)


# --- what a run is made from ---


def test_the_same_tree_is_the_same(tree: Path) -> None:
    assert inputs(tree) == inputs(tree)


def test_it_is_the_same_in_another_process(tree: Path) -> None:
    script = f"""
from pathlib import Path
from wheeldock.made import Inputs
tree = Path({str(tree)!r})
print(Inputs.of(tree, {ASKED!r}, [tree / "dist", tree / ".wheeldock"]))
"""
    said = subprocess.check_output([sys.executable, "-c", script], text=True)
    assert said.strip() == repr(inputs(tree))


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_of_the_tree_is_seen(tree: Path, change: str) -> None:
    before = inputs(tree)
    CHANGES[change](tree)
    assert inputs(tree).tree != before.tree
    assert inputs(tree).setup == before.setup


@pytest.mark.parametrize("is_checkout", [False, True])
def test_a_folder_without_files_is_seen(tree: Path, *, is_checkout: bool) -> None:
    """A build can look whether it is there."""
    if is_checkout:
        git(tree, "init", "--quiet")
        git(tree, "add", "src/tiny.h")
    seen = [inputs(tree)]
    (tree / "src/tiny.h").unlink()
    seen.append(inputs(tree))
    (tree / "src").rmdir()
    seen.append(inputs(tree))
    for folder in ("empty", "empty/inner", "empty/__pycache__"):
        (tree / folder).mkdir()
        seen.append(inputs(tree))
    assert seen.pop() == seen[-1]
    assert len({each.tree for each in seen}) == 5


def test_by_products_are_no_change(tree: Path) -> None:
    before = inputs(tree)
    (tree / "dist/tiny-1.0.tar.gz").touch()
    (tree / ".wheeldock").mkdir()
    (tree / ".wheeldock/made.json").touch()
    (tree / ".venv").mkdir()
    (tree / ".venv/pyvenv.cfg").touch()
    (tree / "src/__pycache__").mkdir()
    assert inputs(tree) == before


def test_a_commit_and_a_tag_are_changes_and_asking_git_is_none(tree: Path) -> None:
    git(tree, "init", "--quiet")
    git(tree, "add", "tiny.c")
    git(tree, "commit", "--quiet", "--message=one")
    seen = [inputs(tree)]
    git(tree, "log")
    assert inputs(tree) == seen[0]
    git(tree, "commit", "--quiet", "--allow-empty", "--message=two")
    seen.append(inputs(tree))
    git(tree, "tag", "v1.0")
    seen.append(inputs(tree))
    (tree / ".git/reftable").mkdir()
    (tree / ".git/reftable/tables.list").touch()  # where Git 3.0 has them
    seen.append(inputs(tree))
    assert len({each.tree for each in seen}) == 4


def test_an_sdist_is_known_by_itself(tmp_path: Path) -> None:
    sdist = tmp_path / "tiny-1.0.tar.gz"
    sdist.write_bytes(b"one")
    before = Inputs.of(sdist, ASKED, [])
    assert Inputs.of(sdist, ASKED, []) == before
    sdist.write_bytes(b"other")
    assert Inputs.of(sdist, ASKED, []).tree != before.tree


def test_another_setup_is_seen(tree: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = inputs(tree)
    assert Inputs.of(tree, ("other settings", ["cp313-*"]), []).setup != before.setup
    docker = tmp_path / "docker"
    shutil.copytree(request.DOCKER, docker)
    monkeypatch.setattr(request, "DOCKER", docker)
    monkeypatch.setattr(made, "own_files", request.own_files.__wrapped__)
    assert inputs(tree) == before
    with (docker / "toolbox/network.sh").open("a") as file:
        file.write("# changed\n")
    changed = inputs(tree)
    monkeypatch.setattr(made, "__version__", "99")
    assert len({before.software, changed.software, inputs(tree).software}) == 3
    assert changed.setup == before.setup


def test_where_a_setting_comes_from_is_no_change(tree: Path) -> None:
    @dataclass(frozen=True)
    class Settings:
        jobs: int
        origin: str = field(compare=False)

    def seen(*values: Settings) -> set[str]:
        return {Inputs.of(tree, [value], []).setup for value in values}

    assert len(seen(Settings(1, "default"), Settings(1, "--jobs"))) == 1
    assert len(seen(Settings(1, "default"), Settings(2, "default"))) == 2


# --- what a run made ---


@pytest.fixture
def last(tree: Path) -> Made:
    files = {target.name: [tree / "dist" / f"{target.file}"] for target in REPORT.targets}
    for (file,) in files.values():
        file.write_bytes(b"made")
    images, made_with = {"img:1": "sha256:1"}, {WHEEL.name: "options"}
    return Made(inputs(tree), images, "content", REPORT, made.stamps(files), made_with)


def test_what_is_written_down_is_read_again(last: Made, tmp_path: Path) -> None:
    made.write(last, tmp_path / "made.json")
    assert made.read(tmp_path / "made.json") == last


def of_wheel(last: Made) -> Path:
    (name,) = last.files[WHEEL.name]
    return Path(name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text[: len(text) // 2],
        lambda _: "",
        lambda _: "[]",
        lambda _: "{}",
        lambda _: "[" * 100_000,
        lambda text: text.replace('"setup"', '"set-up"'),
        lambda text: json.dumps({**json.loads(text), "schema": 99}),
        lambda text: json.dumps({**json.loads(text), "files": [1]}),
        lambda text: json.dumps({**json.loads(text), "images": [1]}),
        lambda text: json.dumps({**json.loads(text), "report": None}),
        lambda text: json.dumps({**json.loads(text), "made_with": [1]}),
        lambda text: json.dumps({**json.loads(text), "others": [{}]}),
    ],
)
def test_what_is_not_understood_is_nothing(
    last: Made, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    path = tmp_path / "made.json"
    made.write(last, path)
    path.write_text(damage(path.read_text()))
    assert made.read(path) is None


def test_there_is_nothing_at_first(tmp_path: Path) -> None:
    assert made.read(tmp_path / "made.json") is None


def test_it_is_whole_while_each_file_is_as_it_was(last: Made) -> None:
    assert last.is_whole()
    wheel = of_wheel(last)
    wheel.write_bytes(b"mine")
    assert not last.is_whole()
    wheel.unlink()
    assert not last.is_whole()
    assert not replace(last, files={}).is_whole()


def test_a_wheel_that_another_serves_has_no_file_to_be_there(last: Made) -> None:
    served = TargetReport(
        name="cp314-manylinux_x86_64", served_by=f"{WHEEL.file}", stages={}, seconds=0
    )
    made_with = {**last.made_with, served.name: "options"}
    of_two = replace(last, report=run(SDIST, WHEEL, served), made_with=made_with)
    assert of_two.is_whole()
    of_wheel(last).unlink()
    assert not of_two.is_whole()


def test_it_is_not_whole_if_nothing_tells_what_a_wheel_was_made_with(last: Made) -> None:
    assert not replace(last, made_with={}).is_whole()


def test_the_engine_is_asked_for_what_can_have_changed(last: Made) -> None:
    pinned, lacking = "img@sha256:2", "img@sha256:3"
    seen = replace(last, images={"img:1": "sha256:1", pinned: "sha256:2", lacking: None})
    answers = {"img:1": "sha256:1", lacking: None}
    assert seen.same_images(answers.__getitem__)
    assert not seen.same_images({**answers, "img:1": "sha256:9"}.__getitem__)
    assert not seen.same_images({**answers, "img:1": None}.__getitem__)
    assert not seen.same_images({**answers, lacking: "sha256:3"}.__getitem__)


def test_the_same_again_is_all_cached(last: Made) -> None:
    again = last.again(0.25)
    assert again.seconds == 0.25
    assert [target.cached for target in again.targets] == [True, True]
    assert [target.file for target in again.targets] == [SDIST.file, WHEEL.file]
    assert all(not target.stages and target.compiler_cache is None for target in again.targets)


def test_the_same_sdist_gives_the_same_wheels_at_the_same_time(last: Made) -> None:
    time = "1700000000"
    wheels = last.wheels_of(SDIST_FILE, "content", time)
    assert {name: wheel.file for name, wheel in wheels.items()} == {WHEEL.name: WHEEL.file}
    assert wheels[WHEEL.name].cached
    assert last.wheels_of(SDIST_FILE, "other content", time) == {}
    assert last.wheels_of(SDIST_FILE, "content", "1700000001") == {}
    assert last.wheels_of("tiny-2.0.tar.gz", "content", time) == {}
    for name in last.files["sdist"]:
        Path(name).write_bytes(b"made anew")
    assert last.wheels_of(SDIST_FILE, "content", time) == wheels
    of_wheel(last).unlink()
    assert last.wheels_of(SDIST_FILE, "content", time) == {}


def test_a_wheel_that_is_made_with_the_same_is_the_same_whatever_else_is_made(last: Made) -> None:
    time, software = "1700000000", last.inputs.software
    other = f"cp314{WHEEL.name.removeprefix('cp313')}"
    for with_what in ({WHEEL.name: "options"}, {WHEEL.name: "options", other: "options"}):
        same = last.where_same(software, with_what)
        assert list(same.wheels_of(SDIST_FILE, "content", time)) == [WHEEL.name]
    for with_what in ({WHEEL.name: "other options"}, {other: "options"}, {}):
        assert last.where_same(software, with_what).wheels_of(SDIST_FILE, "content", time) == {}
    another = last.where_same("another wheeldock", {WHEEL.name: "options"})
    assert another.wheels_of(SDIST_FILE, "content", time) == {}


# --- what earlier runs made ---


def of_others(last: Made) -> Made:
    """What a run for the sdist alone made, of the same sdist."""
    files = {SDIST.name: last.files[SDIST.name]}
    return replace(last, report=run(SDIST), files=files, made_with={}).with_others(last)


def test_a_wheel_that_a_run_left_is_known_still(last: Made, tmp_path: Path) -> None:
    wheel = of_wheel(last)
    os.link(wheel, tmp_path / "aside")  # as what stays in an output folder gets into the new one
    (tmp_path / "aside").replace(wheel)
    now = of_others(last)
    assert [target.name for target in now.report.targets] == [SDIST.name]
    assert set(now.wheels_of(SDIST_FILE, "content", "1700000000")) == {WHEEL.name}
    assert set(of_others(now).wheels_of(SDIST_FILE, "content", "1700000000")) == {WHEEL.name}
    made.write(now, tmp_path / "made.json")
    assert made.read(tmp_path / "made.json") == now
    wheel.unlink()
    assert now.is_whole()
    assert now.wheels_of(SDIST_FILE, "content", "1700000000") == {}


@pytest.mark.parametrize(
    "differs",
    [
        lambda last: replace(last, sdist="other content"),
        lambda last: replace(last, inputs=replace(last.inputs, software="another")),
        lambda last: replace(last, made_with={}),
        lambda last: of_wheel(last).unlink() or last,
        lambda last: of_wheel(last).write_bytes(b"mine") and last,
    ],
)
def test_a_wheel_that_differs_is_none_that_a_run_left(
    last: Made, differs: Callable[[Made], Made]
) -> None:
    now = replace(last, report=run(SDIST), files={}, made_with={})
    assert now.with_others(last).others
    assert not now.with_others(differs(last)).others
    assert not now.with_others(None).others


def test_a_wheel_that_is_made_again_is_no_other(last: Made) -> None:
    assert last.with_others(last) == last
