from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.identifier import BuildIdentifier, Selector
from wheeldock.tags import Architecture, Libc

IDENTIFIERS = st.builds(
    BuildIdentifier,
    minor=st.integers(min_value=0, max_value=99),
    free_threaded=st.booleans(),
    libc=st.sampled_from(Libc),
    architecture=st.sampled_from(Architecture),
)
CP313 = BuildIdentifier.parse("cp313-manylinux_x86_64")


@given(IDENTIFIERS)
def test_an_identifier_is_read_back_from_its_name(identifier: BuildIdentifier) -> None:
    assert BuildIdentifier.parse(str(identifier)) == identifier


@pytest.mark.parametrize(
    "text",
    [
        "cp313",
        "cp27-manylinux_x86_64",
        "pp311-manylinux_x86_64",
        "cp313-win_amd64",
        "cp313-manylinux_sparc",
        "cp313-manylinux_x86_64\n",
        "cp313tt-manylinux_x86_64",
        "CP313-manylinux_x86_64",
    ],
)
def test_what_is_no_identifier_is_refused_and_named(text: str) -> None:
    with pytest.raises(ValueError, match="is no build identifier") as caught:
        BuildIdentifier.parse(text)
    assert repr(text) in str(caught.value)


def test_a_free_threaded_interpreter_has_its_own_abi() -> None:
    identifier = BuildIdentifier.parse("cp314t-manylinux_aarch64")
    assert identifier.python_tag == "cp314"
    assert identifier.abi_tag == "cp314t"
    assert identifier.interpreter == "cp314-cp314t"
    assert identifier.python_version == "3.14"


def test_versions_are_ordered_as_numbers() -> None:
    assert BuildIdentifier.parse("cp39-manylinux_x86_64") < CP313


@given(IDENTIFIERS)
def test_all_is_selected_unless_it_is_said_otherwise(identifier: BuildIdentifier) -> None:
    assert Selector()(identifier)
    assert not Selector(skip=("*",))(identifier)
    assert not Selector(build=())(identifier)


@given(IDENTIFIERS)
def test_an_identifier_selects_itself_and_skip_has_the_last_word(
    identifier: BuildIdentifier,
) -> None:
    name = str(identifier)
    assert Selector(build=(name,))(identifier)
    assert not Selector(build=(name,), skip=(name,))(identifier)


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
    assert Selector(build=(glob,))(CP313) is selected
