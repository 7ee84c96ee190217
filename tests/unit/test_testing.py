from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_abi import target, wheel
from tests.unit.test_plan import OFFER, batch
from tests.unit.test_targets import Says
from tests.unit.test_trying import Builder as Trying

from wheeldock import planning, tester, testing
from wheeldock.builderinfo import BuilderInfo
from wheeldock.errors import (
    ConfigurationError,
    FailedTestError,
    NothingToTestError,
    NotInstallableError,
    UsageError,
    WheeldockError,
)
from wheeldock.plan import Plan
from wheeldock.planning import Asked
from wheeldock.state import State
from wheeldock.together import joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wheeldock.events import Event
    from wheeldock.planning import Inputs
    from wheeldock.request import BuildRequest
    from wheeldock.trialreport import TestingReport

NAMES = [wheel(f"cp3{n}-cp3{n}") for n in (11, 13)]
PLAN = Plan(
    batches=(batch(target("cp311"), target("cp313"), offer=replace(OFFER, digest="sha256:1")),)
)
BUILDER = BuilderInfo("default", "docker", can_export_cache=True, sees_local_images=True)


class Builder(Trying):
    """Passes every trial, and keeps what it was told."""

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.requests.append(request)
        assert isinstance(request.output, Path)
        request.output.mkdir()
        told = {"seconds": 0.5, "python": "3.13.5", "warning": ""}
        (request.output / "outcome.json").write_text(json.dumps(told))
        yield from ()


