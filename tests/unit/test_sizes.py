from __future__ import annotations

import pytest

from wheeldock.errors import UsageError
from wheeldock.sizes import bytes_of


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1500", 1500),
        ("500MB", 500_000_000),
        ("500 mb", 500_000_000),
        ("2GiB", 2 << 30),
        ("1.5k", 1500),
        ("1Ti", 1 << 40),
    ],
)
def test_sizes_are_read_as_people_write_them(text: str, size: int) -> None:
    assert bytes_of(text, "--keep") == size


@pytest.mark.parametrize("text", ["", "MB", "-1", "1 XB", "1ib", "1e3", "all"])
def test_what_is_no_size_is_an_error(text: str) -> None:
    with pytest.raises(UsageError, match="--keep"):
        bytes_of(text, "--keep")
