from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from wheeldock import config
from wheeldock.environment import parse
from wheeldock.preparation import Preparation

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = config.load({}, path="pyproject.toml", environ={}, overrides={}).everywhere


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "ci").mkdir()
    (tmp_path / "ci" / "install.sh").write_text("")
    (tmp_path / "VERSION").write_text("1")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "make -C {project}/lib",
        "cd {package}",
        "cat /project/x",
        "ci/install.sh",
        "bash ./ci/install.sh --fast",
        "yum install -y x && sh ci/install.sh",
        'tool --file="ci/install.sh"',
        "V=$(cat VERSION) true",
        "for f in ci/*.sh; do sh $f; done",
        "pip install .",
    ],
)
def test_a_command_that_names_a_file_of_the_project_uses_its_files(
    command: str, project: Path
) -> None:
    assert Preparation(before_all=command).uses_files(project)


@pytest.mark.parametrize(
    "command",
    [
        "",
        "yum install -y libffi-devel && yum clean all",
        "curl https://sh.rustup.rs -sSf | sh -s -- -y",
        "cd /tmp; tar -xf x.tar; ./configure --prefix=/usr; make -j2 install",
        "echo ~/ci/install.sh /ci",
        "ls ci/*.py /** [ a\0b",
    ],
)
def test_another_command_does_not(command: str, project: Path) -> None:
    assert not Preparation(before_all=command).uses_files(project)


def test_the_commands_in_variables_count_as_far_as_before_all_has_them(project: Path) -> None:
    told = Preparation(before_all="true", environment=parse("A=VERSION B=ci"))
    assert not told.uses_files(project)
    assert replace(told, environment=parse("A=$(cat VERSION)")).uses_files(project)
    assert not replace(told, before_all="", environment=parse("A=$(cat VERSION)")).uses_files(
        project
    )


def test_variables_are_nothing_to_an_image_without_before_all() -> None:
    options = replace(OPTIONS, environment=parse("A=1"), environment_pass=("B",))
    assert Preparation.of(options) == Preparation()
    assert Preparation.of(replace(options, system_packages=("x",))).environment == ()
    prepared = Preparation.of(replace(options, before_all="true"))
    assert (prepared.environment, prepared.environment_pass) == (parse("A=1"), ("B",))
    assert prepared.options == ["before-all"]


def test_its_digest_covers_all_of_it() -> None:
    assert Preparation().digest("") == ""
    prepared = [
        Preparation(before_all="a"),
        Preparation(before_all="b"),
        Preparation(system_packages=("a",)),
        Preparation(before_all="a", environment=parse("A=1")),
        Preparation(before_all="a", environment_pass=("A",)),
    ]
    digests = [each.digest("") for each in prepared]
    assert len({*digests, prepared[0].digest("files")}) == len(digests) + 1
