from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from wheeldock.errors import (
    InterpreterMissingError,
    NothingSelectedError,
    UnknownIdentifierError,
)
from wheeldock.identifier import BuildIdentifier, Selector, known_identifiers
from wheeldock.plan import Offer, make_plan
from wheeldock.tags import Architecture, Libc

OFFER = Offer(
    image="img@sha256:1",
    interpreters=frozenset(
        ["cp39-cp39", "cp311-cp311", "cp313-cp313", "cp313-cp313t", "cp315-cp315"]
    ),
    libc=Libc.GLIBC,
    architecture=Architecture.X86_64,
    platform_tag="manylinux_2_28_x86_64",
)
ALL = ["cp39", "cp311", "cp313", "cp313t", "cp315"]


def pythons(
    *build: str, skip: tuple[str, ...] = (), requires: str = "", offer: Offer = OFFER
) -> list[str]:
    """What is planned for these globs, by its part before `-manylinux_x86_64`."""
    plan = make_plan(offer, Selector(build or ("*",), skip), requires_python=SpecifierSet(requires))
    return [str(target).removesuffix("-manylinux_x86_64") for target in plan.targets]


def offering(*interpreters: str) -> Offer:
    return replace(OFFER, interpreters=frozenset(interpreters))


# --- by globs ---


def test_all_that_the_base_image_has_is_planned_in_the_order_of_versions() -> None:
    assert pythons() == ALL


def test_a_target_has_the_policy_of_the_base_image() -> None:
    plan = make_plan(OFFER, Selector())
    assert {target.platform_tag for target in plan.targets} == {"manylinux_2_28_x86_64"}


def test_what_else_is_in_the_image_does_not_matter() -> None:
    offer = offering("cp313-cp313", "pp311-pypy311_pp73", "cp38-cp38", "graalpy", "README")
    assert pythons(offer=offer) == ["cp313"]


@pytest.mark.parametrize(
    ("build", "planned"),
    [
        (["cp313-*"], ["cp313"]),
        (["cp313*"], ["cp313", "cp313t"]),
        (["cp3{9,11}-*"], ["cp39", "cp311"]),
        (["cp3{09..13}-*", "cp39-*"], ["cp39", "cp311", "cp313"]),
        (["cp31[13]-manylinux_*"], ["cp311", "cp313"]),
        (["*t-*"], ["cp313t"]),
        (["cp313-*", "cp311-*", "cp313-*"], ["cp311", "cp313"]),
        (["*-manylinux_{x86_64,aarch64}"], ALL),
        (["cp313-*", "cp313-musllinux_*"], ["cp313"]),
    ],
)
def test_globs_choose(build: list[str], planned: list[str]) -> None:
    assert pythons(*build) == planned


def test_skip_has_the_last_word() -> None:
    assert pythons("cp313*", skip=("*t-*",)) == ["cp313"]


def test_what_is_skipped_may_be_anything() -> None:
    assert pythons("cp313-*", skip=("pp*", "*-win32")) == ["cp313"]


@pytest.mark.parametrize("glob", ["cp38-*", "ip*", "cp313", "cp313-win_amd64", "{", "CP313-*"])
def test_a_glob_that_matches_no_identifier_is_refused(glob: str) -> None:
    with pytest.raises(UnknownIdentifierError) as caught:
        pythons("cp313-*", glob)
    assert repr(glob) in caught.value.message


@pytest.mark.parametrize(
    ("glob", "lacks"),
    [
        ("cp310-*", "cp310-cp310"),
        ("cp3{10,12}-*", "cp310-cp310 or cp312-cp312"),
        ("cp314t-manylinux_x86_64", "cp314-cp314t"),
    ],
)
def test_a_glob_for_what_the_base_image_lacks_is_refused(glob: str, lacks: str) -> None:
    with pytest.raises(InterpreterMissingError) as caught:
        pythons(glob, "cp313-*")
    assert f"has no {lacks}; it has cp39-cp39, cp311-cp311, cp313-cp313," in caught.value.message
    assert OFFER.image in caught.value.message


def test_a_glob_with_something_that_the_base_image_has_is_enough() -> None:
    assert pythons("cp3{10,11}-*") == ["cp311"]


def test_what_the_base_image_lacks_may_be_skipped() -> None:
    assert pythons("cp310-*", "cp313-*", skip=("cp310-*",)) == ["cp313"]


def test_what_the_base_image_lacks_may_be_unwanted_by_the_project() -> None:
    assert pythons("cp310-*", "cp313-*", requires=">=3.11") == ["cp313"]


def test_an_image_without_interpreters_is_refused() -> None:
    with pytest.raises(InterpreterMissingError, match="it has none"):
        pythons(offer=offering())


@pytest.mark.parametrize(
    ("build", "skip", "requires"),
    [
        ("*", "*", ""),
        ("*", "", ">=3.16"),
        ("cp39-*", "", ">=3.10"),
        ("cp313-musllinux_x86_64", "", ""),
        ("cp313-manylinux_aarch64", "", ""),
    ],
)
def test_when_nothing_is_left_all_that_chose_is_named(build: str, skip: str, requires: str) -> None:
    with pytest.raises(NothingSelectedError) as caught:
        pythons(build, skip=(skip,), requires=requires)
    for part in (repr(build), repr(skip), requires or "any", OFFER.image):
        assert part in caught.value.message


