"""Wheels that are tested: in containers of their own, on what is installed, and once."""

from __future__ import annotations

import os
import secrets
import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace

from wheeldock.errors import BaseImageUnavailableError, FailedTestError

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.baseimage import BaseImage

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, base_image: BaseImage) -> Path:
    """The wheel of the tiny project, built once for all tests here."""
    folder = tmp_path_factory.mktemp("built")
    workplace = Workplace(folder / "project", folder / "temporary", lambda *_: None)
    projects.write_tiny(workplace.folder, more_code=projects.unlike())
    workplace.built(workplace.build(*ONE))
    assert base_image.interpreters
    return workplace.dist / projects.WHEEL


def configure(workplace: Workplace, wheel: Path, **options: str) -> None:
    for path in workplace.dist.glob("*.whl"):
        path.unlink()
    shutil.copy(wheel, workplace.dist)
    lines = "".join(f"{name.replace('_', '-')} = {value}\n" for name, value in options.items())
    with (workplace.folder / "pyproject.toml").open("a") as file:
        file.write(f"\n[tool.wheeldock]\n{lines}")


def test_a_wheel_is_installed_and_imported_and_not_tested_again(
    workplace: Workplace, wheel: Path
) -> None:
    configure(workplace, wheel)
    ended = workplace.run("test", *ONE)
    assert ended.code == 0, ended.out + ended.err
    assert "1 test of 1 wheel passed" in ended.out
    ended = workplace.run("test", *ONE, "--junit", "tests.xml")
    assert "1 test of 1 wheel passed, none tested again" in ended.out
    log = ET.parse(workplace.folder / "tests.xml").findtext(".//system-out")  # noqa: S314
    assert "$ python -c 'import tiny'" in (log or "")
    ended = workplace.run("test", *ONE, "--again")
    assert "1 test of 1 wheel passed, " in ended.out
    assert "again" not in ended.out.splitlines()[-1]


def test_tests_of_a_tree_test_what_is_installed(
    workplace: Workplace, wheel: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_MACHINE", "sesame")
    configure(
        workplace,
        wheel,
        environment_pass='["OF_THE_MACHINE"]',
        before_test='"test -f pyproject.toml && pip --version"',
        test_command='"cd {project} && python -m unittest -v tests.test_tiny"',
        test_groups='["all"]',
        environment='{FIRST = "1"}',
        test_environment='{SECOND = "$FIRST$WHEELDOCK_BUILD_IDENTIFIER"}',
    )
    with (workplace.folder / "pyproject.toml").open("a") as file:
        file.write('\n[dependency-groups]\nall = ["iniconfig"]\n')
    (workplace.folder / "tiny.py").write_text("raise ImportError('this is the source')\n")
    tests = workplace.folder / "tests"
    tests.mkdir()
    (tests / "__init__.py").write_text("import sys; sys.path.insert(0, '/project')\n")
    (tests / "test_tiny.py").write_text(TESTS)
    ended = workplace.run("test", *ONE)
    assert ended.code == 0, ended.out + ended.err
    assert "Skipped" not in ended.out
    assert "sesame" not in ended.out + ended.err
    assert not any(b"sesame" in p.read_bytes() for p in workplace.state.rglob("*") if p.is_file())


TESTS = """\
import os
import unittest


class Tests(unittest.TestCase):
    def test_it(self):
        import iniconfig, tiny
        assert ".cpython-313-" in tiny.__file__
        assert os.environ["SECOND"] == "1cp313-manylinux_x86_64"
        assert os.environ["OF_THE_MACHINE"] == "sesame"
        print(os.environ["OF_THE_MACHINE"])
        open("written", "w").close()
"""


def test_a_test_of_the_same_size_and_time_is_another_test(
    workplace: Workplace, wheel: Path
) -> None:
    """As when one version is unpacked in place of another, from archives whose files have one."""
    configure(workplace, wheel, test_command='"python {project}/t.py"')
    test = workplace.folder / "t.py"

    def tested(verdict: int) -> int:
        test.write_text(f"# {nonce}\nraise SystemExit({verdict})\n")
        os.utime(test, (1580601600, 1580601600))
        return workplace.run("test", *ONE).code

    nonce = secrets.token_hex(8)
    assert tested(0) == 0
    # Now BuildKit alone knows, and keeps what it is sent when no step runs.
    (workplace.state / "tested.json").unlink()
    assert tested(0) == 0
    assert tested(1) == FailedTestError.code


def test_a_failure_is_that_of_its_interpreter_alone(workplace: Workplace, wheel: Path) -> None:
    configure(workplace, wheel)
    # What is in it is for one interpreter, whatever its name says.
    name = projects.WHEEL.replace("cp313-cp313", "py3-none")
    (workplace.dist / projects.WHEEL).rename(workplace.dist / name)
    both = ("--only", "cp311-manylinux_x86_64", *ONE)
    ended = workplace.run("test", *both, "--junit", "tests.xml")
    assert ended.code == FailedTestError.code, ended.out + ended.err
    assert "1 of 2 tests of 1 wheel passed" in ended.out
    assert f"{name} on cp311-manylinux_x86_64, image " in ended.err
    assert "stage test: `import tiny` failed with exit code 1" in ended.err
    assert "ModuleNotFoundError: No module named 'tiny'" in ended.err
    cases = ET.parse(workplace.folder / "tests.xml").iter("testcase")  # noqa: S314 - our own
    assert [case.find("failure") is not None for case in cases] == [True, False]
    ended = workplace.run("test", *both)
    assert ended.code == FailedTestError.code
    assert "1 not tested again" in ended.out


def test_a_wheel_that_fails_does_not_get_into_the_output_folder(
    workplace: Workplace, wheel: Path
) -> None:
    assert wheel.exists()
    failing = {"WHEELDOCK_TEST_COMMAND": "python -c 'import tiny; x'"}
    ended = workplace.build(*ONE, "--test", environment=failing)
    workplace.refused(ended, FailedTestError, projects.WHEEL, "NameError: name 'x' is not defined")
    assert (workplace.state / "wheelhouse" / projects.WHEEL).exists()
    assert "1 wheel and the sdist in .wheeldock/wheelhouse/" in ended.out
    passing = {"WHEELDOCK_TEST_COMMAND": "python -c 'import tiny'"}
    workplace.built(workplace.build(*ONE, "--test", environment=passing))
    ended = workplace.build(*ONE, "--test", environment=passing)
    assert "1 test of 1 wheel passed, none tested again" in ended.out


def test_a_wheel_is_tested_on_another_distribution_with_its_own_python(
    workplace: Workplace, wheel: Path
) -> None:
    command = "grep -q trixie /etc/os-release || test -d /opt/python && python -c 'import tiny'"
    configure(workplace, wheel, test_images='["debian:trixie"]', test_command=f'"{command}"')
    ended = workplace.run("test", *ONE)
    assert ended.code == 0, ended.out + ended.err
    assert "2 tests of 1 wheel passed" in ended.out
    assert "cp313-manylinux_x86_64 on debian:trixie: passed" in ended.out


def test_an_image_that_no_registry_gives_is_told(
    workplace: Workplace, wheel: Path, free_address: str
) -> None:
    configure(workplace, wheel, test_images=f'["{free_address}/alpine:3"]')
    ended = workplace.run("test", *ONE)
    assert ended.code == BaseImageUnavailableError.code, ended.out + ended.err
    assert f"test-images: the registry of {free_address}/alpine:3 does not answer" in ended.err
    assert "No stand-in has musl" in ended.err
