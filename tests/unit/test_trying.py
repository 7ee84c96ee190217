from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_abi import wheel
from tests.unit.test_targets import Says
from tests.unit.test_trials import CP313, place, settings

from wheeldock import report, tested
from wheeldock.builder import BuildEndedError
from wheeldock.errors import FailedTestError, NotInstallableError, StoppedError
from wheeldock.events import Event, Log, Notice, Step
from wheeldock.identifier import BuildIdentifier
from wheeldock.made import stamps
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds
from wheeldock.tested import Passed
from wheeldock.trials import Trial
from wheeldock.trying import Prepared, TrialResult, Trier

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAME = wheel("cp313-cp313")
ENDED = "process did not complete successfully: exit code: "
FAILED = [
    Step("1", "[test 1/1] RUN x", 1.0, error=f"{ENDED}50"),
    Log("1", "E   assert 1 == 2\nwheeldock: the test command failed with exit code 1: pytest\n"),
]


class Builder:
    """Ends with each list of events in turn, then passes."""

    def __init__(self, *failures: Sequence[Event]) -> None:
        self.failures = list(failures)
        self.requests: list[BuildRequest] = []

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.requests.append(request)
        if request.output is None:
            yield Notice("seeded")
            return
        assert isinstance(request.output, Path)
        assert [path.name for path in request.contexts["wheel"].iterdir()] == [NAME]
        if self.failures:
            yield from self.failures.pop(0)
            raise BuildEndedError
        request.output.mkdir()
        told = {"seconds": 0.5, "python": "3.13.5", "warning": ""}
        (request.output / "outcome.json").write_text(json.dumps(told))
        yield Step("1", "[test 1/1] RUN x", 1.0, 2.0)
        yield Log("1", "1 passed\n")

    def stop(self) -> None:
        """Do nothing."""


class Bench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.display = Says()
        (folder / "dist").mkdir()
        (folder / "dist" / NAME).write_bytes(b"a wheel")
        identifier = BuildIdentifier.parse(CP313)
        trial = Trial(
            wheel=folder / "dist" / NAME,
            identifier=identifier,
            place=place(CP313),
            options=settings().for_target(identifier),
        )
        request = BuildRequest(target="outcome", dockerfile=Path("D"), context=Path(), output=None)
        self.prepared = Prepared(trial=trial, request=request, key="the key")

    def run(self, builder: Builder, **before: Passed) -> TrialResult:
        seeds = {"seeds": self.folder / "seeds"}
        seeding = BuildRequest(
            target="seed", dockerfile=Path("D"), context=Path(), contexts=seeds, output=None
        )
        trier = Trier(
            display=self.display,
            seeder=Seeder(builder, "base", Seeds(), seeding),
            before={key.replace("_", " "): passed for key, passed in before.items()},
            scratch=self.folder / "scratch",
        )
        return trier.run(self.prepared)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_a_trial_that_passes_tells_of_itself(bench: Bench) -> None:
    result = bench.run(Builder())
    assert report.outcome(result.report) == "passed"
    assert (result.report.python, result.report.tests) == ("3.13.5", 0.5)
    assert result.report.log == ("1 passed",)
    assert (result.key, result.error) == ("the key", None)
    assert result.passed == Passed(seconds=0.5, python="3.13.5", log=("1 passed",))
    assert list((bench.folder / "scratch").iterdir()) == []


def test_a_wheel_that_was_tested_is_known_again(bench: Bench) -> None:
    made = stamps({"wheel": [bench.prepared.trial.wheel]})
    bench.run(Builder())
    assert stamps({"wheel": [bench.prepared.trial.wheel]}) == made


def test_what_has_passed_is_not_run_again(bench: Bench) -> None:
    builder = Builder()
    result = bench.run(builder, the_key=Passed(seconds=0.5, python="3.13.5"))
    assert builder.requests == []
    assert report.outcome(result.report) == "cached"


def test_a_failure_names_the_wheel_the_image_and_the_command_and_shows_the_log(
    bench: Bench,
) -> None:
    result = bench.run(Builder(FAILED))
    assert type(result.error) is FailedTestError
    assert result.passed is None
    assert report.outcome(result.report) == "failed"
    place = f"{NAME} on {CP313}, image registry/base-image, stage test"
    assert result.error.message.splitlines() == [
        f"{place}: the test command failed with exit code 1: pytest",
        "    E   assert 1 == 2",
    ]


def test_a_wheel_that_cannot_be_installed_is_another_failure(bench: Bench) -> None:
    failed = [Step("1", "[test 1/1] RUN x", 1.0, error=f"{ENDED}51")]
    assert type(bench.run(Builder(failed)).error) is NotInstallableError


def test_a_trial_that_is_stopped_has_not_failed(bench: Bench) -> None:
    stopped = [Step("1", "[test 1/1] RUN x", 1.0, error="context canceled")]
    assert type(bench.run(Builder(stopped)).error) is StoppedError


def test_a_trial_that_lacks_what_the_machine_has_begins_again_with_it(bench: Bench) -> None:
    lacks = [
        Step("1", "[test 1/1] RUN x", 1.0, error=f"{ENDED}1"),
        Log("1", "wheeldock-seeds: missing: the CA bundle\n"),
    ]
    builder = Builder(lacks)
    result = bench.run(builder)
    assert [request.target for request in builder.requests] == ["outcome", "seed", "outcome"]
    assert result.report.log == ("1 passed",)


def test_an_oddity_is_told_with_the_wheel(bench: Bench) -> None:
    known = Passed(seconds=0.5, python="3.13.5", warning="its tests imported none of its modules")
    result = bench.run(Builder(), the_key=known)
    assert result.report.warning.startswith(NAME)
    assert result.report.warning.endswith(known.warning)


def test_a_trial_is_known_by_all_that_it_is_made_from(bench: Bench) -> None:
    wheel_file = bench.prepared.trial.wheel
    request = bench.prepared.request

    def key(image: str = "sha256:1", files: str = "1") -> str:
        return tested.key(request, wheel_file, image, files)

    before = key()
    assert key() == before
    assert key(image="sha256:2") != before
    assert key(files="2") != before
    assert key(image="") == ""
    more = replace(request, passed={"test": ("A",)})
    assert tested.key(more, wheel_file, "sha256:1", "1") != before
    wheel_file.write_bytes(b"another")
    assert key() != before


def test_what_passed_is_remembered_the_newest_last(tmp_path: Path) -> None:
    path = tmp_path / "tested.json"
    assert tested.read(path) == {}
    many = {f"{n}": Passed(seconds=1.0, python="3.9", log=("a",)) for n in range(tested.MOST + 1)}
    tested.write(path, many)
    kept = tested.read(path)
    assert list(kept) == list(many)[1:]
    assert kept["1"] == many["1"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"schema": 1}', '{"schema": 1, "passed": 3}'])
def test_what_is_not_understood_is_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "tested.json"
    path.write_text(text)
    assert tested.read(path) == {}
