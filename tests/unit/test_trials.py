from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet
from tests.unit.test_abi import wheel

from wheeldock import config, trials
from wheeldock.identifier import BuildIdentifier
from wheeldock.tags import Policy
from wheeldock.trialfiles import Need, TrialFiles, need
from wheeldock.trials import Place, Trial, Untried, fits, make_trials

if TYPE_CHECKING:
    from wheeldock.config import Config

CP311, CP313 = "cp311-manylinux_x86_64", "cp313-manylinux_x86_64"


def settings(**options: object) -> Config:
    table = {name.replace("_", "-"): value for name, value in options.items()}
    return config.load({"wheeldock": table}, path="pyproject.toml", environ={}, overrides={})


def place(*identifiers: str, name: str = "base image", ceiling: str = "manylinux_2_28") -> Place:
    return Place(
        image=f"registry/{name.replace(' ', '-')}",
        name=name,
        digest="sha256:1",
        ceiling=Policy.parse(ceiling),
        pythons={BuildIdentifier.parse(each): f"/python/{each[:5]}" for each in identifiers},
        installer_image="base",
        tools_interpreter="cp313-cp313",
        is_base=name == "base image",
    )


def tried(*names: str, places: list[Place], **more: object) -> tuple[list[str], list[Untried]]:
    only = more.pop("only", ())
    requires = SpecifierSet(str(more.pop("requires", "")))
    wheels = [Path("dist", name) for name in names]
    found, untried = make_trials(wheels, places, settings(**more), requires, only)  # type: ignore[arg-type]
    named = ((trial.wheel.name.split("-")[3], replace(trial, prefix="").name) for trial in found)
    return [f"{abi} {name}" for abi, name in named], untried


@pytest.mark.parametrize(
    ("name", "ceiling", "runs"),
    [
        (wheel("cp313-cp313"), "manylinux_2_28", True),
        (wheel("cp313-cp313"), "manylinux_2_41", True),
        (wheel("cp313-cp313"), "manylinux_2_27", False),
        (wheel("cp313-cp313"), "musllinux_1_2", False),
        (wheel("cp313-cp313", "musllinux_1_2_x86_64"), "musllinux_1_2", True),
        (wheel("cp313-cp313", "manylinux2014_x86_64"), "manylinux_2_17", True),
        (wheel("cp313-cp313", "manylinux_2_28_aarch64"), "manylinux_2_28", False),
        (wheel("cp313-cp313", "manylinux_2_28_i686"), "manylinux_2_28", False),
        (
            wheel("cp313-cp313", "manylinux_2_99_x86_64.manylinux_2_5_x86_64"),
            "manylinux_2_28",
            True,
        ),
        (wheel("cp313-cp313", "macosx_11_0_x86_64"), "manylinux_2_28", False),
        (wheel("cp313-cp313", "linux_x86_64"), "manylinux_2_28", True),
        (wheel("cp311-cp311"), "manylinux_2_28", False),
        (wheel("cp311-abi3"), "manylinux_2_28", True),
        (wheel("py3-none", "any"), "musllinux_1_2", True),
        (wheel("cp313-cp313t"), "manylinux_2_28", False),
    ],
)
def test_a_wheel_fits_by_its_interpreter_its_libc_and_its_architecture(
    name: str, ceiling: str, *, runs: bool
) -> None:
    assert fits(name, BuildIdentifier.parse(CP313), Policy.parse(ceiling)) is runs


def test_a_wheel_is_tried_on_each_planned_interpreter_that_it_serves() -> None:
    names = (wheel("cp311-cp311"), wheel("cp311-abi3"))
    found, untried = tried(*names, places=[place("cp39-manylinux_x86_64", CP313, CP311)])
    assert found == [f"cp311 {CP311}", f"abi3 {CP311}", f"abi3 {CP313}"]
    assert untried == []


