"""Wheels that are tested: in containers of their own, on what is installed, and once."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest
from tests.integration.workplace import ONE, Workplace

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.baseimage import BaseImage

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

WHEEL = "tiny-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory, base_image: BaseImage) -> Path:
    """The wheel of the tiny project, built once for all tests here."""
    folder = tmp_path_factory.mktemp("built")
    workplace = Workplace(folder / "project", folder / "temporary", lambda *_: None)
    workplace.built(workplace.build(*ONE))
    assert base_image.interpreters
    return workplace.dist / WHEEL


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
