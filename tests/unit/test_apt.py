from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from wheeldock.apt import (
    AptError,
    PrivateApt,
    Source,
    machine_sources,
    parse_deb822,
    parse_one_line,
)

if TYPE_CHECKING:
    from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="apt is Debian's")


def test_one_line_sources_with_options_comments_and_components() -> None:
    text = f"""\
# deb http://commented.example/debian trixie main
deb http://one.example/debian/ bookworm main contrib # why
deb-src http://one.example/debian bookworm main
deb [arch=amd64 signed-by={KEYRING}]  https://two.example/debian-security  bookworm-security main
  deb  [ trusted=yes ] file:/srv/mirror ./
nonsense
"""

    assert list(parse_one_line(text)) == [
        Source("http://one.example/debian", "bookworm", ("main", "contrib")),
        Source("https://two.example/debian-security", "bookworm-security", ("main",), KEYRING),
        Source("file:/srv/mirror", "./", ()),
    ]


def test_deb822_sources_with_several_suites_and_uris() -> None:
    text = f"""\
# Debian's own
Types: deb deb-src
# an older state: http://snapshot.example/
URIs: http://one.example/debian http://two.example/debian/
Suites: bookworm
 bookworm-updates
Components: main non-free
Signed-By: {KEYRING}

Types: deb-src
URIs: http://sources.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: bookworm
Components: main
"""

    assert list(parse_deb822(text)) == [
        Source(f"http://{host}.example/debian", suite, ("main", "non-free"), KEYRING)
        for host in ("one", "two")
        for suite in ("bookworm", "bookworm-updates")
    ]


def test_a_key_within_a_deb822_source_goes_where_the_source_goes() -> None:
    text = """\
Types: deb
URIs: http://one.example/debian
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEY
 -----END PGP PUBLIC KEY BLOCK-----
"""

    (source,) = parse_deb822(text)

    assert list(parse_deb822(source.deb822())) == [source]
    assert "\n .\n mDMEY\n -----END" in source.deb822()


def test_the_machines_sources_come_in_apts_order(tmp_path: Path) -> None:
    folder = tmp_path / "sources.list.d"
    folder.mkdir()
    (tmp_path / "sources.list").write_text("deb http://first.example/debian trixie main\n")
    (folder / "b.list").write_text("deb http://third.example/debian trixie main\n")
    (folder / "a.sources").write_text(
        "Types: deb\nURIs: http://second.example/debian\nSuites: trixie\nComponents: main\n"
    )
    (folder / "c.list.save").write_text("deb http://never.example/debian trixie main\n")

    uris = [source.uri for source in machine_sources(tmp_path)]

    assert uris == [f"http://{name}.example/debian" for name in ("first", "second", "third")]


def test_a_machine_without_apt_has_no_sources(tmp_path: Path) -> None:
    assert machine_sources(tmp_path) == ()


@needs_apt
def test_a_suite_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    apt = PrivateApt(tmp_path / "apt", [Source(f"file:{mirror}", "gone")])

    with pytest.raises(AptError, match="gone"):
        apt.update()
