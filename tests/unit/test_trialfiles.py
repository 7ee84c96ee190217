from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_trials import settings

from wheeldock.errors import ConfigurationError
from wheeldock.git import git
from wheeldock.trialfiles import Shelf, TrialFiles

if TYPE_CHECKING:
    from pathlib import Path


class Bench:
    """A project with a package in a folder below it, both with tests."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.runs = 0
        for name in ("tests/test_a.py", "packages/foo/tests/test_b.py", "packages/foo/foo.py"):
            self.write(name)
        self.write("packages/foo/own/data.txt")
        self.write(".gitignore", "*.log\n")

    def write(self, name: str, text: str = "") -> None:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text or name)

    def files(self, **options: object) -> TrialFiles:
        self.runs += 1
        folder = self.project.parent / f"run-{self.runs}"
        folder.mkdir()
        outputs = [self.project / "dist"]
        return Shelf(self.project, "packages/foo", outputs, folder).files(
            settings(**options).everywhere
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def copied(files: TrialFiles) -> set[str]:
    paths = (path for path in files.sources.rglob("*") if path.is_file())
    return {path.relative_to(files.sources).as_posix() for path in paths}


def test_without_a_command_nothing_of_the_project_goes_in(bench: Bench) -> None:
    files = bench.files()
    assert list(files.tree.iterdir()) == []
    assert copied(files) == set()
    bench.write("tests/test_a.py", "changed")
    assert bench.files().digest == files.digest


def test_a_command_that_names_the_package_sees_it_and_no_more(bench: Bench) -> None:
    command = "pytest {package}/tests"
    files = bench.files(test_command=command)
    assert files.tree == bench.project / "packages/foo"
    assert files.place == files.package == "/project/packages/foo"
    bench.write("tests/test_a.py", "changed")
    assert bench.files(test_command=command).digest == files.digest
    bench.write("packages/foo/tests/test_b.py", "changed")
    assert bench.files(test_command=command).digest != files.digest


def test_a_command_that_names_the_project_sees_all_but_what_is_ignored(bench: Bench) -> None:
    command = "pytest {project}/tests"
    git("init", "--quiet", at=bench.project)
    files = bench.files(test_command=command)
    assert (files.tree, files.place) == (bench.project, "/project")
    ignored = files.dockerfile.with_name("Dockerfile.dockerignore").read_text().splitlines()
    assert {".git", "**/.git"} <= set(ignored)
    for name in ("build.log", "dist/a.whl", ".git/description"):
        bench.write(name, "changed")
    assert bench.files(test_command=command).digest == files.digest
    bench.write("tests/test_a.py", "changed")
    assert bench.files(test_command=command).digest != files.digest


def test_sources_of_tests_are_copied_to_the_same_places(bench: Bench) -> None:
    bench.write("tests/__pycache__/test_a.pyc")
    bench.write("big.log")
    files = bench.files(test_command="pytest", test_sources=["tests", "own/data.txt", "big.log"])
    assert copied(files) == {"tests/test_a.py", "own/data.txt", "big.log"}
    assert list(files.tree.iterdir()) == []
    bench.write("packages/foo/foo.py", "changed")
    options = {"test_command": "pytest", "test_sources": ["tests", "own/data.txt", "big.log"]}
    assert bench.files(**options).digest == files.digest
    bench.write("tests/test_a.py", "changed")
    assert bench.files(**options).digest != files.digest


@pytest.mark.parametrize(
    "options", [{"test_command": "pytest {project}/tests"}, {"test_sources": ["tests"]}]
)
def test_contexts_are_known_by_what_is_in_them(bench: Bench, options: dict[str, object]) -> None:
    first = bench.files(**options)
    assert bench.files(**options).digest == first.digest
    bench.write("tests/test_a.py", "tests/test_b.py")
    assert bench.files(**options).digest != first.digest


def test_each_source_of_tests_that_cannot_be_is_told(bench: Bench) -> None:
    with pytest.raises(ConfigurationError) as caught:
        bench.files(test_sources=["gone", "../elsewhere", "/etc/passwd", "tests"])
    place = "pyproject.toml [tool.wheeldock] test-sources"
    assert [problem.split(";")[0] for problem in caught.value.problems] == [
        f"{place}: 'gone' is missing in {bench.project}",
        f"{place}: got '../elsewhere'",
        f"{place}: got '/etc/passwd'",
    ]
