"""Wheels that begin before their sdist is there, and are the ones that it gives."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.digests import of_file
from wheeldock.errors import BuildFailedError

if TYPE_CHECKING:
    from tests.integration.workplace import Ended, Workplace

pytestmark = pytest.mark.integration

TARGET = ONE[1]
SETUP = """\
import sys
import time

from setuptools import Extension, setup

pure = open("pure.py").read()
if "sdist" in sys.argv:
    time.sleep(2)
    if "broken" in pure:
        raise SystemExit("there is no sdist of this")
    if "about = " in pure:
        open("made.py", "w").write(pure.replace("about", "made"))
setup(py_modules=["pure", "made"], ext_modules=[Extension("tiny", ["tiny.c"])])
"""


@pytest.fixture
def project(workplace: Workplace) -> Workplace:
    """One whose sdist takes two seconds, and was built once with its wheel."""
    projects.write_tiny(workplace.folder, setup=SETUP, more_code=projects.unlike())
    (workplace.folder / "made.py").touch()
    (workplace.folder / "pure.py").write_text("text = 'first'\n")
    workplace.built(workplace.build(*ONE))
    return workplace


def edited(project: Workplace, text: str, *arguments: str) -> Ended:
    """Edit a file that ships as it is, and build."""
    (project.folder / "pure.py").write_text(text)
    return project.build(*ONE, "--progress", "json", *arguments)


def began_early(ended: Ended) -> bool:
    """Whether the wheel's build began before the sdist's ended."""
    said = map(json.loads, ended.out.splitlines())
    steps = [each for each in said if each["kind"] == "step"]
    (began,) = {each["started"] for each in steps if each["stage"] == "build"} - {None}
    (done,) = {each["completed"] for each in steps if each["stage"] == "sdist"} - {None}
    return bool(began < done)


def in_wheel(project: Workplace, name: str) -> str:
    with zipfile.ZipFile(project.dist / projects.WHEEL) as wheel:
        return wheel.read(name).decode()


def test_a_wheel_that_began_early_is_byte_for_byte_that_of_a_cold_build(project: Workplace) -> None:
    ended = edited(project, "text = 'second'\n")
    project.built(ended)
    assert began_early(ended)
    assert in_wheel(project, "pure.py") == "text = 'second'\n"
    early = of_file(project.dist / projects.WHEEL)
    project.built(project.build(*ONE, "--cold"))
    assert of_file(project.dist / projects.WHEEL) == early


def test_a_wheel_of_an_sdist_that_was_foretold_wrong_is_made_anew(project: Workplace) -> None:
    """The second time nobody tries to foretell it, as the edit changes what else ships."""
    for text in ("about = 'second'\n", "about = 'third'\n"):
        ended = edited(project, text)
        project.built(ended)
        assert in_wheel(project, "made.py") == text.replace("about", "made")
        assert ended.out.count('"kind": "started", "target": "' + TARGET) == 1
        assert not began_early(ended)
        (notes,) = project.state.glob("foresight/*.json")
        assert json.loads(notes.read_text())["surprises"] == ["pure.py"]


def test_a_wheel_ends_with_the_sdist_that_it_has_not_waited_for(project: Workplace) -> None:
    before = project.seen()
    ended = edited(project, "broken = True\n")
    assert ended.code == BuildFailedError.code
    assert "there is no sdist of this" in ended.err
    assert f'"target": "{TARGET}"' not in ended.out
    assert project.seen() == before
    project.is_tidy()
    mended = edited(project, "text = 'mended'\n")
    project.built(mended)
    assert began_early(mended)
    assert in_wheel(project, "pure.py") == "text = 'mended'\n"
