from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_abi import target
from tests.unit.test_plan import OFFER, batch
from tests.unit.test_trials import CP311, CP313, place, tried

from wheeldock import distributions, imagecontents, testimages
from wheeldock.builder import ImageInfo
from wheeldock.builderinfo import BuilderInfo
from wheeldock.errors import BaseImageUnavailableError, ConfigurationError, ImageNotFoundError
from wheeldock.images import TEST_IMAGE, is_ours
from wheeldock.plan import Plan
from wheeldock.tags import Architecture
from wheeldock.testimages import Finder, parse

if TYPE_CHECKING:
    from wheeldock.request import BuildRequest
    from wheeldock.trials import Place

X86_64 = Architecture.X86_64
NO_REGISTRY = BaseImageUnavailableError("no registry answers")
PYTHONS = "cp311-manylinux_x86_64 2.36 /usr/bin/python3\n"
PLAN = Plan(batches=(batch(target("cp311"), target("cp313"), offer=OFFER),))


class Engine:
    """An engine with some images, whose registry has others."""

    def __init__(self, *there: str, registry: tuple[str, ...] = (), pythons: str = PYTHONS) -> None:
        self.there = set(there)
        self.registry = registry
        self.pythons = pythons
        self.looked: list[str] = []
        self.said: list[str] = []
        self.refusal: Exception = NO_REGISTRY

    def image(self, reference: str) -> ImageInfo | None:
        if reference not in self.there:
            return None
        return ImageInfo(id=f"sha256:{reference}", labels={}, environment={})

    def pull(self, reference: str, _: Architecture) -> None:
        self.there.add(reference)

    def ask(self, request: BuildRequest, reference: str) -> None:
        self.looked.append(reference)
        assert (request.target, request.architecture) == ("pythons", X86_64)
        if reference not in self.there | set(self.registry):
            raise self.refusal
        assert isinstance(request.output, Path)
        (request.output / "pythons").write_text(self.pythons)

    def make(self, name: str, architecture: Architecture, *_: object, **__: object) -> None:
        self.there.add(distributions.stand_in(name, architecture))


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(testimages, "user_cache_path", lambda _: tmp_path)


def places(
    engine: Engine,
    *names: str,
    monkeypatch: pytest.MonkeyPatch,
    plan: Plan = PLAN,
    local: bool = True,
) -> list[Place]:
    monkeypatch.setattr(imagecontents, "ask", engine.ask)
    monkeypatch.setattr(distributions, "build", engine.make)
    builder = BuilderInfo("default", "docker", can_export_cache=True, sees_local_images=local)
    finder = Finder(buildx=engine, builder=builder, say=engine.said.append)  # type: ignore[arg-type]
    return finder.places(plan, [(name, X86_64) for name in names])


def test_pythons_are_read_the_first_of_each_kind() -> None:
    found = parse(
        "cp311-manylinux_x86_64 2.36 /usr/local/bin/python3\n"
        "cp311-manylinux_x86_64 2.36 /usr/bin/python3.11\n"
        "cp313t-musllinux_aarch64 1.2.5 /a path/python3\n"
        "cp35-manylinux_x86_64 2.17 /usr/bin/python3.5\n"
        "cp313-manylinux_sparc 2.17 /usr/bin/python3.5\n"
        "cp313-manylinux_x86_64 unknown /usr/bin/python3\n"
        "nonsense\n"
    )
    assert [(str(each.identifier), each.ceiling.name, each.path) for each in found] == [
        (CP311, "manylinux_2_36", "/usr/local/bin/python3"),
        ("cp313t-musllinux_aarch64", "musllinux_1_2", "/a path/python3"),
    ]


def test_an_image_of_the_engine_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("debian:oldstable", "wheeldock/test:oldstable-x86_64")
    (found,) = places(engine, "debian:oldstable", monkeypatch=monkeypatch)
    assert (found.image, found.name) == ("debian:oldstable", "debian:oldstable")
    assert found.digest == "sha256:debian:oldstable"
    assert found.ceiling.name == "manylinux_2_36"
    assert {str(key): path for key, path in found.pythons.items()} == {CP311: "/usr/bin/python3"}
    assert not found.is_base
    assert engine.said == []


