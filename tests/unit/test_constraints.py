from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_config import configure

from wheeldock.constraints import EVERYWHERE, Constraints, read
from wheeldock.errors import ConfigurationError
from wheeldock.identifier import BuildIdentifier

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INHERIT = {"environment": "append"}
CP39, CP313 = map(BuildIdentifier.parse, ["cp39-manylinux_x86_64", "cp313-manylinux_x86_64"])


def found(folder: Path, versions: object, **more: object) -> Mapping[str, tuple[str, ...]]:
    settings = configure({"dependency-versions": versions, **more})
    constraints, _ = read(settings, [CP39, CP313], folder)
    return {name: (*each.versions, *each.requirements) for name, each in constraints.items()}


def refused(folder: Path, versions: object, **more: object) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        found(folder, versions, **more)
    return caught.value.problems


@pytest.mark.parametrize("versions", ["pinned", "latest"])
def test_no_file_and_no_packages_constrain_nothing(tmp_path: Path, versions: str) -> None:
    assert set(found(tmp_path, versions).values()) == {()}


def test_packages_are_constraints(tmp_path: Path) -> None:
    packages = ["setuptools<80", "cython==3.1"]
    assert found(tmp_path, {"packages": packages})[str(CP313)] == tuple(packages)


def test_a_file_is_read_without_its_comments(tmp_path: Path) -> None:
    text = "# all\nsetuptools<80  # why\n\nname @ https://x/#egg\nlong \\\n  ==1.0\n"
    (tmp_path / "c.txt").write_text(text)
    lines = ("setuptools<80", "name @ https://x/#egg", "long    ==1.0")
    assert found(tmp_path, "c.txt") == {EVERYWHERE: lines, str(CP39): lines, str(CP313): lines}


def test_a_python_can_have_a_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("a==1")
    (tmp_path / "c-python313.txt").write_text("a==2")
    read = found(tmp_path, {"file": "./c.txt"})
    assert read == {EVERYWHERE: ("a==1",), str(CP39): ("a==1",), str(CP313): ("a==2",)}


@pytest.mark.parametrize(
    "value", ["c.txt", "$PWD/c.txt", "${PWD}/c.txt", "$(pwd)/c.txt", "/project/c.txt"]
)
def test_a_file_of_the_project_that_a_variable_names_constrains_too(
    tmp_path: Path, value: str
) -> None:
    (tmp_path / "c.txt").write_text("a==1  # why\nb==2 \\\n  --hash=sha256:ab\n")
    environment = {"PIP_CONSTRAINT": value, "UV_CONSTRAINT": "c.txt", "OTHER": "c.txt"}
    settings = configure({"environment": environment, "dependency-versions": "latest"})
    constraints, warnings = read(settings, [CP313], tmp_path)
    assert constraints[str(CP313)] == Constraints((), ("a==1", "b==2"))
    assert constraints[EVERYWHERE] == constraints[str(CP313)]
    assert warnings == ()


def test_an_override_can_unset_a_variable(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("a==1")
    override = {"select": "cp39-*", "inherit": INHERIT, "environment": "PIP_CONSTRAINT="}
    read = found(tmp_path, "latest", environment="PIP_CONSTRAINT=c.txt", overrides=[override])
    assert read == {EVERYWHERE: ("a==1",), str(CP39): (), str(CP313): ("a==1",)}


def test_what_a_variable_names_and_does_not_hold_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("-r more.txt\n")
    environment = 'UV_CONSTRAINT="c.txt gone.txt /etc/passwd $(find)/c.txt"'
    _, vain = read(configure({"environment": environment}), [CP313], tmp_path)
    assert [line.partition(" environment: UV_CONSTRAINT: ")[2] for line in vain] == [
        f"{what}, and constrains no build"
        for what in (
            "c.txt: '-r more.txt' is no requirement",
            "gone.txt is no file of the project",
            "/etc/passwd is no file of the project",
            "$(find)/c.txt is no file of the project",
        )
    ]


def test_an_override_has_its_own(tmp_path: Path) -> None:
    override = {"select": "cp39-*", "dependency-versions": {"packages": ["a==1"]}}
    assert found(tmp_path, "latest", overrides=[override]) == {
        EVERYWHERE: (),
        str(CP39): ("a==1",),
        str(CP313): (),
    }


def test_a_file_that_is_not_there_is_told_once_with_its_place(tmp_path: Path) -> None:
    assert refused(tmp_path, "c.txt") == (
        (
            "pyproject.toml [tool.wheeldock] dependency-versions: got 'c.txt'; expected "
            "'pinned', 'latest', or a file of constraints; "
            f"{tmp_path / 'c.txt'} cannot be read: No such file or directory"
        ),
    )


def test_all_that_is_wrong_is_told(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("a==1\n-r more.txt\nb=2\n")
    override = {"select": "cp39-*", "dependency-versions": {"packages": ["=="]}}
    problems = refused(tmp_path, "c.txt", overrides=[override])
    assert [problem.partition("got ")[2].partition(";")[0] for problem in problems] == [
        "'-r more.txt'",
        "'b=2'",
        "'=='",
    ]


def test_a_folder_or_a_binary_file_is_no_file_of_constraints(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_bytes(b"\xff")
    assert refused(tmp_path, "c.txt")[0].endswith("cannot be read: it is no UTF-8")
    assert refused(tmp_path, {"file": "."})[0].endswith("cannot be read: Is a directory")
