from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.options import (
    Unexpected,
    globs,
    job_count,
    manylinux_image,
    number_from_text,
    settings,
    settings_from_text,
)


@pytest.mark.parametrize(
    "glob", ["*", "cp313-*", "cp3{11,12}-*", "cp3{9..12}-*", "cp3[!9]*", "{cp,pp}3{9,{10,11}}-*"]
)
def test_a_glob_is_taken_as_it_is(glob: str) -> None:
    assert globs([glob]) == (glob,)


@pytest.mark.parametrize(
    "glob",
    ["{", "cp{39", "cp39}", "cp{39}", "a,b", "cp3[9", "cp39]", "[]", "cp39/*", "cp 39", "é", ""],
)
def test_a_glob_that_can_match_no_identifier_is_refused(glob: str) -> None:
    assert globs(["*", glob]) == Unexpected(glob, globs([glob]).expected)  # type: ignore[union-attr]


def test_a_glob_of_too_many_braces_is_refused_in_time() -> None:
    assert isinstance(globs(["{1..99}{1..99}{1..99}{1..99}"]), Unexpected)


def test_globs_may_be_one_string_with_spaces() -> None:
    assert globs(" cp39-*   cp31?-* ") == ("cp39-*", "cp31?-*")
    assert globs("") == ()


@pytest.mark.parametrize("value", [3, None, {"a": 1}, [3], [["*"]]])
def test_globs_of_another_type_are_refused(value: object) -> None:
    assert isinstance(globs(value), Unexpected)


@given(st.integers(min_value=1, max_value=10**8))
def test_a_number_of_jobs_reads_the_same_from_toml_and_from_text(jobs: int) -> None:
    assert job_count(jobs) == jobs
    assert job_count(number_from_text(str(jobs))) == jobs


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", "", "many", None, []])
def test_what_is_no_number_of_jobs_is_refused(value: object) -> None:
    assert isinstance(job_count(value), Unexpected)


@pytest.mark.parametrize(
    "image",
    [
        "manylinux_2_28",
        "manylinux2014",
        "debian",
        "quay.io/pypa/manylinux_2_28_x86_64:2026.11.01-1",
        "127.0.0.1:5000/a/b@sha256:" + "0" * 64,
        "[::1]:5000/a:b",
        "wheeldock/stand-in:manylinux_2_28_x86_64",
    ],
)
def test_a_policy_or_an_image_reference_is_an_image(image: str) -> None:
    assert manylinux_image(image) == image


@pytest.mark.parametrize(
    "image",
    ["", "musllinux_1_2", "Foo Bar", "host/UPPER", "a:", "a@sha256:12", "a//b", "-a", "a\n", 3],
)
def test_what_is_neither_policy_nor_reference_is_refused(image: object) -> None:
    assert isinstance(manylinux_image(image), Unexpected)


def test_settings_are_strings_and_lists_of_strings() -> None:
    assert settings({"a": "b", "c": ["d", "e"]}) == {"a": "b", "c": ("d", "e")}
    assert settings({"a": True, "b": "c"}) == Unexpected({"a": True}, settings(3).expected)  # type: ignore[union-attr]


def test_settings_are_read_from_text_as_a_shell_reads_words() -> None:
    text = "a=b --flag='x y' a=c empty= a=d"
    assert settings_from_text(text) == {"a": ["b", "c", "d"], "--flag": "x y", "empty": ""}


@pytest.mark.parametrize("text", ["a", "=b", "a='b"])
def test_text_that_is_no_settings_is_refused(text: str) -> None:
    assert isinstance(settings_from_text(text), Unexpected)
