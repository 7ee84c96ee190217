from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.fake_root import FakeRoot

from wheeldock import packages
from wheeldock.errors import SetupError
from wheeldock.journal import Journal, Kind

if TYPE_CHECKING:
    from pathlib import Path

BOOKWORM = {"docker.io", "containerd", "runc", "iptables"}
TRIXIE = BOOKWORM | {"docker-cli", "docker-buildx"}
NOBLE = BOOKWORM | {"docker-buildx"}
DOCKERS_OWN = {"docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin"}

POLICY = """\
docker.io:
  Installed: (none)
  Candidate: 20.10.24+dfsg1-1+deb12u1+b6
  Version table:
     20.10.24+dfsg1-1+deb12u1+b6 500
        500 http://mirror.example/debian bookworm/main amd64 Packages
docker-buildx:
  Installed: (none)
  Candidate: (none)
  Version table:
     0.13.1+ds1-3 -1
        100 http://mirror.example/debian trixie/main amd64 Packages
libc6:
  Installed: 2.36-9
  Candidate: 2.36-9
  Version table:
 *** 2.36-9 100
        100 /var/lib/dpkg/status
"""

STATUS = """\
ii \tbash
iU \tdocker.io
iF \tcontainerd
rc \tapache2
un \tdocker-ce
ii \tlibmnl0:amd64
hi \trunc
"""


def test_a_suite_without_buildx_has_no_engine_to_offer() -> None:
    assert packages.choose(packages.ENGINE, BOOKWORM) == ()
    assert packages.choose(packages.BUILDX, BOOKWORM) == ()
    assert packages.choose(packages.CLIENT, NOBLE) == ()


def test_an_engine_is_made_of_what_the_suite_has() -> None:
    trixie = packages.choose(packages.ENGINE, TRIXIE)
    assert set(trixie) == TRIXIE
    noble = packages.choose(packages.ENGINE, NOBLE)
    assert set(noble) == NOBLE
    assert packages.choose(packages.BUILDX, NOBLE) == ("docker-buildx",)
    assert packages.choose(packages.CLIENT, TRIXIE) == ("docker-cli", "docker-buildx")


def test_dockers_own_packages_come_first_where_the_user_has_their_source() -> None:
    known = DOCKERS_OWN | TRIXIE
    assert set(packages.choose(packages.ENGINE, known)) == DOCKERS_OWN
    assert packages.choose(packages.BUILDX, known) == ("docker-buildx-plugin",)


def test_candidates_are_what_the_policy_answers() -> None:
    assert packages.parse_policy(POLICY) == {
        "docker.io": "20.10.24+dfsg1-1+deb12u1+b6",
        "docker-buildx": "",
        "libc6": "2.36-9",
    }


def test_halves_are_installed_and_leftover_settings_are_not() -> None:
    expected = {"bash", "docker.io", "containerd", "libmnl0:amd64", "runc"}
    assert packages.parse_installed(STATUS) == expected


def test_a_failed_install_is_written_down_as_far_as_it_went(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    states = iter([frozenset({"bash"}), frozenset({"bash", "runc"})])
    monkeypatch.setattr(packages, "installed", lambda: next(states))
    monkeypatch.setattr(packages, "candidates", frozenset)
    journal, said = Journal(tmp_path / "setup.json"), list[str]()
    with pytest.raises(SetupError, match="no room"):
        packages.install(["docker.io", "bash"], FakeRoot("install"), journal, said.append)
    assert [(each.kind, each.name) for each in journal.additions()] == [(Kind.PACKAGE, "runc")]
    assert said == ["Installing docker.io, and what it needs, with apt-get."]


def test_what_is_installed_is_not_installed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "installed", lambda: frozenset({"runc", "tini"}))
    root, said = FakeRoot(), list[str]()
    packages.install(["runc"], root, Journal(tmp_path / "setup.json"), said.append)
    assert (root.ran, said) == ([], [])


def test_packages_that_others_need_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    states = iter([frozenset({"docker.io", "iptables", "ufw"}), frozenset({"iptables", "ufw"})])
    monkeypatch.setattr(packages, "installed", lambda: next(states))
    root = FakeRoot()
    assert packages.remove(["docker.io", "iptables"], root) == ("iptables",)
    assert root.ran == [
        "dpkg --remove docker.io iptables",
        "rm -f /var/lib/docker/nuke-graph-directory.sh",
        "dpkg --purge docker.io",
    ]
