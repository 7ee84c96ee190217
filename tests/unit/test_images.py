from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

import pytest

from wheeldock import images
from wheeldock.builder import Buildx, ImageInfo
from wheeldock.images import Image, Tools
from wheeldock.usage import ImageUse

if TYPE_CHECKING:
    from pathlib import Path

BASE = "wheeldock/stand-in:manylinux_2_28_x86_64"
STAND_IN = {images.STAND_IN: "true"}
TOOLS = Tools(
    project="tiny",
    platform_tag="manylinux_2_28_x86_64",
    base_image=BASE,
    base_digest="sha256:base",
    interpreter="cp313-cp313",
)
CREATED = "2026-11-24T13:27:36.000015+00:00"


def info(*names: str, labels: dict[str, str] | None = None, number: str = "sha256:x") -> ImageInfo:
    return ImageInfo(number, labels or {}, {}, names, CREATED, 3)


class FakeEngine(Buildx):
    """An engine with some images, whose names can be removed."""

    def __init__(self, *infos: ImageInfo) -> None:
        super().__init__()
        self.infos = list(infos)
        self.removed: list[str] = []

    def image(self, reference: str) -> ImageInfo | None:
        return next((one for one in self.infos if reference in one.names), None)

    def images(self, label: str) -> list[ImageInfo]:
        return [one for one in self.infos if label in one.labels]

    def remove_image(self, reference: str, *, force: bool = True) -> None:
        assert not force
        self.removed.append(reference)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def engine() -> FakeEngine:
    """An engine with a stand-in, the tools of a project, and what others built on both."""
    return FakeEngine(
        info(BASE, labels=STAND_IN, number=TOOLS.base_digest),
        info(TOOLS.name, "somebody/copy:1", labels=TOOLS.labels()),
        info("theirs:1", labels=STAND_IN),
        info("theirs-builder:1", labels=TOOLS.labels()),
        info("wheeldock/stand-in:own", labels={"a": "b"}),
    )


def of(project: str, found: list[Image]) -> Image:
    (image,) = (image for image in found if image.project == project)
    return image


def test_an_image_is_ours_by_its_labels_and_its_name() -> None:
    assert TOOLS.name == "tiny-builder:manylinux_2_28_x86_64"
    assert [image.name for image in images.ours(engine())] == [TOOLS.name, BASE]


def test_what_docker_tells_of_an_images_size_is_with_it() -> None:
    use = ImageUse(size=30, shared=20, unique=12, containers=0)
    base = ImageUse(size=28, shared=20, unique=10, containers=0)
    found = images.ours(engine(), {TOOLS.name: use, BASE: base})
    assert [image.use for image in found] == [use, base]
    assert [image.own for image in found] == [2, 10]
    assert [image.own for image in images.ours(engine())] == [3, 3]


@pytest.mark.parametrize(
    "other",
    [
        replace(TOOLS, base_digest="sha256:other"),
        replace(TOOLS, interpreter="cp312-cp312"),
    ],
)
def test_the_inputs_change_with_base_image_and_interpreter(other: Tools) -> None:
    assert other.inputs != TOOLS.inputs


@pytest.mark.parametrize("name", ["toolbox/tools.txt", "toolbox/network.sh", "Dockerfile"])
def test_the_inputs_change_with_what_the_stage_uses(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = TOOLS.inputs
    copy = tmp_path / "docker"
    for path in images.DOCKER.rglob("*"):
        if path.is_file():
            place = copy / path.relative_to(images.DOCKER)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
    monkeypatch.setattr(images, "DOCKER", copy)
    images._recipe.cache_clear()
    assert TOOLS.inputs == before
    text = (copy / name).read_text()
    changed = text.replace("AS repair", "AS  repair")
    if changed != text:  # another stage is none of theirs
        (copy / name).write_text(changed)
        images._recipe.cache_clear()
        assert TOOLS.inputs == before
    (copy / name).write_text(text.replace("AS tools\n", "AS tools\n# changed\n") + "\n# changed\n")
    images._recipe.cache_clear()
    assert TOOLS.inputs != before
    monkeypatch.undo()
    images._recipe.cache_clear()


def test_an_image_as_of_today_has_no_flaw() -> None:
    there = engine()
    assert [image.flaw(there) for image in images.ours(there)] == ["", ""]


def test_an_image_whose_base_or_tools_are_others_is_out_of_date() -> None:
    old = {**TOOLS.labels(), images.INPUTS: "other"}
    there = FakeEngine(
        info(BASE, labels=STAND_IN, number=TOOLS.base_digest), info(TOOLS.name, labels=old)
    )
    assert of("tiny", images.ours(there)).flaw(there) == "the tools changed"
    there = FakeEngine(
        info(BASE, labels=STAND_IN, number="sha256:new"), info(TOOLS.name, labels=TOOLS.labels())
    )
    assert of("tiny", images.ours(there)).flaw(there) == "its base image is gone"


def test_a_base_image_that_is_pinned_is_known_by_that_digest() -> None:
    pinned = replace(TOOLS, base_image="quay.io/pypa/x@sha256:base")
    there = FakeEngine(
        info("quay.io/pypa/x@sha256:base", number="sha256:config"),
        info(TOOLS.name, labels=pinned.labels()),
    )
    assert of("tiny", images.ours(there)).flaw(there) == ""


def test_the_age_counts_from_the_last_use() -> None:
    image = of("tiny", images.ours(engine()))
    assert image.used == datetime.fromisoformat(CREATED).timestamp()
    mark = images.last_used(image.name)
    mark.parent.mkdir(parents=True)
    mark.touch()
    used = datetime(2030, 1, 1, tzinfo=timezone.utc).timestamp()
    os.utime(mark, (used, used))
    assert image.used == used
