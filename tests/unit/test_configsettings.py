from __future__ import annotations

import pytest

from wheeldock.configsettings import SETTINGS, settings
from wheeldock.values import Unexpected


def test_settings_are_strings_and_lists_of_strings() -> None:
    assert settings({"a": "b", "c": ["d", "e"]}) == {"a": "b", "c": ("d", "e")}
    wrong = {"a": {"b": "c"}, "f": {}}
    assert settings({**wrong, "d": "e"}) == Unexpected(wrong, settings(3).expected)  # type: ignore[union-attr]


def test_settings_take_what_toml_has_for_a_string_as_cibuildwheel_does() -> None:
    read = settings({"a": True, "b": 1, "c": 1.5, "d": ["x", 2, False], "e": [], "f": ["y"]})
    assert read == {"a": "True", "b": "1", "c": "1.5", "d": ("x", "2", "False"), "f": "y"}


def test_settings_join_key_by_key() -> None:
    assert SETTINGS.join is not None
    assert SETTINGS.join({"a": "1", "b": "2"}, {"b": "3"}) == {"a": "1", "b": "3"}


def test_settings_are_read_from_text_as_a_shell_reads_words() -> None:
    text = "a=b --flag='x y' a=c empty= a=d alone"
    others = {"--flag": "x y", "empty": "", "alone": ""}
    assert settings(text) == {"a": ("b", "c", "d"), **others}


@pytest.mark.parametrize("text", ["=b", "a='b"])
def test_text_that_is_no_settings_is_refused(text: str) -> None:
    assert isinstance(settings(text), Unexpected)
