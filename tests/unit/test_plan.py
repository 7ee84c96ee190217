from __future__ import annotations

from dataclasses import replace

import pytest
from packaging.specifiers import SpecifierSet

from wheeldock.errors import InterpreterMissingError
from wheeldock.identifier import BuildIdentifier, Group, known_identifiers
from wheeldock.plan import Absent, Batch, BuildTarget, ImageWish, Offer, Plan, make_plan
from wheeldock.preparation import Preparation
from wheeldock.selection import Reason, Selector, select
from wheeldock.tags import Platform

PLATFORMS = {
    name: Platform.parse(name)
    for name in ("manylinux_x86_64", "musllinux_x86_64", "manylinux_aarch64")
}
OFFER = Offer(
    image="img@sha256:1",
    interpreters=frozenset(
        ["cp39-cp39", "cp311-cp311", "cp313-cp313", "cp313-cp313t", "cp315-cp315"]
    ),
    platform_tag="manylinux_2_28_x86_64",
)
NONE = Absent("there is none")
ALL = ["cp39", "cp311", "cp313", "cp313t", "cp315"]


def wish(identifier: BuildIdentifier, setting: str = "policy") -> ImageWish:
    return ImageWish(identifier.platform, identifier.platform.image_option, setting, "default")


def batch(*targets: BuildTarget, offer: Offer = OFFER, tools: str = "cp313-cp313") -> Batch:
    wanted = wish(targets[0].identifier)
    return Batch(wish=wanted, offer=offer, tools_interpreter=tools, targets=targets)


def plan_of(selector: Selector, **images: Offer | Absent) -> Plan:
    """Plan on these images, by platform; there is none for the others."""
    selection = select(selector)
    wishes = {identifier: wish(identifier) for identifier in selection.identifiers}
    found = {each: images.get(str(each.platform), NONE) for each in wishes.values()}
    return make_plan(selection, wishes, found)


def pythons(
    *build: str, skip: tuple[str, ...] = (), requires: str = "", offer: Offer = OFFER
) -> list[str]:
    """What is planned for these globs, by its part before `-manylinux_x86_64`."""
    selector = Selector(build=build or ("*",), skip=skip, requires_python=SpecifierSet(requires))
    plan = plan_of(selector, manylinux_x86_64=offer)
    return [str(target).removesuffix("-manylinux_x86_64") for target in plan.targets]


def offering(*interpreters: str) -> Offer:
    return replace(OFFER, interpreters=frozenset(interpreters))


# --- by globs ---


def test_all_that_the_base_image_has_is_planned_in_the_order_of_versions() -> None:
    assert pythons() == ALL


def test_a_target_has_the_policy_of_the_base_image() -> None:
    plan = plan_of(Selector(), manylinux_x86_64=OFFER)
    assert {target.platform_tag for target in plan.targets} == {"manylinux_2_28_x86_64"}


def test_what_else_is_in_the_image_does_not_matter() -> None:
    offer = offering("cp313-cp313", "pp311-pypy311_pp73", "cp38-cp38", "graalpy", "README")
    assert pythons(offer=offer) == ["cp313"]


def test_an_image_that_nobody_has_looked_into_is_taken_to_have_everything() -> None:
    offer = replace(OFFER, interpreters=None)
    assert pythons("cp31?-*", offer=offer) == ["cp310", "cp311", "cp312", "cp313", "cp314", "cp315"]
    (batch,) = plan_of(Selector(), manylinux_x86_64=offer).batches
    assert batch.tools_interpreter == ""


def test_an_image_that_installs_pypy_and_graalpy_is_taken_to_have_them() -> None:
    offer = replace(OFFER, has_installer=True)
    selector = Selector(build=("pp31?-*", "gp*", "cp39-*"), enable=frozenset(Group))
    planned = [str(t) for t in plan_of(selector, manylinux_x86_64=offer).targets]
    pythons = [name.partition("-")[0] for name in planned]
    assert pythons == ["cp39", "pp310", "pp311", "pp312", "gp312_250", "gp313_253"]
    with pytest.raises(InterpreterMissingError, match="has no pp310-pypy310_pp73 or pp311-"):
        plan_of(selector, manylinux_x86_64=OFFER)


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
    assert caught.value.message.startswith(f"build = {glob!r}: the base image {OFFER.image} ")
    assert f"has no {lacks}; it has cp39-cp39, cp311-cp311, cp313-cp313," in caught.value.message
    assert "manylinux-x86_64-image" in caught.value.cure


def test_what_every_image_lacks_is_told_of_each() -> None:
    musl = replace(OFFER, image="musl", platform_tag="musllinux_1_2_x86_64")
    with pytest.raises(InterpreterMissingError) as caught:
        plan_of(Selector(build=("cp310-*",)), manylinux_x86_64=OFFER, musllinux_x86_64=musl)
    first, second = caught.value.message.splitlines()
    assert "(manylinux_2_28_x86_64) has no cp310-cp310" in first
    assert "the base image musl (musllinux_1_2_x86_64) has no cp310-cp310" in second
    assert "manylinux-x86_64-image, musllinux-x86_64-image" in caught.value.cure


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
def test_a_plan_may_be_empty(build: str, skip: str, requires: str) -> None:
    assert pythons(build, skip=(skip,), requires=requires) == []


# --- several images ---

MUSL = replace(OFFER, image="musl", platform_tag="musllinux_1_2_x86_64")


