from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import tool

from wheeldock.errors import EnvironmentVariablesError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

__all__ = ["tool"]  # a fixture


@pytest.fixture
def environment(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A build environment with a pip, which is first on PATH."""
    pip = tmp_path / "env" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.write_text("")
    pip.chmod(0o755)
    monkeypatch.setattr(tool("before_build"), "PYTHON", str(pip.with_name("python")))
    monkeypatch.setattr(tool("before_build").subprocess, "run", lambda *_, **__: None)
    monkeypatch.setenv("PATH", f"{pip.parent}{os.pathsep}{os.environ['PATH']}")
    return pip.parent


def test_before_build_runs_in_the_project(
    tool: Callable[[str], ModuleType],
    tmp_path: Path,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert environment.is_dir()
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(tool("commands"), "run", lambda *told: ran.append(told))
    package = tmp_path / "package"
    tool("before_build").before_build("make {package}", tmp_path, package)
    places = {"project": tmp_path, "package": package}
    assert ran == [("before-build", "make {package}", places, tmp_path)]


def test_before_build_is_refused_with_another_pip(
    tool: Callable[[str], ModuleType],
    tmp_path: Path,
    environment: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (environment / "pip").unlink()
    with pytest.raises(SystemExit) as ended:
        tool("before_build").before_build("true", tmp_path, tmp_path)
    assert ended.value.code == EnvironmentVariablesError.code
    assert f"instead of {environment / 'pip'}" in capsys.readouterr().err
