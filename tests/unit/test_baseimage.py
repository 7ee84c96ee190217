from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from wheeldock import baseimage, imagecontents, officialimages, standin
from wheeldock.builder import ImageInfo
from wheeldock.builderinfo import BuilderInfo
from wheeldock.errors import (
    BaseImageUnavailableError,
    ConfigurationError,
    EngineUnreachableError,
)
from wheeldock.imagecontents import ImageContents
from wheeldock.tags import Architecture, Platform, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheeldock.baseimage import BaseImage

X86_64 = Architecture.X86_64
MANYLINUX = Platform.parse("manylinux_x86_64")
MUSLLINUX = Platform.parse("musllinux_x86_64")
OFFICIAL = officialimages.pinned_image("manylinux_2_28", MANYLINUX)
assert OFFICIAL is not None
STAND_IN = baseimage.stand_in_reference("manylinux_2_28", X86_64)
CONTENTS = ImageContents(
    frozenset({"cp313-cp313", "cp39-cp39"}), "manylinux_2_28", "manylinux_2_28_x86_64"
)
NO_REGISTRY = BaseImageUnavailableError("the registry does not answer")


@dataclass
class FakeEngine:
    """The images of an engine, and what its registries have."""

    images: set[str] = field(default_factory=set)
    remote: set[str] = field(default_factory=set)
    contents: ImageContents = CONTENTS
    looks: list[str] = field(default_factory=list)
    inspections: int = 0
    down: bool = False

    def image(self, reference: str) -> ImageInfo | None:
        self.inspections += 1
        if self.down:
            raise EngineUnreachableError("down")
        if reference not in self.images:
            return None
        return ImageInfo(id=f"sha256:{abs(hash(reference)):x}", labels={}, environment={})

    def pull(self, reference: str, architecture: Architecture) -> None:
        assert architecture is X86_64
        assert reference in self.looks, "a pull has no bound, so a look comes first"
        self.images.add(reference)

    def look(
        self,
        reference: str,
        builder: BuilderInfo | None = None,
        architecture: Architecture = X86_64,
    ) -> ImageContents:
        assert architecture is X86_64
        self.looks.append(reference)
        local = builder is None or builder.sees_local_images
        if reference in self.remote or (local and reference in self.images):
            return self.contents
        raise NO_REGISTRY


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeEngine:
    engine = FakeEngine()
    monkeypatch.setattr(imagecontents, "look", engine.look)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return engine


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def resolve(engine: FakeEngine, said: list[str]) -> Callable[..., BaseImage]:
    def resolved(
        setting: str, builder: BuilderInfo | None = None, platform: Platform = MANYLINUX
    ) -> BaseImage:
        return baseimage.resolve(setting, platform, engine, say=said.append, builder=builder)

    return resolved


def builder(*, local: bool) -> BuilderInfo:
    driver = "docker" if local else "docker-container"
    return BuilderInfo(name="b", driver=driver, can_export_cache=True, sees_local_images=local)


