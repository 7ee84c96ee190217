"""toolbox/commands.py: commands of the configuration."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import CommandFailedError
from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(DOCKER / "toolbox")
    return importlib.import_module("commands")


@pytest.mark.parametrize(
    ("command", "filled"),
    [
        ("make -C {project}/lib {package}", "make -C /p/lib /p/x"),
        ("{python} -m {pip}", "python -m pip"),
        ("a #{project} ${project} {other} {}", "a {project} $/p {other} {}"),
        ("awk '{print $1}'", "awk '{print $1}'"),
    ],
)
def test_placeholders_are_filled_in_and_nothing_else(
    commands: ModuleType, command: str, filled: str
) -> None:
    assert commands.filled(command, {"project": "/p", "package": "/p/x"}) == filled


def test_bash_runs_it_in_its_folder(commands: ModuleType, tmp_path: Path) -> None:
    commands.run("before-build", "[[ -d . ]] && pwd > {project}/x", {"project": tmp_path}, tmp_path)
    assert (tmp_path / "x").read_text().strip() == str(tmp_path)


@pytest.mark.parametrize(
    ("command", "how"), [("exit 3", "exit code 3"), ("kill -9 $$", "signal 9")]
)
def test_one_that_fails_is_named(
    commands: ModuleType,
    tmp_path: Path,
    command: str,
    how: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.run("before-build", command, {}, tmp_path)
    assert ended.value.code == CommandFailedError.code
    said = capsys.readouterr().err
    assert said.startswith("wheeldock: before-build ")
    assert f"{how}: {command}\n" in said
