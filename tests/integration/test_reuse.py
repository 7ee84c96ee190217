"""What a rebuild does again, and what it says if that is everything for no good reason."""

from __future__ import annotations

import os
import secrets
import zipfile
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock import request
from wheeldock.builder import Buildx
from wheeldock.errors import AuditFailedError, BuildFailedError
from wheeldock.request import BuildRequest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.workplace import Workplace

pytestmark = pytest.mark.integration

SETUP = """\
import os
import time

from setuptools import Extension, setup

# {nonce}
with open("now.h", "w") as file:
    file.write(f"#define NOW {{{now}}}\\n")
os.environ.update({variables})
setup(py_modules=["pure"], ext_modules=[Extension("tiny", ["tiny.c"])])
"""
CODE = f'#include "now.h"\nlong now = NOW;\n{projects.CODE}'

FOLDER_SETUP = """\
import os

from setuptools import Extension, setup

if os.path.isdir("special"):
    open("special.py", "w").close()
modules = ["special"] if os.path.exists("special.py") else []
setup(py_modules=modules, ext_modules=[Extension("tiny", ["tiny.c"])])
"""
SLOW_REPAIR = """
[tool.wheeldock]
repair-wheel-command = "sleep 3; auditwheel repair -w {dest_dir} {wheel}"
"""

CASES = {
    "a time in a generated header": ("time.time_ns()", {}, "none of its 1 compiles came from "),
    "a compiler by its path": ("1", {"CC": "/usr/bin/gcc"}, "the compiler cache saw none of it"),
    "nothing wrong": ("1", {}, ""),
}


@pytest.mark.parametrize("case", CASES)
def test_a_rebuild_that_compiles_all_of_it_again(workplace: Workplace, case: str) -> None:
    now, variables, warning = CASES[case]
    # The caches outlive this test, and what it builds is to be new to them.
    setup = SETUP.format(nonce=secrets.token_hex(8), now=now, variables=variables)
    projects.write_tiny(workplace.folder, setup=setup, code=CODE)
    (workplace.folder / "pure.py").touch()
    first = workplace.build(*ONE)
    workplace.built(first)
    assert workplace.report()[ONE[1]]["warning"] == ""

    (workplace.folder / "pure.py").write_text("changed = True\n")
    again = workplace.build(*ONE)
    workplace.built(again)
    said = workplace.report()[ONE[1]]["warning"]
    assert warning in said
    assert bool(said) == bool(warning)
    assert said in again.out + again.err


def test_an_edit_that_keeps_the_size_gets_into_the_wheel(workplace: Workplace) -> None:
    """BuildKit keeps what it was sent for a build that ran no step, and is sent what differs."""
    wheel = workplace.dist / projects.WHEEL
    for is_new in (True, False, True):
        if is_new:
            edition = secrets.token_hex(8)
            projects.write_tiny(workplace.folder, more_code=f'char edition[] = "{edition}";')
        wheel.unlink(missing_ok=True)
        assert workplace.build(*ONE).code == 0
        assert workplace.report()[ONE[1]]["cached"] is not is_new
        assert edition.encode() in projects.extension(wheel)


def test_what_changes_for_one_wheel_leaves_the_others_as_they_are(workplace: Workplace) -> None:
    ours, other = (f"{python}-manylinux_x86_64" for python in ("cp313", "cp314"))
    projects.write_tiny(workplace.folder, more_code=projects.unlike())

    def built(selected: str, **environment: str) -> dict[str, bool]:
        """The wheels, and whether a step ran or was looked for."""
        done = workplace.build(environment={"WHEELDOCK_BUILD": selected, **environment})
        assert done.code == 0, done.err
        wheels = list(workplace.report().items())[1:]
        return {name: bool(wheel["stages"]) for name, wheel in wheels}

    assert built(ours) == {ours: True}
    assert built(f"{ours} {other}") == {ours: False, other: True}
    assert workplace.build("--only", ours).code == 0
    assert built(f"{ours} {other}") == {ours: False, other: False}
    assert built(other) == {other: False}
    variable = {"WHEELDOCK_ENVIRONMENT": "TOLD=1"}
    assert built(f"{ours} {other}", **variable) == {ours: True, other: True}
    assert built(ours, WHEELDOCK_OUTPUT_DIR="elsewhere", **variable) == {ours: True}


def test_a_wheel_that_no_build_of_all_makes_any_more_goes(workplace: Workplace) -> None:
    """It stays while a wheel is built by its name, which says nothing of the others."""
    mine = workplace.dist / projects.WHEEL
    former = workplace.dist / "tiny-1.0-cp314-cp314-manylinux_2_28_x86_64.whl"
    selected = {"WHEELDOCK_BUILD": ONE[1]}
    workplace.built(workplace.build(environment=selected))
    former.write_bytes(mine.read_bytes())
    workplace.built(workplace.build(*ONE, environment=selected))
    assert former.exists()
    workplace.built(workplace.build(environment=selected))
    assert not former.exists()


def test_nothing_is_attested_of_a_wheel_that_another_takes_the_place_of(
    workplace: Workplace,
) -> None:
    folder = workplace.dist / "attestations"
    workplace.built(workplace.build(*ONE, "--attest"))
    attested = {path.name for path in folder.iterdir()}
    workplace.built(workplace.build(*ONE, environment={"WHEELDOCK_BUILD_VERBOSITY": "1"}))
    assert {path.name for path in folder.iterdir()} == attested

    projects.write_tiny(workplace.folder, more_code=projects.unlike())
    workplace.built(workplace.build(*ONE))
    assert list(folder.iterdir()) == []


