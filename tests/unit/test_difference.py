from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from wheeldock.difference import differences

if TYPE_CHECKING:
    from pathlib import Path

EPOCH = (2020, 2, 2, 0, 0, 0)
CHUNK = 2**20


def wheel(path: Path, *members: zipfile.ZipInfo, **contents: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), data)
        for info in members:
            archive.writestr(info, b"data")
    return path


def info(name: str = "x", when: tuple[int, ...] = EPOCH, mode: int = 0o644) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name, when)  # type: ignore[arg-type]
    made.external_attr = mode << 16
    return made


def packed(name: str = "x") -> zipfile.ZipInfo:
    made = info(name)
    made.compress_type = zipfile.ZIP_DEFLATED
    return made


def found(one: Path, other: Path) -> list[str]:
    return [f"{each.place}: {each.what}" for each in differences(one, other)]


def test_the_same_bytes_have_no_differences(tmp_path: Path) -> None:
    one, other = wheel(tmp_path / "a.whl", a=b"1"), wheel(tmp_path / "b.whl", a=b"1")
    assert found(one, other) == []


def test_members_that_are_in_one_alone_are_named(tmp_path: Path) -> None:
    one = wheel(tmp_path / "a.whl", a=b"1", old=b"")
    other = wheel(tmp_path / "b.whl", a=b"1", new=b"")
    assert found(one, other) == [
        "old: the second build does not have it",
        "new: only the second build has it",
    ]


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        (b"abcd", b"abXd", "a: the first byte that differs is at 2"),
        (b"ab", b"abc", "a: 2 and 3 bytes; the first byte that differs is at 2"),
        (b"", b"abc", "a: 0 and 3 bytes; the first byte that differs is at 0"),
        (
            bytes(CHUNK + 9) + b"1",
            bytes(CHUNK + 9) + b"2",
            f"a: the first byte that differs is at {CHUNK + 9}",
        ),
    ],
    ids=["a byte", "longer", "empty", "after a chunk"],
)
def test_contents_are_compared(tmp_path: Path, first: bytes, second: bytes, said: str) -> None:
    one, other = wheel(tmp_path / "a.whl", a=first), wheel(tmp_path / "b.whl", a=second)
    assert found(one, other) == [said]


@pytest.mark.parametrize(
    ("second", "said"),
    [
        (info(when=(2021, 1, 1, 0, 0, 0)), "of 2020-02-02T00:00:00+00:00 and 2021-01-01T"),
        (info(mode=0o755), "mode 644 and 755"),
        (packed(), "packed to 4 and 6 bytes"),
    ],
    ids=["time", "mode", "packing"],
)
def test_what_an_archive_says_of_a_member_is_compared(
    tmp_path: Path, second: zipfile.ZipInfo, said: str
) -> None:
    (difference,) = found(wheel(tmp_path / "a.whl", info()), wheel(tmp_path / "b.whl", second))
    assert difference.startswith(f"x: {said}")


def test_another_order_is_said(tmp_path: Path) -> None:
    one, other = wheel(tmp_path / "a.whl", a=b"", b=b""), wheel(tmp_path / "b.whl", b=b"", a=b"")
    assert found(one, other) == [": the members are in another order"]


def test_what_lies_outside_of_members_is_a_difference_too(tmp_path: Path) -> None:
    one, other = wheel(tmp_path / "a.whl", a=b""), wheel(tmp_path / "b.whl", a=b"")
    with zipfile.ZipFile(other, "a") as archive:
        archive.comment = b"hello"
    assert found(one, other) == [": the members are the same, and packed in another way"]


def test_sdists_are_compared(tmp_path: Path) -> None:
    paths = []
    for name, when, data in (("a.tar.gz", 1, b"1"), ("b.tar.gz", 86401, b"2")):
        entry = tarfile.TarInfo("p-1/PKG-INFO")
        entry.size, entry.mtime = 1, when
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            archive.addfile(entry, io.BytesIO(data))
        paths.append(tmp_path / name)
    (said,) = found(*paths)
    assert said == (
        "p-1/PKG-INFO: the first byte that differs is at 0; "
        "of 1970-01-01T00:00:01+00:00 and 1970-01-02T00:00:01+00:00"
    )