def test_an_image_without_a_fitting_interpreter_is_left_out_for_that_wheel() -> None:
    places = [place(CP311, CP313), place(CP311, name="debian:old", ceiling="manylinux_2_36")]
    names = (wheel("cp311-cp311"), wheel("cp313-cp313"))
    found, untried = tried(*names, places=places, test_images=["debian:old"])
    assert found == [f"cp311 {CP311}", f"cp311 {CP311} on debian:old", f"cp313 {CP313}"]
    assert [(each.wheel, each.image) for each in untried] == [(names[1], "debian:old")]


def test_a_wheel_that_fits_nowhere_is_told() -> None:
    found, (untried,) = tried(wheel("cp39-cp39"), places=[place(CP313)])
    assert found == []
    assert untried.wheel == wheel("cp39-cp39")
    assert (untried.image, untried.identifier) == ("", "")


def test_what_only_leaves_out_is_not_told() -> None:
    names = (wheel("cp311-cp311"), wheel("cp313-cp313"))
    found, untried = tried(*names, places=[place(CP311, CP313)], only=[CP311])
    assert found == [f"cp311 {CP311}"]
    assert untried == []


def test_what_is_skipped_is_told_with_its_interpreter() -> None:
    found, (untried,) = tried(
        wheel("cp311-abi3"), places=[place(CP311, CP313)], test_skip="cp313-*"
    )
    assert found == [f"abi3 {CP311}"]
    assert (untried.identifier, untried.why) == (CP313, "test-skip names it")


def test_an_interpreter_that_the_project_does_not_support_tests_nothing() -> None:
    found, _ = tried(wheel("cp311-abi3"), places=[place(CP311, CP313)], requires=">=3.12")
    assert found == [f"abi3 {CP313}"]


@pytest.mark.parametrize(
    ("options", "needed"),
    [
        ({}, Need.NOTHING),
        ({"test_command": "pytest --pyargs tiny"}, Need.NOTHING),
        ({"test_command": "python -m tiny {wheel}"}, Need.NOTHING),
        ({"test_command": "pytest {package}/tests"}, Need.PACKAGE),
        ({"test_command": "pytest {project}/tests {package}"}, Need.PROJECT),
        ({"test_command": "pytest .", "test_sources": ["tests"]}, Need.NOTHING),
        ({"before_test": "pip install hatch"}, Need.PROJECT),
        ({"test_requires": ["pytest", "-r", "requirements.txt"]}, Need.PROJECT),
        ({"test_requires": ["./helpers"]}, Need.PROJECT),
        ({"test_requires": ["pytest"]}, Need.NOTHING),
    ],
)
def test_a_trial_needs_what_its_commands_name(options: dict[str, object], needed: Need) -> None:
    assert need(settings(**options).everywhere) is needed


def test_a_request_has_all_that_decides_and_no_more() -> None:
    options = settings(
        test_command="pytest {project}",
        test_extras="fast",
        environment={"A": "1"},
        environment_pass="TOKEN",
        test_environment={"B": "$A b"},
    )
    identifier = BuildIdentifier.parse(CP313)
    trial = Trial(
        wheel=Path("dist", wheel("cp313-cp313")),
        identifier=identifier,
        place=place(CP313),
        options=options.for_target(identifier),
    )
    files = TrialFiles(
        dockerfile=Path("D"),
        tree=Path("tree"),
        place="/project",
        package="/project/sub",
        sources=Path("sources"),
        digest="1",
    )
    made = trials.request(trial, files, ["pytest>=8"], hosts={"h": "::1"}, builder=None)
    assert made.target == "outcome"
    assert made.context == Path("tree")
    assert made.contexts["sources"] == Path("sources")
    assert made.hosts == {"h": "::1"}
    told = json.loads(made.build_args["TRIAL"])
    assert told == {
        "command": "pytest {project}",
        "before": "",
        "requires": ["pytest>=8"],
        "extras": ["fast"],
        "environment": ['A="1"', 'B="$A b"'],
        "identifier": CP313,
        "project": "/project",
        "package": "/project/sub",
    }
    assert made.passed == {"test": ("TOKEN",)}
    assert made.build_args["PYTHON"] == "/python/cp313"
    assert made.build_args["INTERPRETER"] == "cp313-cp313"
    assert not any("dist" in value for value in made.build_args.values())
