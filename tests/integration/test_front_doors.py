"""The three front doors, from an installed wheel in a virtual environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import wheeldock
from wheeldock.tasks import ns

pytestmark = pytest.mark.integration

REPOSITORY = Path(__file__).parents[2]
TASKS = (
    *(
        "build",
        "plan",
        "verify",
        "tag",
        "release",
        "init",
        "setup",
        "engine.start",
        "engine.stop",
        "engine.status",
    ),
    *("cache.status", "cache.verify", "cache.clear", "cache.prune", "cache.save", "cache.restore"),
    *("deploy", "test"),
    *("df", "image.list", "image.size", "image.remove", "image.prune"),
)

BESIDE_OWN_TASKS = """
import wheeldock
from invoke import Collection, task

@task
def lint(c):
    print("linted")

ns = Collection(lint)
ns.add_collection(wheeldock.ns, name="wheels")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of an environment into which wheeldock's own wheel was installed."""
    home = tmp_path_factory.mktemp("installed")
    run("uv", "build", "-q", "--wheel", "-o", str(home), str(REPOSITORY))
    (wheel,) = home.glob("wheeldock-*.whl")
    run("uv", "venv", "-q", "--python", sys.executable, str(home / "venv"))
    run("uv", "pip", "install", "-q", "--python", str(home / "venv/bin/python"), str(wheel))
    return home / "venv/bin"


def run(*command: str, cwd: Path | None = None) -> str:
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env={**os.environ, "PATH": path, "COLUMNS": "120"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_the_console_script_lists_every_task(installed: Path, tmp_path: Path) -> None:
    listed = run(str(installed / "wheeldock"), "--list", cwd=tmp_path)
    assert all(f" {task} " in listed for task in TASKS)


def test_the_console_script_has_a_help(installed: Path, tmp_path: Path) -> None:
    assert "build" in run(str(installed / "wheeldock"), "--help", cwd=tmp_path)
    assert wheeldock.__version__ in run(str(installed / "wheeldock"), "--version", cwd=tmp_path)


def test_a_tasks_file_of_one_line_is_enough(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text("from wheeldock import ns\n")
    listed = run(str(installed / "invoke"), "--list", cwd=tmp_path)
    assert all(f" {task} " in listed for task in TASKS)


def test_a_project_adds_the_collection_to_its_own_tasks(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "tasks.py").write_text(BESIDE_OWN_TASKS)
    listed = run(str(installed / "invoke"), "--list", cwd=tmp_path)
    assert "lint" in listed.split()
    assert all(f" wheels.{task} " in listed for task in TASKS)
    assert "linted" in run(str(installed / "invoke"), "lint", cwd=tmp_path)
    assert "Example: " in run(str(installed / "invoke"), "--help", "wheels.build", cwd=tmp_path)


@pytest.mark.parametrize("name", TASKS)
def test_every_tasks_help_has_an_example(name: str) -> None:
    assert "Example: invoke " in (ns[name].__doc__ or "")


def test_no_task_is_forgotten_here() -> None:
    assert set(ns.task_names) == set(TASKS)


def test_the_installed_wheel_has_the_dockerfile_and_what_its_stages_run(installed: Path) -> None:
    code = "from wheeldock.request import DOCKER as d; print(*sorted(x.name for x in d.iterdir()))"
    shipped = run(str(installed / "python"), "-c", code).split()
    assert {"Dockerfile", "base", "toolbox"} <= set(shipped)


def test_a_dry_run_works_from_the_installed_wheel(
    installed: Path, tmp_path: Path, base_image: object
) -> None:
    assert base_image
    source = REPOSITORY / "examples/ovf"
    planned = run(
        str(installed / "wheeldock"), "build", "--source", str(source), "--dry-run", cwd=tmp_path
    )
    assert "cp313-manylinux_x86_64" in planned
    assert not (tmp_path / "dist").exists()


def test_whoever_works_on_it_may_have_the_oldest_python() -> None:
    found = run(
        "uv", "pip", "compile", "--quiet", "--python-version=3.10", "--group=dev", cwd=REPOSITORY
    )
    assert "\nruff==" in found
