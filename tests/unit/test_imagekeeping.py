from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.unit.reports import run
from tests.unit.screen import Screen
from tests.unit.test_images import BASE, STAND_IN, TOOLS, FakeEngine, engine, info

from wheeldock import imagekeeping, images, report
from wheeldock.errors import ImageNotRemovedError, UsageError

if TYPE_CHECKING:
    from pathlib import Path


class Engine(FakeEngine):
    """The same, with sizes."""

    stuck: str = ""
    """The name of an image that a container needs."""

    def disk_usage(self) -> str:
        return json.dumps(
            {
                "BuildCache": [],
                "Images": [
                    {
                        "Repository": name.partition(":")[0],
                        "Tag": name.partition(":")[2],
                        "Size": "1.3GB" if "builder" in name else "1.2GB",
                        "SharedSize": "1.2GB",
                        "UniqueSize": "100MB",
                        "Containers": "0",
                    }
                    for one in self.infos
                    for name in one.names
                ],
            }
        )

    def remove_image(self, reference: str, *, force: bool = True) -> None:
        if reference == self.stuck:
            message = f"{reference} stays: a container"
            raise ImageNotRemovedError(message)
        super().remove_image(reference, force=force)


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, in which `tiny` was built last; and a user's folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))
    (tmp_path / ".wheeldock").mkdir()
    report.write(run(base_image=BASE, stand_in=True), tmp_path / ".wheeldock/report.json")
    return tmp_path


def test_the_list_has_ours_and_says_which_are_used_here(screen: Screen) -> None:
    imagekeeping.listing(screen.show, buildx=Engine(*engine().infos))
    _, tools, stand_in = screen.text.splitlines()
    assert tools.split()[:2] == [TOOLS.name, "tiny"]
    assert stand_in.split()[:2] == [BASE, "all"]
    assert tools.split()[-2:] == stand_in.split()[-2:] == ["used", "here"]


def test_the_list_for_programs_is_json(screen: Screen) -> None:
    imagekeeping.listing(screen.show, as_json=True, buildx=Engine(*engine().infos))
    tools, _ = json.loads(screen.text)
    assert (tools["name"], tools["project"], tools["base_image"]) == (TOOLS.name, "tiny", BASE)
    assert (tools["size"], tools["own"], tools["used_here"]) == (1_300_000_000, 100_000_000, True)


def test_an_engine_without_ours_says_so(screen: Screen) -> None:
    imagekeeping.listing(screen.show, buildx=Engine(info("theirs:1", labels=STAND_IN)))
    assert screen.text == "The engine has no image of wheeldock's.\n"


def test_what_images_have_in_common_counts_once(screen: Screen) -> None:
    imagekeeping.size(screen.show, Engine(*engine().infos))
    assert screen.text.startswith("2 images, 200.0 MB of their own and 1.2 GB")


def test_one_image_has_its_own(screen: Screen) -> None:
    imagekeeping.size(screen.show, Engine(engine().infos[0]))
    assert screen.text.startswith("1 image, ")
    assert " of its own and " in screen.text


@pytest.mark.parametrize("name", ["theirs:1", "theirs-builder:1", "tiny-builder:other", "x"])
def test_what_is_not_ours_is_not_removed(name: str, screen: Screen) -> None:
    there = Engine(*engine().infos)
    with pytest.raises(ImageNotRemovedError, match=f"{name} is no image of wheeldock's") as caught:
        imagekeeping.remove(name, yes=True, show=screen.show, confirm=screen.confirm, buildx=there)
    assert TOOLS.name in caught.value.message
    assert there.removed == []


def test_of_many_images_a_few_are_named(screen: Screen) -> None:
    many = (replace(TOOLS, project=f"p{number}") for number in range(9))
    there = Engine(*(info(each.name, labels=each.labels()) for each in many))
    with pytest.raises(ImageNotRemovedError, match=r"p4-builder:.* and 4 more$") as caught:
        imagekeeping.remove("x", yes=True, show=screen.show, confirm=screen.confirm, buildx=there)
    assert "invoke image.list" in caught.value.cure


@pytest.mark.parametrize("name", [TOOLS.name, "tiny-builder"])
def test_one_of_ours_goes_after_a_yes(name: str, screen: Screen) -> None:
    there = Engine(*engine().infos)
    screen.answer = False
    for answer, removed in ((False, []), (True, [TOOLS.name])):
        screen.answer = answer
        imagekeeping.remove(name, yes=False, show=screen.show, confirm=screen.confirm, buildx=there)
        assert there.removed == removed
    assert "Nothing was removed." in screen.text
    assert len(screen.asked) == 2


def prune(there: Engine, screen: Screen, *, everyone: bool = False, days: str = "1e6") -> None:
    imagekeeping.prune(
        everyone=everyone,
        days=days,
        yes=True,
        show=screen.show,
        confirm=screen.confirm,
        buildx=there,
    )


def out_of_date() -> Engine:
    """An engine in which the base image is another one; `other` is the tools of another project."""
    labels = {**TOOLS.labels(), images.PROJECT: "other"}
    return Engine(
        info(BASE, labels=STAND_IN, number="sha256:new"),
        info(TOOLS.name, labels=TOOLS.labels()),
        info("other-builder:manylinux_2_28_x86_64", labels=labels),
    )


def test_pruning_removes_what_is_out_of_date_here(screen: Screen) -> None:
    there = out_of_date()
    prune(there, screen)
    assert there.removed == [TOOLS.name]
    assert "its base image is gone" in screen.text


def test_pruning_for_everyone_looks_at_all_projects(screen: Screen) -> None:
    there = out_of_date()
    there.stuck = TOOLS.name
    with pytest.raises(ImageNotRemovedError, match=f"{TOOLS.name} stays"):
        prune(there, screen, everyone=True)
    assert there.removed == ["other-builder:manylinux_2_28_x86_64"]


def test_what_is_current_goes_when_it_was_not_used_for_long(screen: Screen) -> None:
    there = Engine(*engine().infos)
    prune(there, screen)
    assert there.removed == []
    assert "Nothing to remove" in screen.text
    assert "`--everyone` looks at those of other folders" in screen.text
    mark = images.last_used(TOOLS.name)
    mark.parent.mkdir(parents=True)
    mark.touch()
    prune(there, screen, days="0")
    assert there.removed == [TOOLS.name]
    assert "not used for" in screen.text
    assert not mark.exists()


@pytest.mark.parametrize("days", ["-1", "soon", "nan"])
def test_what_is_no_number_of_days_is_refused(days: str, screen: Screen) -> None:
    with pytest.raises(UsageError, match="--days"):
        prune(out_of_date(), screen, days=days)
