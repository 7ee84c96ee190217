import pytest

from wheeldock.reuse import Doubt, warning

NAME = "cp313-manylinux_x86_64"
CACHES = {"compiles": {"hits": 0, "misses": 7}, "links": {"hits": 0, "misses": 1}}


@pytest.mark.parametrize("doubt", Doubt)
def test_one_line_that_names_the_target_the_causes_and_what_to_do(doubt: Doubt) -> None:
    line = warning(NAME, doubt, CACHES)
    assert line.startswith(f"{NAME}: ")
    assert "\n" not in line
    assert "{" not in line
    assert "To find out, " in line


def test_how_much_was_compiled_again() -> None:
    assert "none of its 7 compiles" in warning(NAME, Doubt.ALL_MISSED, CACHES)
    assert "absolute path" in warning(NAME, Doubt.BYPASSED, CACHES)


def test_nothing_to_say() -> None:
    assert warning(NAME, None, CACHES) == ""
    assert warning(NAME, None, None) == ""
