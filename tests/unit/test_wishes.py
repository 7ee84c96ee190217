from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from wheeldock.errors import UnknownIdentifierError
from wheeldock.identifier import Group, known_identifiers
from wheeldock.selection import Selector
from wheeldock.wishes import check, in_vain, nothing_selected


def refused(selector: Selector) -> UnknownIdentifierError:
    with pytest.raises(UnknownIdentifierError) as caught:
        check(selector)
    return caught.value


@given(st.lists(st.sampled_from(known_identifiers()), min_size=1))
def test_identifiers_that_exist_are_no_mistake(identifiers: list[object]) -> None:
    names = tuple(map(str, identifiers))
    everything = frozenset(Group)
    assert check(Selector(only=names)) == ()
    assert check(Selector(build=names, enable=everything)) == ()
    assert check(Selector(skip=names)) == ()


@pytest.mark.parametrize(
    ("glob", "hint"),
    [
        ("cp38-*", "; did you mean 'cp39-*'?"),
        ("cp313", "; did you mean 'cp313-*'?"),
        ("CP313-*", "; did you mean 'cp313-*'?"),
        ("cp3133-*", "; did you mean 'cp313-*'?"),
        ("cp313-manylinux_x86-64", "; did you mean 'cp313-manylinux_x86_64'?"),
        ("cp313-manylinux_AMD64", "; did you mean 'cp313-manylinux_x86_64'?"),
        ("{", ""),
        ("nonsense", ""),
    ],
)
def test_a_glob_to_build_that_matches_nothing_is_an_error_and_one_to_skip_is_not(
    glob: str, hint: str
) -> None:
    error = refused(Selector(build=("cp313-*", glob)))
    assert error.message == f"build: {glob!r} matches no build identifier{hint}"
    assert "from cp39 to gp313_253" in error.cure
    (warning,) = check(Selector(skip=(glob,)))
    assert warning == f"skip: {glob!r} matches no build identifier and has no effect{hint}"


def test_all_globs_that_match_nothing_are_told_at_once() -> None:
    assert refused(Selector(build=("cp27-*", "*", "ip*"))).message.count("matches no build") == 2


def test_what_is_off_by_default_has_to_be_enabled() -> None:
    error = refused(Selector(build=("pp*", "cp3*"), enable=frozenset([Group.GRAALPY])))
    assert (
        error.message
        == "build: 'pp*' matches only what is off unless enable names pypy or pypy-eol"
    )
    assert check(Selector(build=("pp*",), enable=frozenset([Group.PYPY]))) == ()


@pytest.mark.parametrize("glob", ["pp*", "*-win32", "cp314t-macosx_*", "*i686", "cp39-pyodide*"])
def test_to_skip_what_is_off_or_elsewhere_is_no_mistake(glob: str) -> None:
    assert check(Selector(skip=(glob,))) == ()


def test_to_skip_the_tests_of_half_a_universal_wheel_is_no_mistake() -> None:
    globs = ("*-macosx_universal2:arm64", "cp313-macosx_universal2:x86_64")
    assert list(in_vain(globs, "test-skip")) == []


def test_a_glob_for_other_systems_is_told_to_have_no_effect() -> None:
    (warning,) = check(Selector(build=("cp313-*", "cp313-{macosx_*,win_amd64}")))
    assert "is for other systems than Linux" in warning


def test_a_glob_that_is_skipped_as_a_whole_is_told_to_have_no_effect() -> None:
    (warning,) = check(Selector(build=("cp39-*", "cp313-*"), skip=("cp3?-*",)))
    assert warning == "build: 'cp39-*' has no effect, since skip = 'cp3?-*' has all of it"


@pytest.mark.parametrize(
    ("name", "cure"),
    [
        ("cp313", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313-*", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313-manylinux_x86", "Did you mean cp313-manylinux_x86_64?"),
        ("cp313t-manylinux_x86-64", "Did you mean cp313t-manylinux_x86_64?"),
        ("CP311-MUSLLINUX_AARCH64", "Did you mean cp311-musllinux_aarch64?"),
        ("pp311-manylinux-i686", "Did you mean pp311-manylinux_i686?"),
        ("cp313-manylinux_arm64", "Did you mean cp313-manylinux_aarch64?"),
        ("", "One looks like cp39-manylinux_x86_64;"),
    ],
)
def test_a_name_that_is_none_is_refused_with_what_may_have_been_meant(name: str, cure: str) -> None:
    error = refused(Selector(only=("cp313-manylinux_x86_64", name)))
    assert error.message == f"--only: {name!r} is no build identifier"
    assert error.cure.startswith(cure)


def test_all_that_chose_is_named_when_nothing_is_left() -> None:
    selector = Selector(
        build=("cp3*",),
        skip=("pp*",),
        enable=frozenset([Group.PYPY]),
        requires_python=SpecifierSet("<3.9"),
    )
    error = nothing_selected(selector, " of the interpreters of img")
    assert error.message == (
        "nothing to build: build = 'cp3*', skip = 'pp*', archs = 'auto', enable = 'pypy', "
        "requires-python = '<3.9' leave none of the interpreters of img"
    )
    assert "--allow-empty" in error.cure


@pytest.mark.parametrize(
    ("selector", "cause"),
    [
        (Selector(build=("cp39-*",), skip=("cp3?-*",)), "build and skip contradict each other"),
        (
            Selector(archs=("auto32",), architectures=frozenset()),
            "archs = 'auto32' names no architecture on this machine",
        ),
        (Selector(build=("cp313-win*",)), "build = 'cp313-win*' is for other systems than Linux"),
    ],
)
def test_the_cause_is_named_when_nothing_is_left(selector: Selector, cause: str) -> None:
    assert nothing_selected(selector).message.splitlines()[1].startswith(cause)


def test_where_a_glob_stands_is_told_and_one_of_tests_is_no_error() -> None:
    places = {"build": "--build", "skip": "X_SKIP"}
    with pytest.raises(UnknownIdentifierError, match="--build: 'cp27-\\*' matches no build"):
        check(Selector(build=("cp27-*",)), places)
    (warning,) = check(Selector(skip=("cp27-*",)), places)
    assert warning.startswith("X_SKIP: 'cp27-*' matches no build identifier")
    (warning,) = in_vain(("cp331-*", "cp313-win*", "cp313-*"), "test-skip")
    assert warning.startswith("test-skip: 'cp331-*' matches no build identifier")
