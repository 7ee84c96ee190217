from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_baseimage import (
    NO_REGISTRY,
    OFFICIAL,
    STAND_IN,
    X86_64,
    FakeEngine,
    builder,
    engine,
    said,
)

from wheeldock import defaultimage, standin
from wheeldock.errors import BaseImageUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.baseimage import BaseImage
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.tags import Architecture

__all__ = ["engine", "said"]


@pytest.fixture
def ensure(
    engine: FakeEngine, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., BaseImage]:
    def build(
        _: FakeEngine,
        *,
        say: Callable[[str], None],
        install_packages: object,
        architecture: Architecture,
        free_threaded: bool,
    ) -> None:
        assert install_packages is print
        assert architecture is X86_64
        say(f"making the stand-in{', free-threaded' if free_threaded else ''}")
        engine.images.add(STAND_IN)

    monkeypatch.setattr(standin, "build", build)

    def ensured(
        *, current: bool = True, builder: BuilderInfo | None = None, free_threaded: bool = False
    ) -> BaseImage:
        monkeypatch.setattr(
            standin, "is_current", lambda _, **options: current and not any(options.values())
        )
        return defaultimage.ensure(
            engine,
            say=said.append,
            install_packages=print,
            builder=builder,
            free_threaded=free_threaded,
        )

    return ensured


def test_an_official_image_that_is_there_is_all_that_set_up_needs(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images = {OFFICIAL.reference}
    assert ensure().reference == OFFICIAL.reference
    assert said == []


def test_a_current_stand_in_is_enough_for_set_up_and_is_announced(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images, engine.remote = {STAND_IN}, {OFFICIAL.reference}
    assert ensure().is_stand_in
    assert said == [standin.describe(X86_64)]


@pytest.mark.parametrize("images", [set(), {STAND_IN}])
def test_set_up_pulls_the_official_image_rather_than_make_a_stand_in(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str], images: set[str]
) -> None:
    engine.images, engine.remote = images, {OFFICIAL.reference}
    assert ensure(current=False).reference == OFFICIAL.reference
    assert said == [f"pulling {OFFICIAL.reference}"]


@pytest.mark.parametrize("images", [set(), {STAND_IN}])
def test_set_up_makes_the_stand_in_where_no_registry_answers(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str], images: set[str]
) -> None:
    engine.images = images
    assert ensure(current=False).is_stand_in
    assert said == [
        f"pulling {OFFICIAL.reference}",
        NO_REGISTRY.message,
        "making the stand-in",
        standin.describe(X86_64),
    ]


def test_set_up_makes_the_stand_in_anew_when_a_free_threaded_interpreter_is_wanted(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images = {STAND_IN}
    ensure(current=True, free_threaded=True)
    assert "making the stand-in, free-threaded" in said


def test_set_up_makes_no_stand_in_for_a_builder_that_would_not_see_it(
    engine: FakeEngine, ensure: Callable[..., BaseImage], said: list[str]
) -> None:
    with pytest.raises(BaseImageUnavailableError):
        ensure(builder=builder(local=False))
    assert said == []
    assert engine.images == set()
