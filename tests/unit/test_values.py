from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wheeldock.values import (
    Unexpected,
    job_count,
    manylinux_image,
    musllinux_image,
    number_from_text,
    verbosity,
)


@given(st.integers(min_value=1, max_value=10**8))
def test_a_number_of_jobs_reads_the_same_from_toml_and_from_text(jobs: int) -> None:
    assert job_count(jobs) == jobs
    assert job_count(number_from_text(str(jobs))) == jobs


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "2", "", "many", None, []])
def test_what_is_no_number_of_jobs_is_refused(value: object) -> None:
    assert isinstance(job_count(value), Unexpected)


@pytest.mark.parametrize(("value", "read"), [(0, 0), ("-2", -2), (3, 3), (9, 3), ("-9", -3)])
def test_a_verbosity_is_a_number_and_the_nearest_that_there_is(value: object, read: int) -> None:
    assert verbosity(value) == read


@pytest.mark.parametrize("value", ["", "much", True, 1.5, None, [1]])
def test_what_is_no_verbosity_is_refused(value: object) -> None:
    assert isinstance(verbosity(value), Unexpected)


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


def test_each_libc_has_policies_of_its_own() -> None:
    assert musllinux_image("musllinux_1_2") == "musllinux_1_2"
    assert isinstance(musllinux_image("manylinux_2_28"), Unexpected)