class Bench:
    """A project in the working directory, with two wheels."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.display = Says()
        self.runs = 0
        self.configure("")
        (folder / "dist").mkdir()
        for name in (*NAMES, "other-1.0-py3-none-any.whl", "no wheel.whl"):
            (folder / "dist" / name).write_bytes(b"a wheel")
        self.state = State(folder / ".wheeldock")
        self.state.create()

    def configure(self, options: str, more: str = "") -> None:
        text = f'[project]\nname = "tiny"\nversion = "1.0"\n{more}[tool.wheeldock]\n{options}'
        (self.folder / "pyproject.toml").write_text(text)

    def inputs(self, **options: str) -> Inputs:
        return planning.read(Asked(options=options), self.state)

    def test(self, *names: str, again: bool = False) -> tuple[TestingReport, list[BuildRequest]]:
        self.runs += 1
        builder = Builder()
        trier = tester.Tester(
            buildx=builder,  # type: ignore[arg-type]
            display=self.display,
            state=self.state,
            inputs=self.inputs(),
            plan=PLAN,
            builder=BUILDER,
            scratch=self.folder / ".wheeldock" / f"run-{self.runs}",
            again=again,
        )
        wheels = [self.folder / "dist" / name for name in names or NAMES]
        report, errors = trier.test(wheels)
        assert errors == []
        return report, builder.requests


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.chdir(tmp_path)
    return Bench(tmp_path)


def outcomes(report: TestingReport) -> list[bool]:
    return [trial.cached for trial in report.trials]


def test_what_has_passed_is_tested_again_when_something_changed(bench: Bench) -> None:
    report, requests = bench.test()
    assert (outcomes(report), len(requests)) == ([False, False], 2)
    report, requests = bench.test()
    assert (outcomes(report), requests) == ([True, True], [])
    (bench.folder / "dist" / NAMES[0]).write_bytes(b"another wheel")
    report, requests = bench.test()
    assert (outcomes(report), len(requests)) == ([False, True], 1)
    bench.configure('test-command = "x"\n')
    report, requests = bench.test()
    assert (outcomes(report), len(requests)) == ([False, False], 2)
    report, requests = bench.test(again=True)
    assert (outcomes(report), len(requests)) == ([False, False], 2)
    assert len({request.build_args["AGAIN"] for request in requests}) == 1


def test_requirements_are_those_of_groups_too(bench: Bench) -> None:
    groups = '[dependency-groups]\ntest = ["pytest"]\n'
    bench.configure('test-requires = "numpy"\ntest-groups = ["test"]\n', groups)
    _, requests = bench.test()
    told = json.loads(requests[0].build_args["TRIAL"])
    assert told["requires"] == ["numpy", "pytest"]


def test_a_group_that_is_not_there_is_told_before_anything_is_tested(bench: Bench) -> None:
    bench.configure('test-groups = ["gone"]\n')
    with pytest.raises(ConfigurationError, match="no dependency group 'gone'; it has none"):
        bench.test()


def test_all_files_that_are_not_there_are_told_before_anything_is_tested(bench: Bench) -> None:
    bench.configure(
        'test-command = "x"\ntest-sources = ["gone"]\n'
        '[[tool.wheeldock.overrides]]\nselect = "cp313-*"\ntest-sources = ["lost"]'
    )
    with pytest.raises(ConfigurationError) as caught:
        bench.test()
    assert [problem.partition(" is missing")[0] for problem in caught.value.problems] == [
        "pyproject.toml [tool.wheeldock] test-sources: 'gone'",
        "pyproject.toml [tool.wheeldock.overrides[0]] test-sources: 'lost'",
    ]


def test_wheels_that_fit_nowhere_are_an_error(bench: Bench) -> None:
    with pytest.raises(NothingToTestError, match=r"no interpreter .* fits tiny-1.0-cp39-cp39"):
        bench.test(wheel("cp39-cp39"))


def test_images_are_fetched_for_the_wheels_alone(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted: list[str] = []

    def fetched(inputs: Inputs, *_: object) -> Plan:
        wanted.extend(map(str, inputs.selection.identifiers))
        return PLAN

    monkeypatch.setattr(planning, "fetched", fetched)
    monkeypatch.setattr(Builder, "info", lambda *_: BUILDER, raising=False)
    names = [Path("dist", NAMES[1])]
    with testing._tester(bench.inputs(), names, Builder(), bench.display, bench.state):  # type: ignore[arg-type]
        assert wanted == ["cp313-manylinux_x86_64"]


def test_two_wheels_of_one_interpreter_are_told_apart(bench: Bench) -> None:
    newer = NAMES[1].replace("1.0", "1.1")
    (bench.folder / "dist" / newer).write_bytes(b"a newer wheel")
    report, _ = bench.test(NAMES[1], newer)
    names = [trial.name for trial in report.trials]
    assert names == [f"{name} on cp313-manylinux_x86_64" for name in (NAMES[1], newer)]


def found(bench: Bench, *named: str, **options: str) -> list[str]:
    return [path.name for path in testing._wheels(named, bench.inputs(**options))]


def test_the_projects_own_wheels_of_the_output_folder_are_tested(bench: Bench) -> None:
    assert found(bench) == NAMES
    other = "dist/other-1.0-py3-none-any.whl"
    assert found(bench, other, f"./{other}") == ["other-1.0-py3-none-any.whl"]


@pytest.mark.parametrize(
    ("named", "said"),
    [
        (["dist"], "'dist' is no wheel's file name"),
        (["dist/no wheel.whl"], "'no wheel.whl' is no wheel's file name"),
        (["tiny-1.0.tar.gz"], "'tiny-1.0.tar.gz' is no wheel's file name"),
        ([NAMES[0]], f"{NAMES[0]} is missing"),
    ],
)
def test_a_file_that_is_no_wheel_or_not_there_is_told(
    bench: Bench, named: Sequence[str], said: str
) -> None:
    with pytest.raises(NothingToTestError, match=said):
        found(bench, *named)


def test_a_folder_without_the_projects_wheels_is_told(bench: Bench) -> None:
    for options in ({"output-dir": "gone"}, {"output-dir": "."}):
        with pytest.raises(NothingToTestError, match="there is no wheel of tiny in "):
            found(bench, **options)


@pytest.mark.parametrize("junit", ["dist", "pyproject.toml/tests.xml"])
def test_a_place_that_can_be_no_file_is_told_before_anything_is_tested(
    bench: Bench, junit: str
) -> None:
    assert bench.folder == Path.cwd()
    with pytest.raises(UsageError, match=f"--junit: {junit} is no place for a file"):
        testing.run(Asked(options={}), wheels=(), again=False, junit=junit, progress="quiet")


def test_failures_of_one_kind_are_one_of_that_kind() -> None:
    failed, missing = FailedTestError("a"), NotInstallableError("b", cure="Install it.")
    assert type(joined([missing, missing], FailedTestError)) is NotInstallableError
    both: WheeldockError = joined([failed, missing], FailedTestError)
    assert type(both) is FailedTestError
    assert (both.message, both.cure) == ("a\nb", "Install it.")
