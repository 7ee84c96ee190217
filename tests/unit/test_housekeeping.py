from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.screen import Screen
from tests.unit.test_cache import blob_path, export

from wheeldock import housekeeping
from wheeldock.errors import CacheDamagedError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The cache folder of the working directory: a whole export and one that is not."""
    monkeypatch.chdir(tmp_path)
    cache = tmp_path / "kept"
    monkeypatch.setenv("WHEELDOCK_CACHE_DIR", "kept")
    export(cache / "tiny/sdist")
    blob_path(export(cache / "tiny/cp313-manylinux_x86_64"), b"layer").write_bytes(b"LAYER")
    return cache


def test_the_folder_is_the_one_of_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WHEELDOCK_CACHE_DIR", raising=False)
    assert str(housekeeping.folder()) == ".wheeldock/cache"
    (tmp_path / "pyproject.toml").write_text('[tool.wheeldock]\ncache-dir = "mine"\n')
    assert str(housekeeping.folder()) == "mine"


def test_the_status_says_what_is_there_and_what_is_wrong_with_it(
    cache: Path, screen: Screen
) -> None:
    assert cache.is_dir()
    housekeeping.status(screen.show)
    head, bad, good, summary = (line.split() for line in screen.text.splitlines())
    assert head == ["project", "target", "size", "age", "state"]
    assert bad[:2] == ["tiny", "cp313-manylinux_x86_64"]
    assert "corrupt" in bad
    assert good[:2] == ["tiny", "sdist"]
    assert good[-1] == "usable"
    assert summary[:2] == ["2", "exports"]
    assert summary[-1] == "kept/"


def test_a_path_is_shown_as_it_is(screen: Screen) -> None:
    screen.show("/home/[b]/:cat:/")
    assert screen.text == "/home/[b]/:cat:/\n"


def test_damage_that_is_found_is_an_error_that_names_it(cache: Path, screen: Screen) -> None:
    with pytest.raises(CacheDamagedError, match="cp313-manylinux_x86_64: corrupt") as caught:
        housekeeping.verify(screen.show)
    assert "sdist" not in caught.value.message
    export(cache / "tiny/cp313-manylinux_x86_64")
    housekeeping.verify(screen.show)


def test_what_a_build_may_write_at_the_moment_is_no_damage(cache: Path, screen: Screen) -> None:
    export(cache / "tiny/cp313-manylinux_x86_64")
    (cache / "tiny/sdist.new/ingest").mkdir(parents=True)
    housekeeping.verify(screen.show)
    assert "half-written" in screen.text


def test_nothing_is_removed_without_consent(cache: Path, screen: Screen) -> None:
    screen.answer = False
    housekeeping.clear(yes=False, show=screen.show, confirm=screen.confirm)
    assert (cache / "tiny/sdist/index.json").is_file()
    (asked,) = screen.asked
    assert asked.startswith("Remove 2 exports (")
    assert "Nothing was removed." in screen.text


def test_what_was_renewed_since_it_was_shown_stays(cache: Path, screen: Screen) -> None:
    def confirm(_: str) -> bool:
        (cache / "tiny/sdist/index.json").touch()
        return True

    housekeeping.clear(yes=False, show=screen.show, confirm=confirm)
    assert [path.name for path in (cache / "tiny").iterdir()] == ["sdist"]
    assert screen.text.splitlines()[-1].startswith("1 export (")


def test_consent_in_advance_asks_nothing(cache: Path, screen: Screen) -> None:
    housekeeping.clear(yes=True, show=screen.show, confirm=screen.confirm)
    assert not cache.exists()
    assert screen.asked == []
    assert "2 exports" in screen.text.splitlines()[-1]


def test_pruning_shows_and_removes_only_what_goes(cache: Path, screen: Screen) -> None:
    housekeeping.prune("1MB", yes=False, show=screen.show, confirm=screen.confirm)
    assert [path.name for path in (cache / "tiny").iterdir()] == ["sdist"]
    assert "sdist" not in screen.text
    housekeeping.prune("1MB", yes=False, show=screen.show, confirm=screen.confirm)
    assert len(screen.asked) == 1
    assert "Nothing to remove" in screen.text
