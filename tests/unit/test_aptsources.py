from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.fake_root import FakeRoot

from wheeldock import aptsources
from wheeldock.apt import Source, parse_deb822
from wheeldock.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path


def test_the_newer_suite_comes_from_the_machines_own_mirror() -> None:
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    machine = [
        Source("https://packages.example/tools", "bookworm", signed_by="/etc/tools.gpg"),
        Source("http://mirror.example/debian", "bookworm", ("main", "non-free"), key),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",), key),
    ]
    source = aptsources.newer_source(machine)
    assert source == Source("http://mirror.example/debian", "trixie", ("main",), key)
    assert list(parse_deb822(source.deb822())) == [source]


def test_no_newer_suite_without_a_debian_mirror() -> None:
    ubuntu = [Source("http://mirror.example/ubuntu", "noble", ("main", "universe"))]
    with pytest.raises(SetupError, match="no Debian mirror with trixie") as caught:
        aptsources.newer_source(ubuntu)
    assert caught.value.cure


def test_preferences_hold_all_of_a_suite_back_but_what_is_named() -> None:
    assert aptsources.preferences("trixie", ["docker.io", "docker-buildx"]) == (
        "Package: *\nPin: release n=trixie\nPin-Priority: 100\n"
        "\n"
        "Package: docker.io docker-buildx\nPin: release n=trixie\nPin-Priority: 600\n"
    )


def test_a_source_goes_with_the_lists_of_its_suite_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    ours = "mirror.example_debian_dists_trixie_main_binary-amd64_Packages"
    for name in (
        ours,
        "mirror.example_debian_dists_trixie-updates_InRelease",
        "mirror.example_debian_dists_bookworm_InRelease",
    ):
        (lists / name).touch()
    monkeypatch.setattr(aptsources, "LISTS", lists)
    file = tmp_path / "wheeldock.sources"
    file.write_text(Source("http://mirror.example/debian", "trixie").deb822())
    root = FakeRoot()
    aptsources.remove_source(file, root)
    assert root.ran == [f"rm -f {lists / ours}", f"rm -f {file}"]