# --- by requires-python ---


@pytest.mark.parametrize(
    ("requires", "planned"),
    [
        ("", ALL),
        (">=3.9.2", ALL),
        (">=3.9,!=3.9.0,!=3.9.1", ALL),
        (">=3.10", ["cp311", "cp313", "cp313t", "cp315"]),
        (">3.9", ALL),
        ("<3.14", ["cp39", "cp311", "cp313", "cp313t"]),
        ("<3.13", ["cp39", "cp311"]),
        ("!=3.13.*", ["cp39", "cp311", "cp315"]),
        ("!=3.13.1", ALL),
        ("==3.11.*", ["cp311"]),
        ("~=3.11", ["cp311", "cp313", "cp313t", "cp315"]),
        ("~=3.11.2", ["cp311"]),
        (">=3.15.0a1", ["cp315"]),
        (">=3.15.0b2,<4", ["cp315"]),
        ("<3.15.0a1", ["cp39", "cp311", "cp313", "cp313t"]),
        (">=2.7,!=3.0.*", ALL),
    ],
)
def test_the_project_chooses_pythons(requires: str, planned: list[str]) -> None:
    assert pythons(requires=requires) == planned


# --- by name ---


def only(*names: str, offer: Offer = OFFER, requires: str = "", skip: str = "") -> list[str]:
    plan = make_plan(
        offer, Selector(skip=(skip,)), only=names, requires_python=SpecifierSet(requires)
    )
    return [str(target) for target in plan.targets]


def test_named_targets_are_planned_once_in_the_order_of_their_names() -> None:
    names = ["cp313-manylinux_x86_64", "cp39-manylinux_x86_64", "cp313-manylinux_x86_64"]
    assert only(*names) == names[:2]


def test_a_name_overrules_skip_and_requires_python() -> None:
    name = "cp39-manylinux_x86_64"
    assert only(name, skip="*", requires=">=3.10") == [name]


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("cp313", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313-*", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313-win_amd64", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313t-manylinux_x86-64", "Did you mean cp313t-manylinux_x86_64?"),
        ("cp331-manylinux_x86_64", "Did you mean cp3"),
        ("CP311-MANYLINUX_X86_64", "The base image has cp39-manylinux_x86_64, cp311-"),
        ("", "The base image has cp39-manylinux_x86_64, cp311-"),
    ],
)
def test_an_unknown_name_is_refused_with_those_that_are_near(name: str, near: str) -> None:
    with pytest.raises(UnknownIdentifierError) as caught:
        only("cp313-manylinux_x86_64", name)
    assert f"{name!r} is no build identifier" in caught.value.message
    assert caught.value.cure.startswith(near)


def test_a_name_of_what_the_base_image_lacks_is_refused() -> None:
    with pytest.raises(InterpreterMissingError) as caught:
        only("cp312-manylinux_x86_64")
    assert "--only cp312-manylinux_x86_64" in caught.value.message
    assert "has no cp312-cp312; it has cp39-cp39, cp311-cp311," in caught.value.message


@pytest.mark.parametrize("name", ["cp313-musllinux_x86_64", "cp313-manylinux_aarch64"])
def test_a_name_of_another_platform_is_refused(name: str) -> None:
    with pytest.raises(InterpreterMissingError) as caught:
        only(name)
    assert caught.value.message.startswith(f"--only {name}: ")
    assert caught.value.message.endswith("is for manylinux_2_28_x86_64")
    assert caught.value.cure == "Did you mean cp313-manylinux_x86_64?"


# --- the interpreter that runs the tools ---


def tools(*interpreters: str, requires: str = "") -> str:
    offer = offering(*interpreters)
    only = [str(next(i for i in known_identifiers() if i.interpreter == interpreters[0]))]
    return make_plan(
        offer, Selector(), only=only, requires_python=SpecifierSet(requires)
    ).tools_interpreter


@pytest.mark.parametrize(
    ("interpreters", "requires", "chosen"),
    [
        (["cp39-cp39", "cp311-cp311", "cp313-cp313"], "", "cp313-cp313"),
        (["cp311-cp311", "cp313-cp313", "cp314-cp314", "cp315-cp315"], "", "cp313-cp313"),
        (["cp311-cp311", "cp313-cp313"], "<3.13", "cp311-cp311"),
        (["cp313-cp313", "cp315-cp315"], ">=3.14", "cp315-cp315"),
        (["cp311-cp311", "cp313-cp313t"], "", "cp311-cp311"),
        (["cp313-cp313t"], "", "cp313-cp313t"),
        (["cp39-cp39", "cp311-cp311"], "<3.10", "cp311-cp311"),
        (["cp39-cp39", "cp315-cp315"], "", "cp315-cp315"),
        (["cp39-cp39"], "", "cp39-cp39"),
    ],
)
def test_tools_run_on_an_interpreter_that_they_and_if_possible_the_project_support(
    interpreters: list[str], requires: str, chosen: str
) -> None:
    assert tools(*interpreters, requires=requires) == chosen


def test_the_tools_interpreter_does_not_depend_on_what_is_chosen() -> None:
    plans = [
        make_plan(OFFER, Selector(), only=only)
        for only in ([], ["cp39-manylinux_x86_64"], ["cp315-manylinux_x86_64"])
    ]
    assert {plan.tools_interpreter for plan in plans} == {"cp313-cp313"}
