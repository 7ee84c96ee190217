from __future__ import annotations

import gc

import pytest

from wheeldock import errors
from wheeldock.errors import ConfigurationError, StoppedError, WheeldockError, every_error

EVERY = list(every_error())


def test_each_failure_has_an_exit_code_of_its_own() -> None:
    codes = [error.code for error in EVERY]
    assert codes == sorted(set(codes))


def test_no_exit_code_means_success_or_is_used_by_shells() -> None:
    # 1 and 2 are what any program ends with; 126 and 127 are a shell's own; 128 + n are signals.
    reserved = {0, 1, 126, 127, *range(128, 256)}
    assert {error.code for error in EVERY} & reserved == {StoppedError.code}


def test_all_failures_of_the_module_are_listed() -> None:
    defined = {
        value
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, WheeldockError)
    }
    assert set(EVERY) == defined - {WheeldockError}


@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.__name__)
def test_each_failure_says_in_a_sentence_what_it_is(error: type[WheeldockError]) -> None:
    assert "__doc__" in vars(error)
    first, *_ = (error.__doc__ or "").strip().splitlines()
    assert first.endswith(".")
    assert "|" not in first  # it becomes a row of a table


@pytest.mark.parametrize("error", EVERY, ids=lambda error: error.__name__)
def test_a_failure_has_a_message_and_may_have_a_cure(error: type[WheeldockError]) -> None:
    failure = error("dist is a file", cure="Remove it.")
    assert (failure.message, str(failure), failure.cure) == (
        "dist is a file",
        "dist is a file",
        "Remove it.",
    )
    assert error("dist is a file").cure == ""


def test_a_failure_derived_from_another_is_listed_too() -> None:
    class FinerError(StoppedError):
        """A finer failure."""

        code = 131

    names = [error.__name__ for error in every_error()]
    del FinerError
    gc.collect()  # or it would be there for other tests
    assert "FinerError" in names


def test_a_malformed_configuration_lists_all_problems() -> None:
    failure = ConfigurationError(["a: wrong", "b: wrong"])
    assert failure.problems == ("a: wrong", "b: wrong")
    assert str(failure) == "a: wrong\nb: wrong"


def test_malformed_configurations_can_be_joined_by_their_messages() -> None:
    joined = ConfigurationError("a: wrong\nb: wrong")
    assert joined.problems == ("a: wrong", "b: wrong")