def test_a_file_of_the_same_size_and_time_gets_into_the_sdist(workplace: Workplace) -> None:
    """As when one version is unpacked in place of another, from archives whose files have one."""
    (workplace.folder / "MANIFEST.in").write_text("include tiny.c\n")
    for is_new in (True, False, True):
        if is_new:
            edition = secrets.token_hex(8)
            (workplace.folder / "tiny.c").unlink()
            projects.write_tiny(
                workplace.folder, setup=projects.SDIST_ALONE, more_code=f"/* {edition} */"
            )
            os.utime(workplace.folder / "tiny.c", (1580601600, 1580601600))
        assert workplace.build(*ONE).code == BuildFailedError.code
        assert workplace.report()["sdist"]["cached"] is not is_new
        (code,) = (workplace.state / "sdist").glob("*/src/tiny.c")
        assert edition in code.read_text()


def test_files_of_one_size_and_time_may_change_places(workplace: Workplace) -> None:
    """With their folders, so that nothing of the files themselves is changed."""
    (workplace.folder / "MANIFEST.in").write_text("recursive-include data *\n")
    projects.write_tiny(workplace.folder, setup=projects.SDIST_ALONE)
    one, other = (workplace.folder / "data" / name for name in ("one", "other"))
    for folder in (one, other):
        folder.mkdir(parents=True)
        (folder / "file").write_text(f"{folder.name[-1]} {secrets.token_hex(8)}")
    moment = (one / "file").stat().st_mtime_ns
    os.utime(other / "file", ns=(moment, moment))
    for _ in range(2):
        assert workplace.build(*ONE).code == BuildFailedError.code
    assert workplace.report()["sdist"]["cached"]
    one.rename(workplace.folder / "data/aside")
    other.rename(one)
    (workplace.folder / "data/aside").rename(other)
    assert workplace.build(*ONE).code == BuildFailedError.code
    (shipped,) = (workplace.state / "sdist").glob("*/src/data/one/file")
    assert shipped.read_text() == (one / "file").read_text()


def test_each_version_of_wheeldock_runs_its_own_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the files of all versions have one time, and an edit keeps a file's size."""
    monkeypatch.setattr(request, "own_files", request.own_files.__wrapped__)
    for number in ("1", "2"):
        place = tmp_path / number / "docker"
        toolbox = place / "toolbox"
        toolbox.mkdir(parents=True)
        (place / "Dockerfile").write_text("FROM scratch AS all\nCOPY --from=toolbox / /\n")
        version = secrets.token_hex(8)
        (toolbox / "pins.txt").write_text(version)
        for path in (place / "Dockerfile", toolbox / "pins.txt", toolbox):
            os.utime(path, (1, 1))
        monkeypatch.setattr(request, "DOCKER", place)
        asked = BuildRequest(
            target="all",
            dockerfile=place / "Dockerfile",
            context=place,
            contexts={"toolbox": toolbox},
            output=tmp_path / number / "out",
        )
        list(Buildx().build(asked))
        assert (tmp_path / number / "out" / "pins.txt").read_text() == version


def test_a_folder_without_files_is_no_secret_to_a_build(workplace: Workplace) -> None:
    """What it finds in the tree may decide what it writes into the sdist."""
    projects.write_tiny(workplace.folder, setup=FOLDER_SETUP, more_code=projects.unlike())
    workplace.built(workplace.build(*ONE))
    (workplace.folder / "special").mkdir()
    workplace.built(workplace.build(*ONE))
    with zipfile.ZipFile(workplace.dist / projects.WHEEL) as archive:
        assert "special.py" in archive.namelist()


def test_what_is_compiled_is_kept_while_the_wheel_is_repaired(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, pyproject=SLOW_REPAIR, more_code=projects.unlike())
    assert workplace.build(*ONE).code == 0
    (compiled,) = (workplace.state / "cache").glob("*/compiler-cache/compiler-cache.tar")
    (wheel,) = (workplace.state / "cache").glob(f"*/{ONE[1]}/index.json")
    assert compiled.stat().st_mtime < wheel.stat().st_mtime - 1


def test_a_wheel_is_audited_again_where_that_is_done_on_another_image(workplace: Workplace) -> None:
    """That is the image of the first wheel, as the project prepares it."""
    ours, other = (f"{python}-manylinux_x86_64" for python in ("cp313", "cp314"))
    marker = f"/{secrets.token_hex(8)}"
    table = f'\n[tool.wheeldock]\nbuild = "{ours} {other}"\nbefore-all = "sh prepare.sh"\n'
    table += f'audit-command = "case {{wheel}} in *cp314*) test ! -e {marker};; esac"\n'
    own = f'[[tool.wheeldock.overrides]]\nselect = "{other}"\nbefore-all = "true"\n'
    projects.write_tiny(workplace.folder, pyproject=table + own, more_code=projects.unlike())

    def built(command: str) -> int:
        (workplace.folder / "prepare.sh").write_text(f"{command}\n")
        return workplace.build().code

    assert built("true") == 0
    assert built(f"touch {marker}") == AuditFailedError.code
    assert workplace.report()[other]["error"]
