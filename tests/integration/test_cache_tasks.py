"""`invoke cache.*` on what a real build exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.integration.workplace import ONE, Workplace

from wheeldock.errors import CacheDamagedError, UsageError

if TYPE_CHECKING:
    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration


def test_what_a_build_exported_is_told_checked_and_taken_away(
    workplace: Workplace, base_image: BaseImage
) -> None:
    assert base_image
    workplace.built(workplace.build(*ONE))
    cache = workplace.state / "cache"
    told = workplace.run("cache.status").out
    for target in ("sdist", ONE[1]):
        (line,) = (line for line in told.splitlines() if target in line)
        assert line.split()[0] == "tiny"
        assert line.split()[-1] == "usable"
    assert workplace.run("cache.verify").code == 0

    blob = max((cache / "tiny/sdist/blobs/sha256").iterdir(), key=lambda path: path.stat().st_size)
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[::-1])
    damaged = workplace.run("cache.verify")
    assert damaged.code == CacheDamagedError.code
    assert "cache/tiny/sdist: corrupt" in damaged.err

    (cache / "tiny/notes.txt").write_text("mine")
    unasked = workplace.run("cache.clear")
    assert (unasked.code, (cache / "tiny/sdist").exists()) == (UsageError.code, True)
    assert "--yes" in unasked.err
    pruned = workplace.run("cache.prune", "--keep", "100MB", "--yes")
    assert pruned.code == 0, pruned.err
    left = {path.name for path in (cache / "tiny").iterdir()}
    assert "sdist" not in left
    assert {"notes.txt", ONE[1]} <= left
    cleared = workplace.run("cache.clear", "--yes")
    assert cleared.code == 0, cleared.err
    assert [path.name for path in cache.rglob("*")] == ["tiny", "notes.txt"]

    workplace.built(workplace.build(*ONE))
    assert {"notes.txt", "sdist", ONE[1]} <= {path.name for path in (cache / "tiny").iterdir()}
