from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import rootfs
from wheeldock.apt import AptError, Source

if TYPE_CHECKING:
    from pathlib import Path

EXPIRED = "E: Release file for http://mirror/dists/forky/InRelease is expired (since 23d)."
SOURCE = Source(uri="http://mirror", suite="forky", components=("main",), signed_by="key")


@pytest.fixture
def mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name; it ends as the file `script` beside it, with its arguments, does."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "mmdebstrap"
    program.write_text('#!/bin/sh\necho "$@" >> "${0%/*}/calls"\n. "${0%/*}/script"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(rootfs, "proxies", dict)
    monkeypatch.setattr(rootfs, "rights", lambda: None)
    return folder


def make(folder: Path) -> bool:
    return rootfs.make(folder / "tar", [SOURCE], architecture="amd64", hook="", work=folder)


def test_an_expired_release_is_taken_as_it_is(mmdebstrap: Path) -> None:
    unless = "case $* in *Check-Valid-Until*) exit 0;; esac"
    (mmdebstrap / "script").write_text(f"{unless}; echo '{EXPIRED}' >&2; exit 25\n")
    assert make(mmdebstrap) is False
    first, second = (mmdebstrap / "calls").read_text().splitlines()
    assert "Check-Valid-Until" not in first
    places = f"forky {mmdebstrap}/tar -"
    assert first.endswith(places)
    option = '--aptopt=Acquire::Check-Valid-Until "false"'
    assert second == f"{first.removesuffix(places)}{option} {places}"


def test_what_else_is_wrong_is_told(mmdebstrap: Path) -> None:
    told = "I: running apt-get update...\nE: Failed to fetch it\nE: mmdebstrap failed to run"
    (mmdebstrap / "script").write_text(f"echo '{told}' >&2; exit 25\n")
    with pytest.raises(AptError, match=r"^mmdebstrap: E: Failed to fetch it$"):
        make(mmdebstrap)
    assert len((mmdebstrap / "calls").read_text().splitlines()) == 1


def test_a_valid_release_is_no_matter(mmdebstrap: Path) -> None:
    (mmdebstrap / "script").write_text("exit 0\n")
    assert make(mmdebstrap) is True
