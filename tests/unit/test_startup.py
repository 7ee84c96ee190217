"""What a Python of a build environment does first."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import TOOLBOX, tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

__all__ = ["tool"]  # a fixture

MAKE = """\
import _wheeldock_names
import tempfile

with tempfile.TemporaryDirectory(prefix="build-", dir=".") as folder:
    print(folder)
print(tempfile.mkdtemp(b"-last", dir=b"."))
print(tempfile.mkstemp(dir=".")[1])
"""


ACT = """\
import inspect, sys
from _wheeldock_loading import after

finders = list(sys.meta_path)
after("colorsys", lambda module: print(module.__name__, hasattr(module, "hls_to_rgb")))
import shelve
print("another")
import colorsys
print(sys.meta_path == finders, "def hls_to_rgb" in inspect.getsource(colorsys))
"""


PACK = """\
import _wheeldock_sdist
import gzip, pathlib, tarfile

def pack(path):
    with {opened} as packed:
        packed.add("p-1")

pathlib.Path("out").mkdir()
pack(pathlib.Path("out/p-1.tar.gz").absolute())
pack(pathlib.Path("ships.tar.gz"))
for path in ("ships.gz", "out/p-1.gz"):
    with gzip.open(path, "wb") as file:
        file.write(bytes(10_000))
"""

GZIP_FILE = 'gzip.GzipFile(path, "wb", mtime=1) as file, tarfile.TarFile(fileobj=file, mode="w")'
STREAM = 'tarfile.open(str(path), "w|gz")'
WAYS = {
    "pdm-backend": 'tarfile.open(path, mode="w:gz", format=tarfile.PAX_FORMAT)',
    "flit, meson-python, poetry-core, scikit-build-core": GZIP_FILE,
    "setuptools": STREAM,
}
"""How build backends pack an sdist."""


def said(program: str, folder: Path, **more: str) -> list[str]:
    environment = {"PYTHONPATH": f"{TOOLBOX / 'startup'}", **more}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True)
    return done.stdout.decode().splitlines()


def made(folder: Path) -> list[str]:
    """What a Python makes in a folder: two folders, the first for a while, and a file."""
    return said(MAKE, folder)


def test_each_process_makes_the_same_folders_and_files_of_its_own(tmp_path: Path) -> None:
    folders, files = [], []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        *both, file = made(tmp_path / name)
        folders.append([each.replace(f"{tmp_path / name}", ".") for each in both])
        files.append(file.rpartition("/")[2])
    assert folders[0] == folders[1]
    assert folders[0][0] == "./build-0"
    assert files[0] != files[1]


def test_a_folder_that_is_there_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "build-0").mkdir()
    assert made(tmp_path)[0].endswith("/build-1")
    assert (tmp_path / "build-0").is_dir()


def test_something_is_done_once_a_module_is_loaded_and_no_other_knows_of_it(tmp_path: Path) -> None:
    assert said(ACT, tmp_path) == ["another", "colorsys True", "True True"]


@pytest.mark.parametrize("opened", WAYS.values(), ids=WAYS)
def test_only_an_sdist_that_is_packed_again_is_left_uncompressed(
    tool: Callable[[str], ModuleType], tmp_path: Path, opened: str
) -> None:
    normalise = tool("build_sdist").normalise
    made: dict[str, dict[str, bytes]] = {}
    for name in ("as ever", "left"):
        folder = tmp_path / name
        (folder / "p-1").mkdir(parents=True)
        (folder / "p-1/zeros").write_bytes(bytes(100_000))
        for path in (folder / "p-1/zeros", folder / "p-1"):
            os.utime(path, (1, 1))
        more = {"WHEELDOCK_PACKED_AGAIN": f"{folder / 'out'}"} if name == "left" else {}
        said(PACK.format(opened=opened), folder, **more)
        sdist = folder / "out/p-1.tar.gz"
        has_levels = opened != STREAM or sys.version_info >= (3, 12)
        assert (sdist.stat().st_size > 100_000) == (name == "left" and has_levels)
        normalise(sdist, 1)
        made[name] = {
            path.name: path.read_bytes() if path == sdist else path.read_bytes()[8:]
            for path in folder.rglob("*.gz")  # whose first bytes tell of the time
        }
    assert made["left"].keys() == {"p-1.tar.gz", "p-1.gz", "ships.tar.gz", "ships.gz"}
    assert made["left"] == made["as ever"]
