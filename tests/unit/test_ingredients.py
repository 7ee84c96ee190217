from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from wheeldock import planning
from wheeldock.ingredients import of_wheels
from wheeldock.planning import Asked
from wheeldock.state import State

if TYPE_CHECKING:
    from pathlib import Path

OURS, OTHER = "cp313-manylinux_x86_64", "cp314-manylinux_x86_64"
PROJECT = '[project]\nname = "tiny"\nversion = "1"\n'
LIMITED_API = '[tool.scikit-build]\nwheel.py-api = "cp311"\n'
IMAGE = "registry.example/image:1"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def wheels(
    folder: Path,
    text: str = "",
    *,
    override: str = "",
    project: str = "",
    image: str | None = "sha256:1",
    digest: str = "",
    tree: str = "a tree",
    **options: str,
) -> dict[str, str]:
    """
    What each wheel is made with: `text` is the configuration, `override` that of OTHER.

    `image` is what the engine says of the image, and `digest` what its reference does, or a look.
    """
    table = f'[tool.wheeldock]\nbuild = "{OURS} {OTHER}"\nmanylinux-x86_64-image = "{IMAGE}"\n'
    of_other = f'[[tool.wheeldock.overrides]]\nselect = "{OTHER}"\n{override}\n'
    (folder / "pyproject.toml").write_text(
        f"{PROJECT}{project}\n{table}{text}\n{of_other if override else ''}"
    )
    named = {name.replace("_", "-"): value for name, value in options.items()}
    inputs = planning.read(Asked(options=named), State(folder / ".wheeldock"))
    plan = planning.without_engine(inputs)
    batches = [replace(each, offer=replace(each.offer, digest=digest)) for each in plan.batches]
    return of_wheels(inputs, replace(plan, batches=tuple(batches)), {IMAGE: image}, tree)


def differ(one: dict[str, str], other: dict[str, str]) -> set[str]:
    assert one.keys() == other.keys()
    return {name for name in one if one[name] != other[name]}


@pytest.mark.parametrize(
    "setting",
    [
        "before-all = 'true'",
        "system-packages = 'zip'",
        "before-build = 'true'",
        "environment = {A = '1'}",
        "environment-pass = ['PATH']",
        "build-frontend = 'build'",
        "config-settings = {a = '1'}",
        "build-verbosity = 1",
        "dependency-versions = 'latest'",
        "dependency-versions = 'pins.txt'",
        "repair-wheel-command = ''",
        "audit-command = 'true {wheel}'",
        "audit-requires = 'abi3audit==0.0.24'",
    ],
)
def test_an_option_is_of_the_wheels_that_have_it(folder: Path, setting: str) -> None:
    (folder / "pins.txt").write_text("wheel==1\n")
    before = wheels(folder)
    assert set(before) == {OURS, OTHER}
    assert differ(before, wheels(folder)) == set()
    assert differ(before, wheels(folder, override=setting)) == {OTHER}
    assert differ(before, wheels(folder, setting)) == {OURS, OTHER}


def test_what_holds_for_all_wheels_is_of_each(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = wheels(folder)
    for change in (
        wheels(folder, project='[build-system]\nrequires = ["setuptools<80"]'),
        wheels(folder, image="sha256:2"),
        wheels(folder, output_dir="elsewhere"),
        wheels(folder, "build-from = 'tree'"),
        wheels(folder, "cache-dir = 'elsewhere'"),
        wheels(folder, builder="other"),
    ):
        assert differ(before, change) == {OURS, OTHER}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    assert differ(before, wheels(folder)) == {OURS, OTHER}


def test_what_makes_no_other_wheel_is_of_none(folder: Path) -> None:
    before = wheels(folder)
    for change in (wheels(folder, jobs="7"), wheels(folder, tree="another tree")):
        assert differ(before, change) == set()
    (folder / "tests").mkdir()
    tests = "test-command = 'true'\nbefore-test = 'true'\ntest-requires = ['pytest']\n"
    more = "test-sources = ['tests']\ntest-environment = {A = '1'}\ntest-images = ['debian:12']\n"
    assert differ(before, wheels(folder, tests + more)) == set()


def test_what_is_in_a_file_of_constraints_is_of_the_wheels_that_have_it(folder: Path) -> None:
    setting = "dependency-versions = 'pins.txt'"
    seen = []
    for version in ("1", "2"):
        (folder / "pins.txt").write_text(f"wheel=={version}\n")
        seen.append(wheels(folder, override=setting))
    assert differ(*seen) == {OTHER}


def test_the_source_tree_is_of_the_wheels_whose_image_is_prepared_with_it(folder: Path) -> None:
    setting = "before-all = 'test ! -e prepare.sh || sh prepare.sh'"
    (folder / "prepare.sh").touch()
    before = wheels(folder, override=setting)
    assert differ(before, wheels(folder, override=setting, tree="another tree")) == {OTHER}
    (folder / "prepare.sh").unlink()
    without = wheels(folder, override=setting)
    assert differ(before, without) == {OTHER}
    assert differ(without, wheels(folder, override=setting, tree="another tree")) == set()


@pytest.mark.parametrize(
    ("audit", "project", "again"),
    [
        ("audit-command = 'check {wheel}'\n", "", {OURS, OTHER}),
        ("audit-command = 'abi3audit {abi3_wheel}'\n", "", {OURS}),
        ("", LIMITED_API, {OURS, OTHER}),
        ("audit-command = ''\n", LIMITED_API, {OURS}),
        ("", "", {OURS}),
    ],
)
def test_what_audits_run_on_is_of_the_wheels_that_are_audited(
    folder: Path, audit: str, project: str, again: set[str]
) -> None:
    """That is the main image, of the first wheels: here of OURS."""
    own = "before-all = 'one'"
    before, after = (
        wheels(folder, f"{audit}before-all = '{command}'", override=own, project=project)
        for command in ("two", "three")
    )
    assert differ(before, after) == again


def test_a_wheel_is_not_known_if_nothing_tells_which_image_it_stands_on(folder: Path) -> None:
    assert wheels(folder, image=None) == {}
    assert set(wheels(folder, image=None, digest="sha256:1")) == {OURS, OTHER}


def test_an_image_is_the_same_whether_a_run_fetches_it_or_finds_it(folder: Path) -> None:
    fetched = wheels(folder, image="sha256:1")
    assert differ(fetched, wheels(folder, image="sha256:1", digest="sha256:1")) == set()
    assert differ(fetched, wheels(folder, image=None, digest="sha256:1")) == set()
    assert differ(fetched, wheels(folder, image=None, digest="sha256:2")) == {OURS, OTHER}
