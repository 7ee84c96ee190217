from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_abi import target, wheel
from tests.unit.test_plan import batch

from wheeldock.errors import BuildFailedError, SameWheelError
from wheeldock.identifier import BuildIdentifier
from wheeldock.plan import BuildTarget, Plan
from wheeldock.progress import Progress
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport, outcome
from wheeldock.served import make_all, settle
from wheeldock.targets import TargetResult
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Made:
    """Results of targets, in folders of their own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, python: str, abi: str) -> TargetResult:
        path = self._folder / python / wheel(abi)
        path.parent.mkdir()
        path.write_bytes(python.encode())
        distribution = read_distribution(path)
        assert distribution
        return TargetResult.made(str(target(python)), distribution, BuildRecord(), 1.0)


@pytest.fixture
def made(tmp_path: Path) -> Made:
    return Made(tmp_path)


def failed(python: str) -> TargetResult:
    name = str(target(python))
    return TargetResult.failed(name, BuildFailedError(f"{name}: no"), BuildRecord(), 1.0)


class Bench:
    """Builds targets as a table says, and notes in which turns."""

    def __init__(self, made: Made, **abis: str) -> None:
        self.turns: list[list[str]] = []
        self.shown: list[str] = []
        self._made = made
        self._abis = abis

    def at_once(self, targets: Sequence[BuildTarget]) -> list[TargetResult]:
        pythons = [target.identifier.python for target in targets]
        self.turns.append(pythons)
        return [
            self._made(python, self._abis[python]) if self._abis[python] else failed(python)
            for python in pythons
        ]

    def outcomes(self, *abis: str) -> list[str]:
        plan = Plan((batch(*map(target, self._abis)),), frozenset(abis))
        results = make_all(plan, self.at_once, Shown(self.shown))
        return [outcome(result.report) for result in results]


class Shown(Progress):
    def __init__(self, names: list[str]) -> None:
        self._names = names

    def finished(self, report: TargetReport) -> None:
        self._names.append(report.name)


def test_what_a_wheel_serves_is_not_built_and_shown(made: Made) -> None:
    bench = Bench(made, cp39="cp39-cp39", cp311="cp311-abi3", cp313="", cp313t="cp313-cp313t")
    assert bench.outcomes("cp311-abi3") == ["given", "given", "served", "given"]
    assert bench.turns == [["cp39", "cp311", "cp313t"]]
    assert bench.shown == ["cp313-manylinux_x86_64"]


def test_what_was_expected_in_vain_is_built_after_all(made: Made) -> None:
    bench = Bench(made, cp311="cp311-cp311", cp313="cp313-cp313", cp314="cp314-cp314")
    assert bench.outcomes("cp32-abi3") == ["given"] * 3
    assert bench.turns == [["cp311"], ["cp313", "cp314"]]
    assert bench.shown == []


def test_what_nobody_expected_comes_out_the_same(made: Made) -> None:
    bench = Bench(made, cp311="cp311-abi3", cp313="cp313-abi3", cp314="cp314-abi3")
    assert bench.outcomes() == ["given", "served", "served"]
    assert bench.turns == [["cp311", "cp313", "cp314"]]


def test_when_the_first_fails_the_others_are_built(made: Made) -> None:
    bench = Bench(made, cp311="", cp313="cp313-abi3", cp314="cp314-abi3")
    assert bench.outcomes("cp32-abi3") == ["failed", "given", "served"]
    assert bench.turns == [["cp311"], ["cp313", "cp314"]]


def test_what_was_not_built_is_served_and_has_no_file(made: Made) -> None:
    oldest = made("cp311", "cp311-abi3")
    results = settle([target("cp311"), target("cp313")], {target("cp311"): oldest})
    assert results[0] is oldest
    report = results[1].report
    assert (report.name, report.file, report.served_by) == (
        "cp313-manylinux_x86_64",
        None,
        wheel("cp311-abi3"),
    )
    assert (outcome(report), report.seconds) == ("served", 0.0)


def test_of_wheels_that_nobody_foresaw_the_oldest_stays(made: Made) -> None:
    targets = [target("cp313"), target("cp311")]  # as the command line may name them
    results = settle(
        targets,
        {targets[0]: made("cp313", "cp311-abi3"), targets[1]: made("cp311", "cp311-abi3")},
    )
    assert [result.report.served_by for result in results] == [wheel("cp311-abi3"), ""]
    assert [result.distribution is None for result in results] == [True, False]
    assert results[0].report.seconds == 1.0


def test_a_failure_does_not_matter_where_an_older_wheel_serves(made: Made) -> None:
    targets = [target("cp311"), target("cp313")]
    results = settle(
        targets, {targets[0]: made("cp311", "cp311-abi3"), targets[1]: failed("cp313")}
    )
    assert [result.error for result in results] == [None, None]
    assert outcome(results[1].report) == "served"


def test_a_failure_of_the_oldest_stays_one(made: Made) -> None:
    targets = [target("cp311"), target("cp313")]
    results = settle(
        targets, {targets[0]: failed("cp311"), targets[1]: made("cp313", "cp313-abi3")}
    )
    assert [outcome(result.report) for result in results] == ["failed", "given"]


def test_two_wheels_of_one_name_are_an_error_where_neither_serves_both(made: Made) -> None:
    targets = [target("cp313"), target("cp313t")]
    results = settle(
        targets,
        {targets[0]: made("cp313", "cp313-abi3"), targets[1]: made("cp313t", "cp313-abi3")},
    )
    assert results[0].error is None
    error = results[1].error
    assert isinstance(error, SameWheelError)
    for part in ("cp313t-manylinux_x86_64", "of cp313-manylinux_x86_64", wheel("cp313-abi3")):
        assert part in error.message
    assert error.cure == "Tag it for its interpreter, or skip one of the two."
    assert (results[1].distribution, results[1].report.exit_code) == (None, 34)


def test_two_wheels_of_one_interpreter_and_name_need_their_platforms_tags(made: Made) -> None:
    other = BuildTarget(BuildIdentifier.parse("cp313-musllinux_x86_64"), "musllinux_1_2_x86_64")
    wheel = made("cp313", "cp313-cp313")
    error = settle([target("cp313"), other], {target("cp313"): wheel, other: wheel})[1].error
    assert isinstance(error, SameWheelError)
    assert error.cure.startswith("Let repair-wheel-command give each the tag of its platform")
