from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from wheeldock.identifier import Group, known_identifiers
from wheeldock.selection import Reason, Selection, Selector, select
from wheeldock.tags import Architecture, Platform

KNOWN = [str(identifier) for identifier in known_identifiers()]
DEFAULT = [
    f"{python}-{libc}_x86_64"
    for libc in ("manylinux", "musllinux")
    for python in (
        *("cp39", "cp310", "cp311", "cp312", "cp313", "cp313t"),
        *("cp314", "cp314t", "cp315", "cp315t"),
    )
]
GLOBS = st.lists(
    st.sampled_from(
        ["*", "cp3*", "cp313-*", "*t-*", "pp*", "gp*", "*-musllinux_*", "*_{x86_64,i686}", *KNOWN]
    ),
    max_size=4,
).map(tuple)
SELECTORS = st.builds(
    Selector,
    build=GLOBS,
    skip=GLOBS,
    architectures=st.frozensets(st.sampled_from(Architecture)),
    enable=st.frozensets(st.sampled_from(Group)),
    requires_python=st.sampled_from(["", ">=3.10", "<3.14", "!=3.11.*", "==3.13.1"]).map(
        SpecifierSet
    ),
)


def names(selection: Selection) -> list[str]:
    return [str(identifier) for identifier in selection.identifiers]


def reasons(selector: Selector) -> dict[str, str]:
    return {str(out.identifier): out.why for out in select(selector).left_out}


def test_by_default_it_is_every_cpython_of_this_machines_platforms() -> None:
    assert names(select(Selector())) == DEFAULT


def test_everything_is_cibuildwheels_everything() -> None:
    every = Selector(architectures=frozenset(Architecture), enable=frozenset(Group))
    assert names(select(every)) == KNOWN


@given(SELECTORS)
def test_an_identifier_is_either_selected_or_left_out_for_a_reason(selector: Selector) -> None:
    selection = select(selector)
    told = [*names(selection), *(str(out.identifier) for out in selection.left_out)]
    assert Counter(told) == Counter(KNOWN)
    assert all(out.why for out in selection.left_out)


@given(SELECTORS, st.sampled_from(KNOWN))
def test_more_to_skip_selects_no_more(selector: Selector, name: str) -> None:
    fields = {field: getattr(selector, field) for field in Selector.__dataclass_fields__}
    fewer = Selector(**{**fields, "skip": (*selector.skip, name)})
    assert names(select(fewer)) == [other for other in names(select(selector)) if other != name]


@pytest.mark.parametrize(
    ("enable", "pythons"),
    [
        ([], []),
        ([Group.PYPY], ["pp311", "pp312"]),
        ([Group.PYPY_EOL], ["pp39", "pp310"]),
        ([Group.GRAALPY], ["gp312_250", "gp313_253"]),
        ([Group.CPYTHON_PRERELEASE], []),
    ],
)
def test_groups_are_off_until_they_are_enabled(enable: list[Group], pythons: list[str]) -> None:
    selected = names(select(Selector(build=("pp*", "gp*"), enable=frozenset(enable))))
    assert selected == [f"{python}-manylinux_x86_64" for python in pythons]


@pytest.mark.parametrize(
    ("selector", "name", "why"),
    [
        (Selector(), "cp313-manylinux_i686", "archs = 'auto' means x86_64 here"),
        (Selector(), "pp311-manylinux_x86_64", "enable does not name pypy"),
        (
            Selector(build=("cp31?-*", "*-musl*")),
            "cp39-manylinux_x86_64",
            "build = 'cp31?-* *-musl*' has it not",
        ),
        (
            Selector(skip=("*_i686", "cp39-*", "*39*")),
            "cp39-manylinux_x86_64",
            "skip has 'cp39-*' and '*39*'",
        ),
        (
            Selector(requires_python=SpecifierSet(">=3.10")),
            "cp39-musllinux_x86_64",
            "requires-python = '>=3.10'",
        ),
        (
            Selector(archs=("auto32",), architectures=frozenset()),
            "cp39-musllinux_x86_64",
            "archs = 'auto32' means nothing here",
        ),
        (Selector(only=("cp313-manylinux_x86_64",)), "cp39-manylinux_x86_64", "--only names"),
    ],
)
def test_the_reason_is_told(selector: Selector, name: str, why: str) -> None:
    assert reasons(selector)[name].startswith(why)


def test_names_overrule_all_the_rest_and_keep_their_order() -> None:
    only = ("pp39-manylinux_aarch64", "cp39-musllinux_x86_64", "pp39-manylinux_aarch64")
    selector = Selector(
        only=only, skip=("*",), architectures=frozenset(), requires_python=SpecifierSet(">=3.14")
    )
    selection = select(selector)
    assert names(selection) == list(only[:2])
    assert {out.reason for out in selection.left_out} == {Reason.ONLY}


@pytest.mark.parametrize(
    ("glob", "asked"),
    [
        ("*", False),
        ("cp313-*", False),
        ("*_x86_64", False),
        ("*-m[au]*", False),
        ("*-musllinux_*", True),
        ("cp313-musllinux_x86_64", True),
        ("*musl*", True),
        ("*-musllinux_{i686,aarch64}", False),
        ("*-manylinux_*", False),
    ],
)
def test_a_libc_is_asked_for_by_a_glob_for_it_alone(glob: str, *, asked: bool) -> None:
    musl = Platform.parse("musllinux_x86_64")
    assert Selector(build=("cp3*", glob)).asks_for(musl) is asked


def test_a_name_asks_for_its_libc() -> None:
    assert Selector(only=("cp313-musllinux_x86_64",)).asks_for(Platform.parse("musllinux_x86_64"))
