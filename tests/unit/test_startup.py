"""What a Python of a build environment does first."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.unit.toolbox_scripts import TOOLBOX

if TYPE_CHECKING:
    from pathlib import Path

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


def said(program: str, folder: Path) -> list[str]:
    environment = {"PYTHONPATH": f"{TOOLBOX / 'startup'}"}
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
