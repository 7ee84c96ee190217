from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.identifier import (
    BuildIdentifier,
    Group,
    Implementation,
    identifiers_elsewhere,
    interpreters,
    known_identifiers,
    matched,
    matches,
    matching,
)
from wheeldock.tags import Architecture, Libc

IDENTIFIERS = st.builds(
    BuildIdentifier,
    implementation=st.sampled_from(Implementation),
    minor=st.integers(min_value=0, max_value=99),
    variant=st.sampled_from(["", "t", "_250"]),
    libc=st.sampled_from(Libc),
    architecture=st.sampled_from(Architecture),
)
KNOWN = st.sampled_from(known_identifiers())
CP313 = BuildIdentifier.parse("cp313-manylinux_x86_64")
OF_CIBUILDWHEEL = Path(__file__).with_name("cibuildwheel-4.3.3-identifiers.txt")
"""`cibuildwheel --platform linux --archs all --enable all --print-build-identifiers`."""


# --- what exists ---


def test_there_is_what_cibuildwheel_has_and_a_free_threaded_python_of_images_before_it() -> None:
    theirs = set(OF_CIBUILDWHEEL.read_text().split())
    ours = [str(identifier) for identifier in known_identifiers()]
    assert len(theirs) == 142
    assert set(ours) - theirs == {name for name in ours if name.startswith("cp313t-")}
    assert theirs < set(ours)
    assert len(set(ours)) == len(ours)


def test_what_exists_is_read_back_from_its_name() -> None:
    known = known_identifiers()
    assert [BuildIdentifier.parse(str(identifier)) for identifier in known] == list(known)


@given(KNOWN)
def test_an_interpreter_is_of_its_identifiers_version(identifier: BuildIdentifier) -> None:
    interpreter = interpreters()[identifier.python]
    assert interpreter.version == identifier.python_version
    assert identifier.interpreter == f"{identifier.python_tag}-{identifier.abi_tag}"
    assert f"3{identifier.minor}" in identifier.interpreter


@pytest.mark.parametrize(
    ("name", "folder", "group"),
    [
        ("cp314t-manylinux_aarch64", "cp314-cp314t", None),
        ("cp39-musllinux_i686", "cp39-cp39", None),
        ("pp39-manylinux_i686", "pp39-pypy39_pp73", Group.PYPY_EOL),
        ("pp310-manylinux_x86_64", "pp310-pypy310_pp73", Group.PYPY_EOL),
        ("pp311-manylinux_x86_64", "pp311-pypy311_pp80", Group.PYPY),
        (
            "gp312_250-manylinux_aarch64",
            "graalpy312-graalpy250_312_native",
            Group.GRAALPY,
        ),
    ],
)
def test_an_identifier_has_an_interpreter_and_a_group(
    name: str, folder: str, group: Group | None
) -> None:
    identifier = BuildIdentifier.parse(name)
    assert identifier.interpreter == folder
    assert identifier.group is group


def test_what_is_elsewhere_is_not_here() -> None:
    assert {"cp313-win_amd64", "cp314t-macosx_arm64"} < set(identifiers_elsewhere())
    assert not set(identifiers_elsewhere()) & {str(known) for known in known_identifiers()}


# --- names ---


@given(IDENTIFIERS)
def test_an_identifier_is_read_back_from_its_name(identifier: BuildIdentifier) -> None:
    assert BuildIdentifier.parse(str(identifier)) == identifier


@pytest.mark.parametrize(
    "text",
    [
        "cp313",
        "cp27-manylinux_x86_64",
        "ip311-manylinux_x86_64",
        "cp313-win_amd64",
        "cp313-manylinux_sparc",
        "cp313-manylinux_x86_64\n",
        "cp313tt-manylinux_x86_64",
        "gp312_-manylinux_x86_64",
        "CP313-manylinux_x86_64",
    ],
)
def test_what_is_no_identifier_is_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no build identifier") as caught:
        BuildIdentifier.parse(text)
    assert repr(text) in str(caught.value)


def test_a_free_threaded_interpreter_has_its_own_abi() -> None:
    identifier = BuildIdentifier.parse("cp314t-manylinux_aarch64")
    assert identifier.free_threaded
    assert identifier.python_tag == "cp314"
    assert identifier.abi_tag == "cp314t"
    assert identifier.python_version == "3.14"
    assert str(identifier.platform) == "manylinux_aarch64"
    assert identifier.platform.image_option == "manylinux-aarch64-image"


def test_versions_are_ordered_as_numbers() -> None:
    assert BuildIdentifier.parse("cp39-manylinux_x86_64") < CP313


# --- globs ---


@given(IDENTIFIERS)
def test_an_identifier_is_matched_by_everything_and_by_itself(identifier: BuildIdentifier) -> None:
    assert matches(["*"], identifier)
    assert matches(["x", str(identifier)], identifier)
    assert not matches([], identifier)


@given(KNOWN)
def test_what_exists_is_matched_by_its_name_alone(identifier: BuildIdentifier) -> None:
    assert matched((str(identifier),)) == {str(identifier)}


@pytest.mark.parametrize(
    ("glob", "selected"),
    [
        ("cp3{12,13}-*", True),
        ("cp3{09..13}-*", True),
        ("cp3{10,12}-*", False),
        ("cp31?-many*_x86_64", True),
        ("cp31[0-2]-*", False),
        ("cp313", False),
        ("CP313-*", False),
    ],
)
def test_a_glob_may_have_braces_brackets_and_wildcards(glob: str, selected: bool) -> None:  # noqa: FBT001
    assert matches([glob], CP313) is selected
    assert list(matching(glob, ["x", str(CP313)])) == [str(CP313)] * selected
