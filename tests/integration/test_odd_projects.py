"""Projects that are unusual and right: odd folder names, very many files, much that is ignored."""

from __future__ import annotations

import gzip
import os
import secrets
import shutil
import tarfile
import time
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace
from tests.unit.test_worktree import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

ODD = """it's a "näme", with=everything; $HOME %s [1] {x} 日本"""
MESON = """\
project('tiny', 'c')
import('python').find_installation(pure: false).extension_module('tiny', 'tiny.c', install: true)
"""
SHIPS_GZIP = """\
import gzip
import os
import sys

from setuptools import Extension, setup
from setuptools.command.sdist import sdist

class OfNothing(sdist):
    def make_archive(self, *arguments, **named):
        made = super().make_archive(*arguments, **named)
        if os.path.getsize(made) < 100_000:
            raise SystemExit("it is compressed already")
        return made

if "sdist" in sys.argv:
    with open("zeros", "wb") as plain, gzip.open("zeros.gz", "wb") as packed:
        for file in (plain, packed):
            file.write(bytes(100_000))

setup(ext_modules=[Extension("tiny", ["tiny.c"])], cmdclass={"sdist": OfNothing})
"""
FILES = 10_000
GIGABYTE = 1 << 30
MOST = 2
"""What XFL is in a file of gzip that is compressed as much as can be (RFC 1952, 2.3.1)."""


def test_folders_with_odd_names(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    workplace = Workplace(tmp_path / ODD / ODD, tmp_path / f"temporary {ODD}", record_property)
    environment = {}
    if bundle := os.environ.get("SSL_CERT_FILE"):
        environment["SSL_CERT_FILE"] = shutil.copy(bundle, tmp_path / f"{ODD}.crt")
    workplace.built(workplace.build(*ONE, environment=environment))

    source = ("--source", str(workplace.dist / "tiny-1.0.tar.gz"))
    output = workplace.folder / f"out, {ODD}"
    environment |= {"WHEELDOCK_CACHE_DIR": f"cache {ODD}", "TMPDIR": str(tmp_path)}
    ended = workplace.build(*source, *ONE, "--output-dir", str(output), environment=environment)
    assert ended.code == 0, ended.err
    assert len(list(output.iterdir())) == 2
    assert (workplace.folder / f"cache {ODD}/tiny/{ONE[1]}/index.json").exists()


def test_meson_packs_what_is_committed(workplace: Workplace) -> None:
    folder = workplace.folder
    (folder / "setup.py").unlink()
    file = folder / "pyproject.toml"
    text = file.read_text().replace('"setuptools"', '"meson-python"')
    file.write_text(text.replace("setuptools.build_meta", "mesonpy"))
    (folder / "meson.build").write_text(MESON)
    (folder / "tiny.c").write_text(projects.CODE + projects.unlike())
    git(folder, "init")
    git(folder, "add", ".")
    git(folder, "commit", "-m", "one")
    first = workplace.build(*ONE)
    assert first.code == 0, first.err
    assert "committed" not in first.out + first.err

    (folder / "tiny.c").write_text(projects.CODE + projects.unlike())
    second = workplace.build(*ONE)
    assert second.code == 0, second.err
    assert "tiny.c: what was changed since the last commit is not in the sdist" in second.out
    assert "1 wheel and the sdist in dist/, 1 cached" in second.out


def test_an_sdist_is_compressed_once_and_what_it_ships_as_the_project_has_it(
    workplace: Workplace,
) -> None:
    projects.write_tiny(workplace.folder, setup=SHIPS_GZIP, more_code=projects.unlike())
    (workplace.folder / "MANIFEST.in").write_text("include zeros zeros.gz\n")
    workplace.built(workplace.build(*ONE))
    sdist = workplace.dist / "tiny-1.0.tar.gz"
    assert sdist.stat().st_size < 10_000
    with tarfile.open(sdist) as archive:
        shipped = archive.extractfile("tiny-1.0/zeros.gz")
        assert shipped is not None
        packed = shipped.read()
    assert gzip.decompress(packed) == bytes(100_000)
    assert packed[8] == MOST, "compressed as gzip does it by itself"


def test_a_project_of_very_many_files(
    workplace: Workplace, record_property: Callable[[str, object], None]
) -> None:
    projects.write_tiny(workplace.folder, setup=projects.NO_IGNORED + projects.SETUP)
    (workplace.folder / "MANIFEST.in").write_text("graft data\n")
    for number in range(FILES):
        file = workplace.folder / f"data/{number // 200}/{number}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(str(number))
    # No run of this test has a cache of another.
    (workplace.folder / "data/token").write_text(secrets.token_hex(8))
    (workplace.folder / ".gitignore").write_text("/ignored/\n")
    (workplace.folder / "ignored").mkdir()
    with (workplace.folder / "ignored/big").open("wb") as file:
        file.truncate(GIGABYTE)

    began = time.monotonic()
    ended = workplace.build(*ONE)
    seconds = time.monotonic() - began

    record_property("seconds", seconds)
    workplace.built(ended)
    assert seconds < 150
