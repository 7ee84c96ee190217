from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.unit.checkouts import FROM_TAG, STATED, Checkout, git, isolate, serving

from wheeldock import release
from wheeldock.errors import (
    BuildFailedError,
    DeploymentRefusedError,
    ReleaseMismatchError,
    StoppedError,
    TagRefusedError,
    UsageError,
    WheeldockError,
)
from wheeldock.releaserecord import Step
from wheeldock.releasestart import Asked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ENVIRON = {"WHEELDOCK_REPOSITORY_TOKEN": "secret-of-the-test"}
URL = "http://127.0.0.1:9/"
STEPS = [Step.BUILD, Step.TEST, Step.VERIFY, Step.DEPLOY]


@pytest.fixture(scope="module")
def index() -> Iterator[str]:
    with serving({}) as url:
        yield url


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, index: str) -> Callable[..., World]:
    """Make a checkout, in which releases can be tried."""
    isolate(monkeypatch, tmp_path)
    monkeypatch.setenv("PIP_INDEX_URL", index)

    def world(pyproject: str = STATED) -> World:
        made = World(Checkout(tmp_path, pyproject))
        monkeypatch.chdir(made.checkout.folder)
        return made

    return world


class World:
    """A checkout, and steps that note that they were done, and when what was pushed."""

    def __init__(self, checkout: Checkout) -> None:
        self.checkout = checkout
        self.built = "tiny-1.0.tar.gz"
        self.done: list[tuple[Step, list[str], list[str]]] = []
        self.failing: dict[Step, BaseException] = {}
        self.said: list[str] = []

    def release(self, version: str = "", *, answer: bool = True, **options: object) -> list[Step]:
        """Try it; the steps that were done."""
        self.done.clear()
        self.said.clear()
        asked = Asked(version=version, repository_url=URL, **options)  # type: ignore[arg-type]
        works = {step: lambda step=step: self._work(step) for step in STEPS}
        release.run(asked, works, environ=ENVIRON, say=self.said.append, ask=lambda _: answer)
        return [step for step, _, _ in self.done]

    def stops(self, error: type[BaseException], version: str = "") -> list[Step]:
        with pytest.raises(error):
            self.release(version)
        return [step for step, _, _ in self.done]

    def _work(self, step: Step) -> None:
        self.done.append((step, self.checkout.tags(), self.checkout.pushed()))
        if step in self.failing:
            raise self.failing[step]
        if step is Step.BUILD:
            self.checkout.write(f"dist/{self.built}", "built")


def test_the_steps_are_done_in_their_order_and_the_tag_is_pushed_before_the_last(
    make: Callable[..., World],
) -> None:
    world = make()
    assert world.release() == STEPS
    assert world.done == [
        *((step, ["v1.0"], []) for step in STEPS[:-1]),
        (Step.DEPLOY, ["v1.0"], ["v1.0"]),
    ]
    assert world.said[0] == "Release of Tiny 1.0:"
    assert world.said[1].startswith("  1. tag ")
    assert world.said[-1] == "Released Tiny 1.0."
    record = json.loads((world.checkout.folder / ".wheeldock/release.json").read_text())
    assert record["done"] == [step.value for step in Step]
    assert "secret" not in json.dumps(record) + "".join(world.said)


def test_a_release_that_is_done_is_not_done_again(make: Callable[..., World]) -> None:
    world = make()
    world.release()
    assert world.release() == []
    assert world.said == ["1.0 is released already, from this commit."]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("error", [BuildFailedError("no"), OSError("full"), KeyboardInterrupt()])
def test_it_goes_on_at_the_step_that_failed(
    make: Callable[..., World], step: Step, error: BaseException
) -> None:
    world = make()
    world.failing[step] = error
    assert world.stops(type(error)) == STEPS[: STEPS.index(step) + 1]
    assert world.checkout.pushed() == (["v1.0"] if step is Step.DEPLOY else [])
    assert any(f", {step.value}: `invoke release` goes on there" in said for said in world.said)
    world.failing.clear()
    assert world.release() == STEPS[STEPS.index(step) :]
    assert world.checkout.pushed() == ["v1.0"]