def test_the_official_image_goes_before_the_stand_in(
    engine: FakeEngine, resolve: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images = {OFFICIAL.reference, STAND_IN}
    image = resolve("manylinux_2_28")
    assert image.reference == OFFICIAL.reference
    assert image.description == f"{OFFICIAL.reference} ({OFFICIAL.tag})"
    assert not image.is_stand_in
    assert said == []


def test_the_stand_in_goes_before_a_pull_and_is_announced_once(
    engine: FakeEngine, resolve: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images, engine.remote = {STAND_IN}, {OFFICIAL.reference}
    image = resolve("manylinux_2_28")
    assert (image.reference, image.is_stand_in) == (STAND_IN, True)
    assert image.policy == Policy.parse("manylinux_2_28")
    assert image.interpreters == {"cp313-cp313", "cp39-cp39"}
    assert said == [image.description]
    assert STAND_IN in said[0]


def test_an_image_that_is_pulled_is_known_the_next_time(
    engine: FakeEngine, resolve: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.remote = {OFFICIAL.reference}
    first = resolve("manylinux_2_28")
    assert said == [f"pulling {OFFICIAL.reference}"]
    engine.remote, engine.inspections = set(), 0
    assert resolve("manylinux_2_28") == first
    assert engine.looks == [OFFICIAL.reference]
    assert engine.inspections == 1


def test_an_image_that_the_cache_folder_tells_of_is_pulled_when_a_build_has_fetched_it(
    engine: FakeEngine, said: list[str], tmp_path: Path
) -> None:
    def resolve() -> BaseImage:
        return baseimage.resolve(
            "manylinux_2_28", MANYLINUX, engine, say=said.append, notes=tmp_path / "notes"
        )

    engine.images = engine.remote = {OFFICIAL.reference}
    first = resolve()
    engine.images = set()
    assert resolve() == first
    assert said == []
    baseimage.keep(first.reference, X86_64, engine)
    assert engine.images == {OFFICIAL.reference}
    engine.images, engine.remote = {OFFICIAL.reference}, set()
    baseimage.keep(first.reference, X86_64, engine)


def test_an_image_without_a_digest_is_not_told_of(engine: FakeEngine, tmp_path: Path) -> None:
    engine.images = {"mine:1"}
    image = baseimage.resolve("mine:1", MANYLINUX, engine, say=print, notes=tmp_path / "notes")
    assert not (tmp_path / "notes").exists()
    engine.images = set()
    baseimage.keep(image.reference, X86_64, engine)
    assert engine.images == set()


def test_an_image_of_ones_own_is_used_where_it_is(
    engine: FakeEngine, resolve: Callable[..., BaseImage], said: list[str]
) -> None:
    engine.images = {"mine:1"}
    assert resolve("mine:1").reference == "mine:1"
    assert resolve("mine:1", builder(local=True)).description == "mine:1"
    assert said == []


def test_neither_image_nor_registry_is_the_registrys_error(
    resolve: Callable[..., BaseImage],
) -> None:
    with pytest.raises(BaseImageUnavailableError) as caught:
        resolve("manylinux_2_28")
    assert caught.value is NO_REGISTRY


@pytest.mark.parametrize("setting", ["mine:1", "manylinux_2_28"])
def test_a_builder_elsewhere_is_told_that_it_does_not_see_the_engines_image(
    engine: FakeEngine, resolve: Callable[..., BaseImage], setting: str
) -> None:
    engine.images = {"mine:1", STAND_IN}
    with pytest.raises(BaseImageUnavailableError, match=r"b \(docker-container\)") as caught:
        resolve(setting, builder(local=False))
    assert "--builder default" in caught.value.cure


@pytest.mark.parametrize("down", [False, True])
def test_a_builder_elsewhere_has_the_registrys_error_for_an_image_that_is_nowhere(
    engine: FakeEngine, resolve: Callable[..., BaseImage], *, down: bool
) -> None:
    engine.down = down
    with pytest.raises(BaseImageUnavailableError) as caught:
        resolve("mine:1", builder(local=False))
    assert caught.value is NO_REGISTRY


def test_a_builder_elsewhere_takes_a_pinned_image_without_the_engine_and_looks_once(
    engine: FakeEngine, resolve: Callable[..., BaseImage]
) -> None:
    engine.remote = {OFFICIAL.reference, "mine:1"}
    for _ in range(2):
        assert resolve("manylinux_2_28", builder(local=False)).reference == OFFICIAL.reference
        # A tag may have moved.
        assert resolve("mine:1", builder(local=False)).reference == "mine:1"
    assert engine.looks == [OFFICIAL.reference, "mine:1", "mine:1"]
    assert engine.inspections == 0


@pytest.mark.parametrize(
    ("contents", "problem"),
    [
        (ImageContents(frozenset(), "", ""), "AUDITWHEEL_POLICY is ''"),
        (ImageContents(frozenset(), "linux", ""), "AUDITWHEEL_POLICY is 'linux'"),
        (ImageContents(frozenset(), "x", "manylinux_2_28_aarch64"), "manylinux_2_28_aarch64"),
    ],
)
def test_an_image_that_is_for_no_policy_or_another_machine_is_an_error(
    engine: FakeEngine, resolve: Callable[..., BaseImage], contents: ImageContents, problem: str
) -> None:
    engine.images, engine.contents = {"mine:1"}, contents
    with pytest.raises(ConfigurationError, match=f"manylinux-x86_64-image: mine:1 .*{problem}"):
        resolve("mine:1")


def test_a_platform_says_the_policy_when_nothing_else_does(
    engine: FakeEngine, resolve: Callable[..., BaseImage]
) -> None:
    engine.images = {"mine:1"}
    engine.contents = ImageContents(frozenset(), "", "musllinux_1_2_x86_64")
    assert resolve("mine:1", platform=MUSLLINUX).policy == Policy.parse("musllinux_1_2")


def test_an_image_for_another_libc_is_an_error(
    engine: FakeEngine, resolve: Callable[..., BaseImage]
) -> None:
    engine.images = {"mine:1"}
    with pytest.raises(ConfigurationError, match="musllinux-x86_64-image: mine:1 is for manylinux"):
        resolve("mine:1", platform=MUSLLINUX)


def test_no_stand_in_is_looked_for_where_there_is_none(
    engine: FakeEngine, resolve: Callable[..., BaseImage]
) -> None:
    engine.images = {STAND_IN}
    with pytest.raises(BaseImageUnavailableError):
        resolve("musllinux_1_2", platform=MUSLLINUX)
    assert engine.inspections == 1


@pytest.mark.parametrize("local", [True, False])
def test_what_only_a_registry_has_is_not_at_hand_until_it_is_known(
    engine: FakeEngine,
    resolve: Callable[..., BaseImage],
    *,
    local: bool,
) -> None:
    def at_hand() -> BaseImage | None:
        return baseimage.at_hand("manylinux_2_28", MANYLINUX, engine, builder=builder(local=local))

    engine.remote = {OFFICIAL.reference}
    assert at_hand() is None
    assert engine.looks == []
    assert resolve("manylinux_2_28", builder(local=local)) == at_hand()


def test_the_stand_in_is_known_by_architecture(engine: FakeEngine) -> None:
    engine.images = {STAND_IN}
    assert baseimage.has_stand_in(X86_64, engine)
    assert not baseimage.has_stand_in(Architecture.AARCH64, engine)


def test_the_stand_in_has_the_name_that_it_is_made_under() -> None:
    assert standin.tag(X86_64) == "wheeldock/stand-in:manylinux_2_28_x86_64"
