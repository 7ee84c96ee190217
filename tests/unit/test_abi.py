from __future__ import annotations

import pytest
from tests.unit.reports import FAILED, SDIST, run

from wheeldock.abi import abis, can_load, expected, led, served, shared_abis
from wheeldock.identifier import BuildIdentifier
from wheeldock.plan import BuildTarget
from wheeldock.report import RunReport, TargetReport

PLATFORM = "manylinux_2_28_x86_64"
EVERY = ["cp39", "cp311", "cp313", "cp313t", "cp315", "cp315t", "pp311"]
STATED = frozenset(["cp312-abi3"])


def target(python: str, platform: str = PLATFORM) -> BuildTarget:
    libc, _, rest = platform.partition("_")
    architecture = rest.split("_", 2)[2]
    identifier = BuildIdentifier.parse(f"{python}-{libc}_{architecture}")
    return BuildTarget(identifier, platform)


def wheel(abi: str, platform: str = PLATFORM) -> str:
    return f"tiny-1.0-{abi}-{platform}.whl"


def last(**abis: str) -> RunReport:
    """A run that gave each of these interpreters such a wheel."""
    made = (
        TargetReport(name=str(target(python)), file=wheel(abi), stages={}, seconds=1.0)
        for python, abi in abis.items()
    )
    return run(SDIST, FAILED, *made)


@pytest.mark.parametrize(
    ("abi", "pythons"),
    [
        ("cp311-cp311", ["cp311"]),
        ("cp311-abi3", ["cp311", "cp313", "cp315"]),
        ("cp315-abi3", ["cp315"]),
        ("cp313-cp313t", ["cp313t"]),
        ("cp315-abi3.abi3t", ["cp315", "cp315t"]),
        ("py3-none", EVERY),
        ("py2.py3-none", EVERY),
        ("cp311-none", ["cp311"]),
        ("pp311-pypy311_pp80", ["pp311"]),
    ],
)
def test_a_wheel_serves_interpreters_by_its_tags(abi: str, pythons: list[str]) -> None:
    made = abis(wheel(abi))
    assert [python for python in EVERY if can_load(target(python).identifier, made)] == pythons


def test_a_wheel_serves_targets_of_its_own_platform_alone() -> None:
    made, same = target("cp311"), target("cp313")
    others = [target("cp313", tag) for tag in ("manylinux_2_28_aarch64", "musllinux_1_2_x86_64")]
    for platform in (PLATFORM, "manylinux2014_x86_64.manylinux_2_28_x86_64", "linux_x86_64"):
        name = wheel("cp311-abi3", platform)
        assert served([made, same, *others], {made: name}) == {same: name}


@pytest.mark.parametrize(
    ("abi", "shared"),
    [
        ("cp311-cp311", set()),
        ("cp311-none", set()),
        ("cp311-abi3", {"cp311-abi3"}),
        ("cp315-abi3.abi3t", {"cp315-abi3", "cp315-abi3t"}),
        ("py2.py3-none", {"py3-none"}),
    ],
)
def test_shared_abis_are_those_for_several_interpreters(abi: str, shared: set[str]) -> None:
    assert shared_abis(wheel(abi)) == shared


def test_an_unknown_first_version_means_every_interpreter_with_the_gil() -> None:
    assert can_load(target("cp39").identifier, {"cp32-abi3"})
    assert not can_load(target("cp313t").identifier, {"cp32-abi3"})


# --- what is expected ---


def test_without_a_last_run_the_files_are_believed() -> None:
    assert expected(STATED, None) == STATED
    assert expected(STATED, last()) == STATED


def test_wheels_of_the_last_run_say_more_than_files() -> None:
    shared = last(cp39="cp39-cp39", cp311="cp311-abi3")
    assert expected(frozenset(), shared) == {"cp311-abi3"}
    assert expected(STATED, shared) == {"cp311-abi3"}


def test_files_are_not_believed_again_once_a_wheel_contradicts_them() -> None:
    assert expected(STATED, last(cp313="cp313-cp313")) == frozenset()


def test_a_wheel_that_could_not_be_shared_contradicts_nothing() -> None:
    assert expected(STATED, last(cp39="cp39-cp39", cp313t="cp313-cp313t")) == STATED


# --- in which order ---


def order(abis: set[str], *pythons: str) -> dict[str, str]:
    found = led(map(target, pythons), abis)
    return {one.identifier.abi_tag: leader.identifier.abi_tag for one, leader in found.items()}


def test_nothing_waits_when_no_wheel_is_expected_to_be_shared() -> None:
    assert order(set(), "cp39", "cp311") == {}


def test_the_oldest_that_can_load_it_leads_those_that_can() -> None:
    pythons = ("cp314", "cp39", "cp313", "cp313t", "cp312")
    assert order({"cp312-abi3"}, *pythons) == {"cp313": "cp312", "cp314": "cp312"}


def test_each_platform_has_a_leader() -> None:
    other = "musllinux_1_2_x86_64"
    targets = [
        target(python, where) for python in ("cp311", "cp313") for where in (PLATFORM, other)
    ]
    assert led(targets, {"cp311-abi3"}) == {
        target("cp313"): target("cp311"),
        target("cp313", other): target("cp311", other),
    }


# --- what came out ---


def outcome(*pythons: str, **abis: str) -> dict[str, str]:
    """Which wheel serves which interpreter when these were built with such wheels."""
    wheels = {target(python): wheel(abi) for python, abi in abis.items()}
    found = served([*map(target, pythons), *wheels], wheels)
    return {
        one.identifier.abi_tag: name.removeprefix("tiny-1.0-").removesuffix(f"-{PLATFORM}.whl")
        for one, name in found.items()
    }


def test_an_ordinary_wheel_serves_no_other() -> None:
    assert outcome("cp314", cp311="cp311-cp311", cp313="cp313-cp313") == {}


def test_what_was_not_built_is_served() -> None:
    found = outcome("cp313", "cp313t", "cp314", cp311="cp311-abi3")
    assert found == {"cp313": "cp311-abi3", "cp314": "cp311-abi3"}


def test_a_wheel_that_an_older_one_makes_needless_serves_nobody() -> None:
    found = outcome("cp315", cp314="cp313-abi3", cp313="cp313-abi3", cp39="cp39-cp39")
    assert found == {"cp314": "cp313-abi3", "cp315": "cp313-abi3"}
    assert outcome(cp311="cp311-abi3", cp313="cp313-abi3") == {"cp313": "cp311-abi3"}


def test_a_later_wheel_serves_no_older_interpreter() -> None:
    assert outcome("cp311", cp313="py3-none") == {}
