from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.unit.screen import Screen
from tests.unit.test_cache import export
from tests.unit.test_imagekeeping import Engine
from tests.unit.test_images import BASE, STAND_IN, TOOLS, engine, info

from wheeldock import diskspace
from wheeldock.errors import EngineUnreachableError
from wheeldock.refusals import builder_not_found

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

MB = 1_000_000


class WithCache(Engine):
    """An engine with cache mounts, ours and others', in a build cache of 100 MB."""

    def __init__(self) -> None:
        super().__init__(*engine().infos)
        self.mounts = {"wheeldock-uv": 20, "wheeldock-compiler-tiny": 30, "apt": 40}

    def disk_usage(self) -> str:
        usage = json.loads(super().disk_usage())
        usage["BuildCache"] = [{"Size": "100MB", "Shared": "false"}]
        return json.dumps(usage)

    def cache_usage(self, builder: str | None = None) -> str:
        assert builder is None
        return "".join(
            f"ID:\t\t{name}!\nSize:\t\t{size}MB\n"
            f'Description:\tcached mount /c from x with id "/{name}"\n\n'
            for name, size in self.mounts.items()
        )

    def remove_cache(self, numbers: Iterable[str], builder: str | None = None) -> None:
        assert builder is None
        for number in numbers:
            del self.mounts[number.removesuffix("!")]


class Away(Engine):
    """An engine that does not answer."""

    def disk_usage(self) -> str:
        message = "no Docker engine answers"
        raise EngineUnreachableError(message)


class Without(WithCache):
    """An engine that lacks the builder."""

    def cache_usage(self, builder: str | None = None) -> str:
        raise builder_not_found(f"{builder}")


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with all that a build leaves, and a user's folders."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "home"))
    export(tmp_path / ".wheeldock/cache/tiny/sdist")
    for name in ("dist/tiny.whl", ".wheeldock/sdist/tiny/src/x.c", "home/wheeldock/images/x"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_bytes(bytes(50_000))
    return tmp_path


def taken(buildx: Engine, screen: Screen) -> dict[str, dict[str, object]]:
    diskspace.show_all(screen.show, as_json=True, buildx=buildx)
    return {each["what"]: each for each in json.loads(screen.text)}


def test_it_tells_what_each_takes_and_what_frees_it(screen: Screen) -> None:
    found = taken(WithCache(), screen)
    assert found[f"image {BASE}"]["size"] == 100 * MB
    assert found[f"image {TOOLS.name}"]["freed_by"] == f"invoke image.remove {TOOLS.name}"
    assert found["cache mount wheeldock-uv"]["size"] == 20 * MB
    assert "cache mount apt" not in found
    assert found["the rest of the build cache, everybody's"]["size"] == 50 * MB
    assert found[".wheeldock/cache/tiny/"]["place"] == "cache"
    for what in ("dist/", ".wheeldock/sdist/"):
        assert 50_000 <= int(str(found[what]["size"])) < 100_000, what
    assert ".wheeldock/cache/" not in found


def test_what_others_have_too_is_not_called_ours(screen: Screen) -> None:
    found = taken(WithCache(), screen)
    ours = {what for what, each in found.items() if each["ours"]}
    assert not ours & {
        "other images, and layers that several have",
        "the rest of the build cache, everybody's",
        "dist/",
    }


def test_layers_of_ours_alone_are_ours(screen: Screen) -> None:
    there = WithCache()
    there.infos = [info(BASE, labels=STAND_IN)]
    found = taken(there, screen)
    shared = found["layers that several of these have"]
    assert (shared["size"], shared["ours"]) == (1200 * MB, True)


def test_people_see_all_cache_mounts_in_one_line(screen: Screen) -> None:
    diskspace.show_all(screen.show, buildx=WithCache())
    (line,) = (line for line in screen.text.splitlines() if "cache mount" in line)
    assert "2 cache mounts wheeldock-*" in line
    assert "50.0 MB" in line
    assert screen.text.splitlines()[-1].endswith("are wheeldock's alone.")


def test_without_an_engine_the_rest_is_told(screen: Screen) -> None:
    diskspace.show_all(screen.show, buildx=Away())
    assert "The engine is left out: no Docker engine answers" in screen.text
    assert "dist/" in screen.text


def test_without_the_builder_the_rest_is_told(screen: Screen) -> None:
    diskspace.show_all(screen.show, buildx=Without())
    assert "The engine is left out: there is no Buildx builder" in screen.text
    assert "dist/" in screen.text


def test_only_our_cache_mounts_are_removed_and_after_a_yes(screen: Screen) -> None:
    there = WithCache()
    screen.answer = False
    diskspace.clear_mounts(yes=False, show=screen.show, confirm=screen.confirm, buildx=there)
    assert len(there.mounts) == 3
    screen.answer = True
    for _ in range(2):
        diskspace.clear_mounts(yes=False, show=screen.show, confirm=screen.confirm, buildx=there)
    assert list(there.mounts) == ["apt"]
    assert len(screen.asked) == 2
    assert "2 of 2 cache mounts removed" in screen.text
