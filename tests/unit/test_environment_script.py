"""toolbox/environment.sh: the variables of a step."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from wheeldock import constraints
from wheeldock.environment import parse
from wheeldock.errors import EnvironmentVariablesError
from wheeldock.recipe import assignments
from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = DOCKER / "toolbox" / "environment.sh"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A source tree with a file that variables may read."""
    path = tmp_path / "source"
    path.mkdir()
    (path / "VERSION").write_text("1.2\n")
    return path


def ended(text: str, source: Path | None, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the script with a configured environment, as a step does, and print the outcome."""
    place = f"'{source}' '{source.parent}/project'" if source else ""
    step = f"source {SCRIPT} {place}; pwd; env -0"
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", step],
        check=False,
        cwd="/",
        env={"PATH": os.environ["PATH"], "ENVIRONMENT": assignments(parse(text)), **variables},
        capture_output=True,
        text=True,
    )


def variables(text: str, source: Path | None, **before: str) -> dict[str, str]:
    """What a step has in its environment."""
    done = ended(text, source, **before)
    assert done.returncode == 0, done.stderr
    place, _, found = done.stdout.rpartition("/\n")
    assert place == "", "the step goes on where it was"
    return dict(entry.split("=", 1) for entry in found.split("\0") if entry)


def test_a_build_knows_what_runs_it(source: Path) -> None:
    found = variables("", source, IDENTIFIER="cp313-manylinux_x86_64")
    assert (found["CIBUILDWHEEL"], found["WHEELDOCK"]) == ("1", "1")
    assert found["CIBUILDWHEEL_BUILD_IDENTIFIER"] == "cp313-manylinux_x86_64"
    assert found["WHEELDOCK_BUILD_IDENTIFIER"] == "cp313-manylinux_x86_64"
    assert not (source.parent / "project").exists(), "what nobody asked for is not made"


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("A=1", "A", "1"),
        ("A='it is' B=\"$A so\"", "B", "it is so"),
        ("A=$(echo 'two  words')", "A", "two  words"),
        ('A="$(cat VERSION)-${NOT_SET}x"', "A", "1.2-x"),
        ('A="$(basename $(pwd))"', "A", "project"),
        ("A='one\ntwo'", "A", "one\ntwo"),
        ("PATH=$PATH:/more", "PATH", f"{os.environ['PATH']}:/more"),
        ("A=a\\ b", "A", "a b"),
        ("CIBUILDWHEEL=mine", "CIBUILDWHEEL", "mine"),
    ],
)
def test_values_are_evaluated_in_the_project_by_bash(
    source: Path, text: str, name: str, value: str
) -> None:
    assert variables(text, source)[name] == value


def test_values_are_not_left_to_the_build_as_configured(source: Path) -> None:
    assert not {"ENVIRONMENT", "__source", "__python"} & set(variables("A=1", source))


@pytest.mark.parametrize("text", ["A=$(false)", "A=$(cat missing)", "UID=3"])
def test_what_cannot_be_evaluated_ends_the_step_and_is_named(source: Path, text: str) -> None:
    done = ended(text, source)
    assert done.returncode == EnvironmentVariablesError.code
    name = text.partition("=")[0]
    assert f"wheeldock: environment: the value of {name} cannot be evaluated" in done.stderr


def test_a_step_without_the_source_tree_does_without_what_needs_it() -> None:
    found = variables("A=$(cat /not/there/VERSION) B=2", None)
    assert "A" not in found
    assert found["B"] == "2"


@pytest.mark.parametrize("name", [*constraints.VARIABLES, "UV_OVERRIDE"])
def test_constraints_are_found_in_the_project(source: Path, name: str) -> None:
    """Elsewhere pip and uv would end at a path of theirs that leads to no file."""
    text = f"{name}='VERSION https://a.example/b.txt /etc/passwd'"
    found = variables(text, source)[name]
    assert found == f"{source.parent}/project/VERSION https://a.example/b.txt /etc/passwd"
    assert variables(text, None)[name] == "https://a.example/b.txt /etc/passwd"


def test_another_python_is_refused(source: Path, tmp_path: Path) -> None:
    other = tmp_path / "bin" / "python"
    other.parent.mkdir()
    other.write_text("")
    other.chmod(0o755)
    done = ended(f"PATH={other.parent}:$PATH", source)
    assert done.returncode == EnvironmentVariablesError.code
    assert f"which python is first on PATH: {other} instead of /" in done.stderr
    assert ended("PATH=/nowhere", source).returncode == EnvironmentVariablesError.code
