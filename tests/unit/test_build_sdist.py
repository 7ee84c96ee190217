from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

from tests.unit.toolbox_scripts import tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

__all__ = ["tool"]  # a fixture


def packed(path: Path, names: list[str], owner: str, mode: int, when: int) -> bytes:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.mtime, entry.uname, entry.uid = mode, when, owner, when % 1000
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("p-1/link")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "a.py", when
        archive.addfile(link)
    return path.read_bytes()


def test_sdists_of_the_same_content_are_the_same_bytes(
    tool: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    build_sdist = tool("build_sdist")
    made = []
    for owner, mode, when, names in (
        ("me", 0o664, 1700000001, ["p-1/b.py", "p-1/a.py"]),
        ("you", 0o600, 1800000002, ["p-1/a.py", "p-1/b.py"]),
    ):
        path = tmp_path / "p-1.tar.gz"
        before = packed(path, names, owner, mode, when)
        build_sdist.normalise(path, 1600000000)
        made.append(path.read_bytes())
        assert made[-1] != before
    assert made[0] == made[1]
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert [each.name for each in members] == ["p-1/a.py", "p-1/b.py", "p-1/link"]
        assert {(each.mtime, each.uname, each.uid) for each in members} == {(1600000000, "", 0)}
        assert members[0].mode == 0o644
        assert members[2].linkname == "a.py"
        content = archive.extractfile("p-1/b.py")
        assert content is not None
        assert content.read() == b"p-1/b.py"
    assert [each.name for each in tmp_path.iterdir()] == ["p-1.tar.gz"]


def test_what_can_be_run_stays_so(tool: Callable[[str], ModuleType], tmp_path: Path) -> None:
    packed(tmp_path / "p-1.tar.gz", ["p-1/configure"], "me", 0o750, 1)
    tool("build_sdist").normalise(tmp_path / "p-1.tar.gz", 1600000000)
    with tarfile.open(tmp_path / "p-1.tar.gz") as archive:
        assert archive.getmember("p-1/configure").mode == 0o755
