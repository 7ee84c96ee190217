"""`invoke plan` with the real engine, and a run whose wheels are built on different images."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects

from wheeldock.errors import WrongWheelError
from wheeldock.request import BuildRequest, ImageOutput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = pytest.mark.integration

OWN = "wheeldock-test-own:1"
INSTALLER = """\
#!/bin/sh
test "$*" = "ensure pp311-pypy311_pp80" && ln -s cp311-cp311 /opt/python/pp311-pypy311_pp80
"""
"""What the official images have, but for where PyPy comes from, which is no PyPy here."""

OVERRIDE = f"""\
[tool.wheeldock]
build = "pp311-* cp313-*"
enable = "pypy"
skip = "*-musllinux_*"

[[tool.wheeldock.overrides]]
select = "pp*"
manylinux-x86_64-image = "{OWN}"
"""


@pytest.fixture
def own_image(buildx: Buildx, base_image: BaseImage, tmp_path: Path) -> Iterator[str]:
    """An image of one's own that installs more interpreters, made from the base image."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "manylinux-interpreters").write_text(INSTALLER)
    (folder / "manylinux-interpreters").chmod(0o755)
    (folder / "Dockerfile").write_text(
        f"FROM {base_image.reference} AS own\nCOPY manylinux-interpreters /usr/local/bin/\n"
    )
    request = BuildRequest(
        target="own",
        dockerfile=folder / "Dockerfile",
        context=folder,
        output=ImageOutput(OWN),
    )
    for _ in buildx.build(request):
        pass
    yield OWN
    buildx.remove_image(OWN)


def test_a_plan_says_what_a_build_then_does_with_an_image_of_ones_own_for_pypy(
    workplace: Workplace, base_image: BaseImage, own_image: str
) -> None:
    projects.write_tiny(workplace.folder, pyproject=OVERRIDE)
    ended = workplace.run("plan", "--json")
    assert ended.code == 0, ended.err
    assert ended.out.count("\n") == 1
    planned = {job["only"]: job["image"] for job in json.loads(ended.out)["include"]}
    assert planned == {
        "cp313-manylinux_x86_64": base_image.reference,
        "pp311-manylinux_x86_64": own_image,
    }
    assert not workplace.state.exists()

    # Both are built; only then the wheel of what is no PyPy is found to be none for PyPy.
    built = workplace.build()
    assert built.code == WrongWheelError.code, built.err
    assert "tiny-1.0-cp311-cp311-manylinux_2_28_x86_64.whl, which pp311 cannot load" in built.err
    report = json.loads((workplace.state / "report.json").read_text())
    assert report["base_images"] == planned
    assert {target["name"] for target in report["targets"]} == {"sdist", *planned}


def test_a_plan_for_people_has_what_the_image_lacks_and_the_reason(
    workplace: Workplace, stand_in: BaseImage
) -> None:
    ended = workplace.run("plan", "--build", "cp3{10,13}-*", "--skip", "cp27-*")
    assert ended.code == 0, ended.err
    assert "skip: 'cp27-*' matches no build identifier and has no effect" in ended.out
    assert "option      build = 'cp3{10,13}-*' (--build)" in ended.out
    assert f"base image  {stand_in.reference}" in ended.out
    assert "would build cp313-manylinux_x86_64\n" in ended.out
    lacking = f"left out    cp310-manylinux_x86_64: {stand_in.reference} lacks its interpreter"
    assert lacking in ended.out
    assert "left out    musllinux_x86_64: its image musllinux_1_2 is not in the engine" in ended.out
