from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import packages
from wheeldock.apt import Source, parse_deb822
from wheeldock.errors import SetupError
from wheeldock.journal import Journal, Kind
from wheeldock.root import Root

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


def test_the_newer_suite_comes_from_the_machines_own_mirror() -> None:
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    machine = [
        Source("https://packages.example/tools", "bookworm", signed_by="/etc/tools.gpg"),
        Source("http://mirror.example/debian", "bookworm", ("main", "non-free"), key),
        Source("http://mirror.example/debian", "bookworm-updates", ("main",), key),
    ]
    source = packages.newer_source(machine)
    assert source == Source("http://mirror.example/debian", "trixie", ("main",), key)
    assert list(parse_deb822(source.deb822())) == [source]


def test_no_newer_suite_without_a_debian_mirror() -> None:
    ubuntu = [Source("http://mirror.example/ubuntu", "noble", ("main", "universe"))]
    with pytest.raises(SetupError, match="no Debian mirror with trixie") as caught:
        packages.newer_source(ubuntu)
    assert caught.value.cure


def test_preferences_hold_all_of_a_suite_back_but_what_is_named() -> None:
    assert packages.preferences("trixie", ["docker.io", "docker-buildx"]) == (
        "Package: *\nPin: release n=trixie\nPin-Priority: 100\n"
        "\n"
        "Package: docker.io docker-buildx\nPin: release n=trixie\nPin-Priority: 600\n"
    )


class FakeRoot(Root):
    """Root's rights that change nothing and remember what they were used for."""

    def __init__(self, failing: str = "") -> None:
        super().__init__(())
        self.ran: list[str]
        object.__setattr__(self, "ran", [])
        object.__setattr__(self, "_failing", failing)

    def run(self, *words: str, text: str = "", allow: tuple[int, ...] = (0,)) -> str:
        del text, allow
        self.ran.append(" ".join(words))
        if words[1] == getattr(self, "_failing", None):
            raise SetupError(f"`{words[0]}` failed: E: no room")
        return ""


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
    monkeypatch.setattr(packages, "LISTS", lists)
    file = tmp_path / "wheeldock.sources"
    file.write_text(Source("http://mirror.example/debian", "trixie").deb822())
    root = FakeRoot()
    packages.remove_source(file, root)
    assert root.ran == [f"rm -f {lists / ours}", f"rm -f {file}"]
