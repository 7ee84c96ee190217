from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from wheeldock.errors import ConfigurationError
from wheeldock.project import BuildSystem, Project, read_project
from wheeldock.sources import DirectorySource, SdistSource

if TYPE_CHECKING:
    from pathlib import Path

PYPROJECT = """
[build-system]
requires = ["mine>=1"]
build-backend = "mine"
backend-path = ["tools"]
[project]
name = "My.Project"
version = "1.2"
requires-python = ">=3.9"
[tool.wheeldock]
jobs = 2
"""


def read(folder: Path, files: dict[str, str]) -> Project:
    for name, text in files.items():
        (folder / name).write_text(text)
    return read_project(DirectorySource(folder))


def problems(folder: Path, pyproject: str) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read(folder, {"pyproject.toml": pyproject})
    place = f"{folder}/pyproject.toml: "
    assert all(problem.startswith(place) for problem in caught.value.problems)
    return [problem.removeprefix(place) for problem in caught.value.problems]


def test_pyproject_toml_says_it_all(tmp_path: Path) -> None:
    project = read(tmp_path, {"pyproject.toml": PYPROJECT, "setup.cfg": "[metadata]\nname=other"})
    assert project == Project(
        name="My.Project",
        version="1.2",
        requires_python=SpecifierSet(">=3.9"),
        build_system=BuildSystem(
            requires=("mine>=1",), build_backend="mine", backend_path=("tools",)
        ),
        tool={"wheeldock": {"jobs": 2}},
        pyproject_place=f"{tmp_path}/pyproject.toml",
    )
    assert project.normalized_name == "my-project"


def test_the_place_is_short_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert read(tmp_path, {"setup.py": ""}).pyproject_place == "pyproject.toml"


def test_without_pyproject_toml_the_backend_is_setuptools(tmp_path: Path) -> None:
    project = read(tmp_path, {"setup.py": "setup(name='a', python_requires='>=3.8')"})
    assert project.build_system == BuildSystem(
        requires=("setuptools>=40.8.0",),
        build_backend="setuptools.build_meta:__legacy__",
        backend_path=(),
    )
    assert (project.name, project.version) == ("a", None)
    assert project.requires_python == SpecifierSet(">=3.8")
    assert project.tool == {}


def test_a_table_without_a_backend_means_setuptools(tmp_path: Path) -> None:
    project = read(tmp_path, {"pyproject.toml": "[build-system]\nrequires = ['setuptools']"})
    assert project.build_system == BuildSystem(requires=("setuptools",))


def test_a_project_that_says_nothing_has_no_name(tmp_path: Path) -> None:
    project = read(tmp_path, {"setup.py": ""})
    assert (project.name, project.normalized_name) == (None, None)
    assert (project.version, project.requires_python) == (None, None)


def test_each_fact_comes_from_the_first_file_that_has_it(tmp_path: Path) -> None:
    project = read(
        tmp_path,
        {
            "pyproject.toml": "[project]\nname = 'a'\ndynamic = ['version', 'requires-python']",
            "setup.cfg": "[metadata]\nname=b\n[options]\npython_requires = >=3.10",
            "PKG-INFO": "Metadata-Version: 2.1\nName: c\nVersion: 3\nRequires-Python: >=3.11\n",
            "setup.py": "setup(version='4')",
        },
    )
    assert (project.name, project.version) == ("a", "3")
    assert project.requires_python == SpecifierSet(">=3.10")


def test_an_sdist_is_read_where_it_lies(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "p-1.tar.gz", "w:gz") as archive:
        for name, text in {"pyproject.toml": PYPROJECT, "deep/setup.cfg": "x"}.items():
            info = tarfile.TarInfo(f"p-1/{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    project = read_project(SdistSource(tmp_path / "p-1.tar.gz"))
    assert project.name == "My.Project"
    assert project.pyproject_place == f"{tmp_path}/p-1.tar.gz: pyproject.toml"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["p-1.tar.gz"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    text = """
    project = {name = 3, requires-python = ">=3.x"}
    build-system = {requires = ["a b", 1], build-backend = [], backend-path = "x", require = []}
    """
    assert problems(tmp_path, text) == [
        "build-system.require: unknown; known are requires, build-backend, backend-path",
        "build-system.requires: got 'a b' (str); expected a requirement such as 'name>=1.0'",
        "build-system.requires: got 1 (int); expected a requirement such as 'name>=1.0'",
        "build-system.build-backend: got [] (list); expected a string such as 'package.module'",
        "build-system.backend-path: got 'x' (str); expected a list of folders",
        "project.name: got 3 (int); expected a string",
        "project.requires-python: got '>=3.x'; expected version specifiers such as '>=3.9'",
    ]


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("build-system = 1", "build-system: got 1 (int); expected a table"),
        ("project = []", "project: got [] (list); expected a table"),
        ("build-system = {}", "build-system.requires: missing, and PEP 518 demands it"),
        (
            "build-system = {requires = 'a'}",
            "build-system.requires: got 'a' (str); expected a list of requirements",
        ),
        (
            "build-system = {requires = [], build-backend = 'b', backend-path = ['../x']}",
            "build-system.backend-path: got '../x'; expected a folder in the source tree",
        ),
        (
            "build-system = {requires = [], backend-path = ['x']}",
            "build-system.backend-path: stands without the build-backend that it is for",
        ),
    ],
)
def test_each_problem_is_named(tmp_path: Path, table: str, problem: str) -> None:
    assert problems(tmp_path, table) == [problem]
