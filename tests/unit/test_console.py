import pytest

from wheeldock import console


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.4, "0 s"), (59, "59 s"), (3599, "59 min"), (7200, "2 h"), (2e5, "2 d")]
)
def test_an_age_is_told_in_its_largest_unit(seconds: float, text: str) -> None:
    assert console.age(seconds) == text
