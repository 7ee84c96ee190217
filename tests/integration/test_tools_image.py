"""The image of a project's tools: made once, told, made anew when its inputs change, removed."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace

from wheeldock.errors import ImageNotRemovedError, UsageError
from wheeldock.tools import KeptTools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

FOREIGN = "wheeldock-test-foreign:1"


class Place:
    """A project of a name that no other has, and the image of its tools."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self.project = f"tiny-{workplace.folder.parent.name.replace('_', '-')}"
        self.image = f"{self.project}-builder:manylinux_2_28_x86_64"
        path = workplace.folder / "pyproject.toml"
        path.write_text(path.read_text().replace('"tiny"', f'"{self.project}"'))

    @property
    def kept(self) -> KeptTools:
        """What the cache folder has of them."""
        folder = self.workplace.state / "cache" / self.project
        return KeptTools(folder / "tools-manylinux_2_28_x86_64")

    def build(self) -> None:
        """Build what is another source each time."""
        source = self.workplace.folder / "tiny.c"
        source.write_text(f"{projects.CODE}{projects.unlike()}")
        ended = self.workplace.build(*ONE)
        assert ended.code == 0, ended.err
        assert "not kept" not in ended.out + ended.err

    def listed(self) -> dict[str, dict[str, Any]]:
        """The images that are told, by name."""
        told = self.workplace.run("image.list", "--json")
        assert told.code == 0, told.err
        return {image["name"]: image for image in json.loads(told.out)}


@pytest.fixture
def place(workplace: Workplace) -> Iterator[Place]:
    place = Place(workplace)
    yield place
    workplace.run("image.remove", place.image, "--yes")


def docker(*arguments: str, text: str = "") -> str:
    command = ["docker", *arguments]
    done = subprocess.run(command, input=text, check=True, capture_output=True, text=True)
    return done.stdout


def test_it_is_kept_until_its_inputs_change_or_it_is_removed(
    place: Place, base_image: BaseImage
) -> None:
    place.build()
    image = place.listed()[place.image]
    assert (image["base_image"], image["used_here"]) == (base_image.reference, True)
    assert place.kept.flaw(thorough=True) == ""
    written = place.kept.file.stat().st_mtime_ns

    place.build()
    assert place.listed()[place.image]["id"] == image["id"]
    assert place.kept.file.stat().st_mtime_ns == written
    exported = [path for path in place.kept.path.parent.glob("*/blobs/**/*") if path.is_file()]
    assert sum(path.stat().st_size for path in exported) < 100_000, exported

    made_from = place.kept.inputs
    older = f"FROM {place.image}\nLABEL org.wheeldock.inputs=older\n"
    docker("build", "--quiet", "--tag", place.image, "-", text=older)
    (place.kept.path / "inputs").write_text("older")
    pruned = place.workplace.run("image.prune")
    assert pruned.code == UsageError.code
    assert "the tools changed" in pruned.out
    place.build()
    assert place.kept.inputs == made_from
    assert "Nothing to remove" in place.workplace.run("image.prune").out

    docker("tag", place.image, FOREIGN)
    try:
        refused = place.workplace.run("image.remove", FOREIGN, "--yes")
        assert refused.code == ImageNotRemovedError.code
        assert place.workplace.run("image.remove", place.image).code == UsageError.code
        assert place.workplace.run("image.remove", place.image, "--yes").code == 0
        assert place.image not in place.listed()
        assert docker("image", "ls", "--quiet", FOREIGN)
    finally:
        docker("rmi", FOREIGN)
