from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from wheeldock import imagecontents
from wheeldock.builder import BuildEndedError
from wheeldock.errors import (
    BaseImageUnavailableError,
    ConfigurationError,
    ImageNotFoundError,
)
from wheeldock.events import Event, Step
from wheeldock.imagecontents import ImageContents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.request import BuildRequest

CONTENTS = ImageContents(
    frozenset({"cp313-cp313", "cp313-cp313t"}),
    "musllinux_1_2",
    "musllinux_1_2_x86_64",
    has_installer=True,
)
ID = "sha256:" + "a1" * 32


def metadata(completed: float | None = 2.0, error: str = "") -> Step:
    return Step("sha256:1", "[internal] load metadata for x:1", 1.0, completed, error=error)


class FakeBuildx:
    """A Buildx that says these events, waits as told, and ends well or not."""

    def __init__(self, *events: Event, good: bool = True, seconds: float = 0) -> None:
        self.events = events
        self.good = good
        self.seconds = seconds
        self.stopped = threading.Event()
        self.requests: list[BuildRequest] = []

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.requests.append(request)
        yield from self.events
        if self.stopped.wait(self.seconds) or not self.good:
            raise BuildEndedError
        request.output.mkdir()
        (request.output / "interpreters").write_text("cp313-cp313\ncp313-cp313t\n")
        (request.output / "policy").write_text("musllinux_1_2\n")
        (request.output / "platform").write_text("musllinux_1_2_x86_64\n")
        (request.output / "installer").write_text("/usr/local/bin/manylinux-interpreters\n")

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def use(monkeypatch: pytest.MonkeyPatch, buildx: FakeBuildx) -> FakeBuildx:
    monkeypatch.setattr(imagecontents, "Buildx", lambda: buildx)
    return buildx


def test_an_image_is_asked_once_and_remembered_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    buildx = use(monkeypatch, FakeBuildx(metadata()))
    assert imagecontents.of("x:1", ID) == CONTENTS
    assert imagecontents.of("y:2", ID) == CONTENTS
    (request,) = buildx.requests
    assert request.build_args == {"BASE_IMAGE": "x:1"}


def test_an_image_without_an_id_is_asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    buildx = use(monkeypatch, FakeBuildx())
    for _ in range(2):
        buildx.stopped.clear()
        assert imagecontents.of("x:1", "") == CONTENTS
    assert len(buildx.requests) == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"interpreters": 3, "policy": "", "platform": ""}']
)
def test_a_spoilt_memory_is_no_memory(
    monkeypatch: pytest.MonkeyPatch, cache: Path, text: str
) -> None:
    imagecontents.remember(ID, CONTENTS)
    (file,) = cache.rglob("*.json")
    file.write_text(text)
    buildx = use(monkeypatch, FakeBuildx())
    assert imagecontents.of("x:1", ID) == CONTENTS
    assert len(buildx.requests) == 1


def test_no_place_to_remember_is_no_error(monkeypatch: pytest.MonkeyPatch, cache: Path) -> None:
    (cache / "wheeldock").write_text("a file where a folder should be")
    use(monkeypatch, FakeBuildx())
    assert imagecontents.of("x:1", ID) == CONTENTS


def test_a_mute_registry_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagecontents, "PATIENCE", 0.05)
    buildx = use(monkeypatch, FakeBuildx(metadata(completed=None), seconds=20))
    with pytest.raises(BaseImageUnavailableError, match=r"x:1 .* not a word in 0\.05 s"):
        imagecontents.look("x:1")
    assert buildx.stopped.is_set()


def test_layers_take_as_long_as_they_need(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imagecontents, "PATIENCE", 0.05)
    use(monkeypatch, FakeBuildx(metadata(), seconds=0.3))
    assert imagecontents.look("x:1") == CONTENTS


def test_what_the_registry_says_is_the_error(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, FakeBuildx(metadata(error="x:1: not found"), good=False))
    with pytest.raises(ImageNotFoundError, match="x:1"):
        imagecontents.look("x:1")


def test_an_image_in_which_nothing_runs_is_no_base_image(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Step("sha256:2", "[look 2/2] RUN ls", 1.0, 2.0, error="exec: /bin/sh: no such file")
    use(monkeypatch, FakeBuildx(metadata(), step, good=False))
    with pytest.raises(ConfigurationError, match="x:1"):
        imagecontents.look("x:1")


def test_ctrl_c_ends_the_look(monkeypatch: pytest.MonkeyPatch) -> None:
    buildx = use(monkeypatch, FakeBuildx(metadata()))

    def interrupted(_: Event) -> bool:
        raise KeyboardInterrupt

    monkeypatch.setattr(imagecontents, "_is_answer", interrupted)
    with pytest.raises(KeyboardInterrupt):
        imagecontents.look("x:1")
    assert buildx.stopped.is_set()