def test_what_an_image_has_is_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("debian:sid")
    first = places(engine, "debian:sid", monkeypatch=monkeypatch)
    assert places(engine, "debian:sid", monkeypatch=monkeypatch) == first
    assert engine.looked == ["debian:sid"]


def test_an_image_of_a_registry_is_pulled(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(registry=("python:3.11-slim",))
    (found,) = places(engine, "python:3.11-slim", monkeypatch=monkeypatch)
    assert found.image == "python:3.11-slim"
    assert engine.there == {"python:3.11-slim"}


def test_a_builder_elsewhere_pulls_it_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine(registry=("python:3.11-slim",))
    (found,) = places(engine, "python:3.11-slim", monkeypatch=monkeypatch, local=False)
    assert found.digest == ""
    assert engine.there == set()


@pytest.mark.parametrize("name", ["debian:oldstable", "debian:bookworm-slim"])
def test_a_release_of_debian_is_made_where_no_registry_answers(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    engine = Engine()
    (found,) = places(engine, name, monkeypatch=monkeypatch)
    suite = name.partition(":")[2].partition("-")[0]
    assert (found.name, found.image) == (name, f"wheeldock/test:{suite}-x86_64")
    assert "test-images: no registry answers" in engine.said
    engine.said.clear()
    places(engine, name, monkeypatch=monkeypatch)
    assert engine.said == []


@pytest.mark.parametrize(
    "name", ["alpine:3", "python:3.11", "debian:12", "debian", "me/debian:sid", "ubuntu:noble"]
)
def test_another_image_has_no_stand_in(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(
        BaseImageUnavailableError, match="test-images: no registry answers"
    ) as caught:
        places(Engine(), name, monkeypatch=monkeypatch)
    assert ("musl" in caught.value.cure) == name.startswith("alpine")


def test_an_image_that_is_not_there_and_one_without_a_shell_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine()
    engine.refusal = ImageNotFoundError("there is no image x:1")
    with pytest.raises(ImageNotFoundError, match="test-images: there is no image x:1"):
        places(engine, "x:1", monkeypatch=monkeypatch)
    engine.refusal = ConfigurationError(["no shell"])
    with pytest.raises(ConfigurationError, match="test-images: no shell runs in x:1"):
        places(engine, "x:1", monkeypatch=monkeypatch)


def test_an_image_without_a_python_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("debian:sid", pythons="")
    assert places(engine, "debian:sid", monkeypatch=monkeypatch) == []
    assert engine.said == ["test-images: debian:sid has no Python that wheels are built for"]


def test_an_image_for_a_platform_that_is_not_planned_has_no_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    engine = Engine("alpine:3", pythons="cp311-musllinux_x86_64 1.2.5 /usr/bin/python3\n")
    assert places(engine, "alpine:3", monkeypatch=monkeypatch) == []
    musl = replace(OFFER, platform_tag="musllinux_1_2_x86_64")
    more = batch(target("cp311", "musllinux_1_2_x86_64"), offer=musl)
    plan = Plan(batches=(*PLAN.batches, more))
    (found,) = places(engine, "alpine:3", monkeypatch=monkeypatch, plan=plan)
    assert found.installer_image == musl.image


def test_an_image_is_for_the_identifiers_whose_options_name_it() -> None:
    wheels = [f"tiny-1.0-cp3{n}-cp3{n}-manylinux_2_28_x86_64.whl" for n in (11, 13)]
    here, there = place(CP311, CP313), place(CP311, CP313, name="debian:x")
    override = {"select": "cp313-*", "test-images": ["debian:x"]}
    found, _ = tried(*wheels, places=[here, there], overrides=[override])
    assert found == [f"cp311 {CP311}", f"cp313 {CP313}", f"cp313 {CP313} on debian:x"]


def test_a_stand_in_is_ours_by_its_label_and_its_name() -> None:
    request = distributions.request("wheeldock/test:sid-x86_64", "debian:sid", X86_64, Path())
    assert is_ours("wheeldock/test:sid-x86_64", request.labels)
    assert not is_ours("somebody/test:sid", request.labels)
    assert not is_ours("wheeldock/test:sid-x86_64", {"other": "label"})
    assert request.labels[TEST_IMAGE] == "debian:sid"
