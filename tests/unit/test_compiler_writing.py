from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tests.unit.compiler_modules import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

writing = load("writing")

SIZE = 100_000


def test_who_writes_the_same_file_at_once_does_not_disturb_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Containers number their processes alike, and so do threads of one process.
    monkeypatch.setattr(os, "getpid", lambda: 7)
    path = tmp_path / "notes" / "known.json"

    def write(letter: str) -> set[str]:
        seen = set()
        for _ in range(50):
            writing.write_whole(path, letter * SIZE)
            seen.add(path.read_text("utf-8"))
        return seen

    with ThreadPoolExecutor(4) as pool:
        seen = set().union(*pool.map(write, "abcd"))
    assert seen <= {letter * SIZE for letter in "abcd"}
    assert [file.name for file in path.parent.iterdir()] == [path.name]
