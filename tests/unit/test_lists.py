from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.lists import (
    AUDIT_COMMANDS,
    COMMAND,
    EXTRAS,
    GLOBS,
    IMAGES,
    NAMES,
    PACKAGES,
    PASSED,
    audit_commands,
    command,
    globs,
    required_globs,
    variables,
    words,
)
from wheeldock.values import Kind, Unexpected


@pytest.mark.parametrize(
    ("kind", "value", "wrong"),
    [
        (GLOBS, ["cp3*", "{", "cp313-* ["], ["{", "cp313-* ["]),
        (GLOBS, ["cp3*", "{"], "{"),
        (PACKAGES, "-y a -x", ["-y", "-x"]),
        (PASSED, "a-b A c-d", ["a-b", "c-d"]),
        (PASSED, "PYPI_TOKEN a-b", "PYPI_TOKEN a-b"),
        (IMAGES, ["Debian", "debian", "a b"], ["Debian", "a b"]),
        (AUDIT_COMMANDS, ["x", "y {wheel}", "z"], ["x", "z"]),
    ],
)
def test_each_item_that_is_wrong_is_told(kind: Kind, value: object, wrong: object) -> None:
    read = kind.read(value)
    assert isinstance(read, Unexpected)
    assert read.value == wrong


def test_builds_get_no_token_of_a_package_index() -> None:
    assert variables("CC CFLAGS") == ("CC", "CFLAGS")
    refused = variables(["CC", "PYPI_TOKEN"])
    assert isinstance(refused, Unexpected)
    assert "no token: PYPI_TOKEN, " in refused.expected


@pytest.mark.parametrize(
    "glob",
    [
        "*",
        "cp313-*",
        "cp3{11,12}-*",
        "cp3{9..12}-*",
        "cp3[!9]*",
        "{cp,pp}3{9,{10,11}}-*",
        "*:arm64",
    ],
)
def test_a_glob_is_taken_as_it_is(glob: str) -> None:
    assert globs([glob]) == (glob,)


@pytest.mark.parametrize(
    "glob",
    ["{", "cp{39", "cp39}", "cp{39}", "a,b", "cp3[9", "cp39]", "[]", "cp39/*", "cp39 é", "é"],
)
def test_a_glob_that_can_match_no_identifier_is_refused(glob: str) -> None:
    assert globs(["*", glob]) == Unexpected(glob, globs([glob]).expected)  # type: ignore[union-attr]


def test_a_glob_of_too_many_braces_is_refused_in_time() -> None:
    assert isinstance(globs(["{1..99}{1..99}{1..99}{1..99}"]), Unexpected)


def test_globs_may_be_one_string_with_spaces() -> None:
    assert globs(" cp39-*   cp31?-* ") == ("cp39-*", "cp31?-*")
    assert globs("") == ()


def test_a_string_of_a_list_may_have_several_globs() -> None:
    assert globs(["cp39-* cp310-*", "", "pp*"]) == ("cp39-*", "cp310-*", "pp*")
    assert isinstance(required_globs([""]), Unexpected)


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [3], [["*"]]])
def test_globs_of_another_type_are_refused(value: object) -> None:
    assert isinstance(globs(value), Unexpected)


def test_commands_of_a_list_have_to_succeed_one_after_the_other() -> None:
    assert command(["a b", "c"]) == "a b && c"
    assert command("a; b") == "a; b"
    assert command([]) == ""


@pytest.mark.parametrize("value", [3, True, None, {"a": "b"}, ["a", 3]])
def test_what_is_no_command_is_refused(value: object) -> None:
    assert isinstance(command(value), Unexpected)


@pytest.mark.parametrize(
    ("before", "after", "joined"),
    [("a", "b", "a && b"), ("", "b", "b"), ("a", "", "a"), ("", "", "")],
)
def test_a_command_joins_another(before: str, after: str, joined: str) -> None:
    assert COMMAND.join is not None
    assert COMMAND.join(before, after) == joined


def test_an_audit_has_a_wheel_in_each_of_its_commands() -> None:
    assert AUDIT_COMMANDS.read("a {wheel} && b {abi3_wheel}") == ("a {wheel}", "b {abi3_wheel}")
    assert audit_commands("") == ()
    refused = audit_commands(["a {wheel}", "b"])
    assert refused == Unexpected("b", "a command with {wheel} or {abi3_wheel} in it")
    assert isinstance(audit_commands(3), Unexpected)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))))
def test_words_read_the_same_from_a_list_and_from_text(items: list[str]) -> None:
    assert words(items) == words(shlex.join(items)) == tuple(items)


@pytest.mark.parametrize("value", ["'a", 3, None, ["a", 3], {"a": "b"}])
def test_what_is_no_words_is_refused(value: object) -> None:
    assert isinstance(words(value), Unexpected)


def test_names_are_separated_as_cibuildwheel_separates_them() -> None:
    assert NAMES.read(" A  B ") == NAMES.read(["A B"]) == NAMES.read(["A", "B"]) == ("A", "B")
    assert EXTRAS.read("test,cov") == EXTRAS.read(["test", "cov"]) == ("test", "cov")
    assert NAMES.read("") == NAMES.read([]) == ()
    assert isinstance(NAMES.read(3), Unexpected)
