"""What a wheel's repair packs anew is compressed there, and not before as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import load_script

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

compression = load_script("compression")

VARIABLE = "DIST_EXTRA_CONFIG"


@pytest.fixture
def environment(tmp_path: Path) -> Callable[..., Path]:
    """A way to an environment with distributions of some versions."""

    def make(**versions: str) -> Path:
        for name, version in versions.items():
            folder = tmp_path / f"env/lib/python3.13/site-packages/{name}-{version}.dist-info"
            folder.mkdir(parents=True)
            (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n")
        return tmp_path / "env"

    return make


@pytest.mark.parametrize("version", ["70.1", "82.0.1"])
def test_a_setuptools_that_makes_wheels_is_told(
    environment: Callable[..., Path], tmp_path: Path, version: str
) -> None:
    environ: dict[str, str] = {}
    compression.leave_to_repair(environ, environment(setuptools=version), tmp_path / "cfg")
    assert environ == {VARIABLE: f"{tmp_path / 'cfg'}"}
    assert (tmp_path / "cfg").read_text() == "[bdist_wheel]\ncompression = stored\n"


@pytest.mark.parametrize("versions", [{}, {"setuptools": "70.0.0", "wheel": "0.33"}])
def test_what_might_not_know_the_option_is_not(
    environment: Callable[..., Path], tmp_path: Path, versions: dict[str, str]
) -> None:
    environ: dict[str, str] = {}
    compression.leave_to_repair(environ, environment(**versions), tmp_path / "cfg")
    assert environ == {}
    assert not (tmp_path / "cfg").exists()


def test_a_file_that_the_project_names_wins(
    environment: Callable[..., Path], tmp_path: Path
) -> None:
    environ = {VARIABLE: "of the project"}
    compression.leave_to_repair(environ, environment(setuptools="80"), tmp_path / "cfg")
    assert environ == {VARIABLE: "of the project"}
