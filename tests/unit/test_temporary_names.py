"""Temporary folders of a build environment: of the same names in every build."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.unit.toolbox_scripts import TOOLBOX

if TYPE_CHECKING:
    from pathlib import Path

MAKE = """\
import temporary_names
import tempfile

with tempfile.TemporaryDirectory(prefix="build-", dir=".") as folder:
    print(folder)
print(tempfile.mkdtemp(b"-last", dir=b"."))
print(tempfile.mkstemp(dir=".")[1])
"""


def made(folder: Path) -> list[str]:
    """What a Python makes in a folder: two folders, the first for a while, and a file."""
    command = [sys.executable, "-c", MAKE]
    done = subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": f"{TOOLBOX}"}, check=True, capture_output=True
    )
    return done.stdout.decode().splitlines()


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
