from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import git

from wheeldock.ci import FILES, Service, chosen, texts
from wheeldock.errors import UsageError
from wheeldock.tasks import ns

if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAMS = Path(sys.executable).parent
REPOSITORY = Path(__file__).parents[2]
FORMATS = ["v{version}", "{version}", "python/a_b-{version}.x"]


def run(program: str, *arguments: str | Path) -> None:
    done = subprocess.run(
        [PROGRAMS / program, *arguments], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def write(folder: Path, form: str) -> Path:
    """Fill a folder with every service's files."""
    for path, text in texts(tuple(Service), form).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


@pytest.fixture(params=FORMATS)
def written(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    return write(tmp_path, request.param)


@pytest.mark.skipif(not (PROGRAMS / "zizmor").exists(), reason="zizmor is for working on wheeldock")
def test_zizmor_finds_nothing_unsafe(written: Path) -> None:
    ours = [REPOSITORY / ".github"] if (REPOSITORY / ".github").exists() else []
    run("zizmor", "--offline", "--persona", "pedantic", written / ".github", *ours)


def test_the_services_take_their_files(tmp_path: Path) -> None:
    folders = [write(tmp_path / str(place), form) for place, form in enumerate(FORMATS)]

    def check(schema: str, *paths: str, options: Sequence[str] = ()) -> None:
        files = [folder / path for folder in folders for path in paths]
        run("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *options, *files)

    check("dependabot", ".github/dependabot.yml")
    check("github-workflows", *(p for p in FILES[Service.GITHUB] if "workflows" in p))
    check("gitlab-ci", ".gitlab-ci.yml", options=["--data-transform", "gitlab-ci"])


def test_nothing_is_left_to_fill_in_and_every_command_is_one(written: Path) -> None:
    for path in written.rglob("*.yml"):
        text = path.read_text()
        assert not re.search(r"@(wheeldock|tags|pattern)@", text)
        commands = re.findall(r"^ *- (?:run: )?wheeldock ([\w.]+)", text, re.MULTILINE)
        assert set(commands) <= set(ns.task_names), path


def test_only_the_deploying_job_may_say_who_it_is() -> None:
    workflow = texts((Service.GITHUB,), FORMATS[0])[".github/workflows/release.yml"]
    before, _, deploying = workflow.partition("\n  deploy:\n")
    assert "id-token" not in before
    assert "id-token: write" in deploying
    assert "cache@" not in workflow


@pytest.mark.parametrize(
    ("form", "glob", "pattern"),
    [
        (FORMATS[0], '"v[0-9]*"', "/^v[0-9].*$/"),
        (FORMATS[1], '"[0-9]*"', "/^[0-9].*$/"),
        (FORMATS[2], '"python/a_b-[0-9]*.x"', r"/^python\/a_b\-[0-9].*\.x$/"),
    ],
)
def test_tags_of_the_projects_format_start_a_release(form: str, glob: str, pattern: str) -> None:
    files = texts(tuple(Service), form)
    assert f"tags: [{glob}]" in files[".github/workflows/release.yml"]
    assert files[".gitlab-ci.yml"].count(f"$CI_COMMIT_TAG =~ {pattern}") == 3


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://gitlab.example.org/a/b.git", Service.GITLAB),
        ("git@gitlab.com:a/b.git", Service.GITLAB),
        ("ssh://git@gitlab.com:22/a/b", Service.GITLAB),
        ("https://user:x@github.com/gitlab/b", Service.GITHUB),
        ("/srv/gitlab/b.git", Service.GITHUB),
    ],
)
def test_the_remote_says_which_service_it_is(tmp_path: Path, url: str, expected: Service) -> None:
    git(tmp_path, "init")
    git(tmp_path, "remote", "add", "origin", url)
    assert chosen("auto", tmp_path) == (expected,)
    assert chosen("", tmp_path) == (expected,)


def test_without_a_remote_the_files_say_it(tmp_path: Path) -> None:
    assert chosen("auto", tmp_path) == (Service.GITHUB,)
    (tmp_path / ".gitlab-ci.yml").touch()
    assert chosen("auto", tmp_path) == (Service.GITLAB,)


def test_the_services_can_be_named(tmp_path: Path) -> None:
    assert chosen("both", tmp_path) == (Service.GITHUB, Service.GITLAB)
    assert chosen("none", tmp_path) == ()
    with pytest.raises(UsageError, match="'jenkins' is not one of auto, github"):
        chosen("jenkins", tmp_path)