def test_another_commit_begins_anew_and_takes_the_tag_along(make: Callable[..., World]) -> None:
    world = make()
    world.failing[Step.BUILD] = BuildFailedError("no")
    world.stops(BuildFailedError)
    world.failing.clear()
    world.checkout.commit("mend it")
    world.checkout.push()
    assert world.release() == STEPS
    assert git(world.checkout.remote, "rev-parse", "v1.0^{commit}") == world.checkout.head()


def test_a_tag_that_was_pushed_is_not_taken_along(make: Callable[..., World]) -> None:
    world = make()
    world.failing[Step.DEPLOY] = WheeldockError("no")
    world.stops(WheeldockError)
    world.checkout.commit("more")
    world.checkout.push()
    assert world.stops(TagRefusedError) == []


def test_a_tag_of_somebody_elses_is_not_taken_along(make: Callable[..., World]) -> None:
    world = make()
    world.checkout.git("tag", "v1.0")
    world.checkout.commit("more")
    world.checkout.push()
    assert world.stops(TagRefusedError) == []


def test_what_was_changed_since_it_was_built_is_built_again(make: Callable[..., World]) -> None:
    world = make()
    world.failing[Step.VERIFY] = WheeldockError("no")
    world.stops(WheeldockError)
    world.failing.clear()
    world.checkout.write("dist/tiny-1.0.tar.gz", "other")
    assert world.release() == STEPS
    assert world.said[0] == "note: dist/tiny-1.0.tar.gz is not as it was built: building again"


def test_it_does_not_go_on_with_changes(make: Callable[..., World]) -> None:
    world = make()
    world.failing[Step.TEST] = WheeldockError("no")
    world.stops(WheeldockError)
    world.checkout.write("more.py", "")
    with pytest.raises(TagRefusedError, match=r"not committed: more\.py"):
        world.release()


@pytest.mark.parametrize(
    "built", ["tiny-1.1.dev0+g12.tar.gz", "other-1.0.tar.gz", "tiny-1.0-1.whl"]
)
def test_what_was_built_is_of_the_tags_version(make: Callable[..., World], built: str) -> None:
    world = make()
    world.built = built
    with pytest.raises(ReleaseMismatchError, match=r"v1\.0 is a tag of 1\.0"):
        world.release()
    assert world.checkout.pushed() == []


def test_a_version_that_the_tag_gives_is_remembered(make: Callable[..., World]) -> None:
    world = make(FROM_TAG)
    assert world.stops(UsageError) == []
    world.failing[Step.TEST] = WheeldockError("no")
    world.stops(WheeldockError, "1.0")
    world.failing.clear()
    assert world.release() == STEPS[1:]


@pytest.mark.parametrize("way", ["refused", "dry run"])
def test_nothing_is_done_that_was_not_agreed_to(make: Callable[..., World], way: str) -> None:
    world = make()
    if way == "dry run":
        assert world.release(dry_run=True) == []
    else:
        with pytest.raises(StoppedError):
            world.release(answer=False)
    assert world.checkout.tags() == []
    assert not (world.checkout.folder / ".wheeldock").exists()


def test_a_token_that_is_missing_is_told_before_anything_is_done(
    make: Callable[..., World], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make()
    monkeypatch.setitem(ENVIRON, "WHEELDOCK_REPOSITORY_TOKEN", "")
    with pytest.raises(DeploymentRefusedError, match="WHEELDOCK_REPOSITORY_TOKEN"):
        world.release()
    assert (world.done, world.checkout.tags()) == ([], [])


def test_what_is_tagged_is_what_is_built(make: Callable[..., World]) -> None:
    world = make(STATED + '[tool.wheeldock]\nsource = "example"\n')
    world.checkout.write("example/pyproject.toml", STATED)
    with pytest.raises(UsageError, match="would tag Tiny"):
        world.release()


def test_a_ci_that_deploys_too_is_told(make: Callable[..., World]) -> None:
    world = make()
    world.checkout.write(".gitlab-ci.yml", "a: {script: [wheeldock deploy]}\n")
    world.checkout.commit("ci")
    world.checkout.push()
    world.release(dry_run=True)
    assert any(said.startswith("note: .gitlab-ci.yml deploys") for said in world.said)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 2}', '{"schema": 1, "done": ["x"]}'])
def test_a_record_that_cannot_be_read_is_none(make: Callable[..., World], text: str) -> None:
    world = make()
    world.checkout.write(".wheeldock/release.json", text)
    world.checkout.write(".wheeldock/.gitignore", "*\n")
    assert world.release() == STEPS