def test_each_platform_has_a_batch_of_its_own_image() -> None:
    plan = plan_of(Selector(build=("cp3{9,13}-*",)), manylinux_x86_64=OFFER, musllinux_x86_64=MUSL)
    assert [(batch.offer.image, *map(str, batch.targets)) for batch in plan.batches] == [
        ("img@sha256:1", "cp39-manylinux_x86_64", "cp313-manylinux_x86_64"),
        ("musl", "cp39-musllinux_x86_64", "cp313-musllinux_x86_64"),
    ]
    assert plan.batch(plan.targets[3]) == plan.batches[1]
    assert plan.targets[3].platform_tag == "musllinux_1_2_x86_64"


def test_identifiers_of_a_platform_may_have_images_of_their_own() -> None:
    selection = select(Selector(build=("cp3{9,11,13}-manylinux_*",)))
    own = replace(OFFER, image="own")
    wishes = {i: wish(i, "own" if i.minor == 11 else "policy") for i in selection.identifiers}
    offers = {each: own if each.setting == "own" else OFFER for each in wishes.values()}
    plan = make_plan(selection, wishes, offers)
    assert [(batch.offer.image, len(batch.targets)) for batch in plan.batches] == [
        (OFFER.image, 2),
        ("own", 1),
    ]


def test_an_image_that_is_prepared_in_two_ways_is_two() -> None:
    selection = select(Selector(build=("cp3{9,11,13}-manylinux_*",)))
    wishes = {identifier: wish(identifier) for identifier in selection.identifiers}
    own = {i: Preparation(before_all="x") for i in selection.identifiers if i.minor == 11}
    offers = dict.fromkeys(wishes.values(), OFFER)
    plan = make_plan(selection, wishes, offers, preparations=own)
    assert [(batch.preparation.before_all, len(batch.targets)) for batch in plan.batches] == [
        ("", 2),
        ("x", 1),
    ]


@pytest.mark.parametrize(
    ("emulated", "main"), [((True, False), "musl"), ((False, False), "img"), ((True, True), "img")]
)
def test_the_sdist_is_built_where_no_qemu_is_needed(emulated: tuple[bool, bool], main: str) -> None:
    first, second = (
        replace(o, is_emulated=e) for o, e in zip((OFFER, MUSL), emulated, strict=True)
    )
    plan = plan_of(Selector(build=("cp39-*",)), manylinux_x86_64=first, musllinux_x86_64=second)
    assert plan.main.offer.image.startswith(main)


def test_why_something_is_not_planned_is_told_by_identifier() -> None:
    selector = Selector(build=("cp3{9,10,13}-*",), skip=("cp39-many*",))
    plan = plan_of(selector, manylinux_x86_64=OFFER)
    told = {str(out.identifier): (out.reason, out.why) for out in plan.left_out}
    assert told["cp39-manylinux_x86_64"] == (Reason.SKIP, "skip has 'cp39-many*'")
    lacking = (Reason.INTERPRETER, "img@sha256:1 lacks its interpreter")
    assert told["cp310-manylinux_x86_64"] == lacking
    assert told["cp313-musllinux_x86_64"] == (Reason.IMAGE, "there is none")
    assert told.keys() == {str(i) for i in known_identifiers()} - {"cp313-manylinux_x86_64"}


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
    selector = Selector(only=names, skip=(skip,), requires_python=SpecifierSet(requires))
    return [str(target) for target in plan_of(selector, manylinux_x86_64=offer).targets]


def test_named_targets_are_planned_once_in_the_order_of_their_names() -> None:
    names = ["cp313-manylinux_x86_64", "cp39-manylinux_x86_64", "cp313-manylinux_x86_64"]
    assert only(*names) == names[:2]


def test_a_name_overrules_skip_and_requires_python() -> None:
    name = "cp39-manylinux_x86_64"
    assert only(name, skip="*", requires=">=3.10") == [name]


def test_a_name_of_what_the_base_image_lacks_is_refused() -> None:
    with pytest.raises(InterpreterMissingError) as caught:
        only("cp313-manylinux_x86_64", "cp312-manylinux_x86_64")
    assert caught.value.message.startswith("--only cp312-manylinux_x86_64: the base image ")
    assert "has no cp312-cp312; it has cp39-cp39, cp311-cp311," in caught.value.message


# --- the interpreter that runs the tools ---


def tools(*interpreters: str, requires: str = "") -> str:
    name = str(next(i for i in known_identifiers() if i.interpreter == interpreters[0]))
    selector = Selector(only=(name,), requires_python=SpecifierSet(requires))
    return plan_of(selector, manylinux_x86_64=offering(*interpreters)).main.tools_interpreter


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
        (["cp39-cp39", "pp312-pypy312_pp80"], "", "cp39-cp39"),
        (["pp311-pypy311_pp80"], "", "pp311-pypy311_pp80"),
    ],
)
def test_tools_run_on_an_interpreter_that_they_and_if_possible_the_project_support(
    interpreters: list[str], requires: str, chosen: str
) -> None:
    assert tools(*interpreters, requires=requires) == chosen


def test_the_tools_interpreter_does_not_depend_on_what_is_chosen() -> None:
    plans = [
        plan_of(Selector(only=only), manylinux_x86_64=OFFER)
        for only in ((), ("cp39-manylinux_x86_64",), ("cp315-manylinux_x86_64",))
    ]
    assert {plan.main.tools_interpreter for plan in plans} == {"cp313-cp313"}
