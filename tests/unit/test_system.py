from __future__ import annotations

import platform

import pytest

from wheeldock.system import Family, System, from_os_release, this_system


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"ID": "debian"}, Family.DEBIAN),
        ({"ID": "ubuntu", "ID_LIKE": "debian"}, Family.DEBIAN),
        ({"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}, Family.DEBIAN),
        ({"ID": "fedora"}, Family.FEDORA),
        ({"ID": "rocky", "ID_LIKE": "rhel centos fedora"}, Family.FEDORA),
        ({"ID": "manjaro", "ID_LIKE": "arch"}, Family.ARCH),
        ({"ID": "alpine"}, Family.ALPINE),
        ({"ID": "opensuse-leap", "ID_LIKE": "suse opensuse"}, Family.SUSE),
        ({"ID": "nixos"}, Family.OTHER),
        ({}, Family.OTHER),
    ],
)
def test_family_by_os_release(fields: dict[str, str], family: Family) -> None:
    assert from_os_release(fields).family is family


def test_a_system_has_a_name_for_people() -> None:
    assert from_os_release({"ID": "debian", "PRETTY_NAME": "Debian 12"}).name == "Debian 12"
    assert from_os_release({"ID": "nixos"}).name == "nixos"
    assert from_os_release({}).name == "Linux"


def test_macos_has_no_os_release(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert this_system() == System(Family.MACOS, "macOS")


def test_a_system_without_os_release(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> dict[str, str]:
        raise OSError

    monkeypatch.setattr(platform, "system", lambda: "FreeBSD")
    monkeypatch.setattr(platform, "freedesktop_os_release", fail)
    assert this_system() == System(Family.OTHER, "FreeBSD")
