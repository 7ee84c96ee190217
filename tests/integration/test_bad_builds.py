"""Builds that fail: which wheel, at which stage, why, and what becomes of the others."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from tests.integration import projects
from tests.integration.workplace import ONE

from wheeldock.archive import unpack
from wheeldock.errors import (
    BuildFailedError,
    LibraryNotFoundError,
    PureWheelError,
    SameWheelError,
    TooRecentSymbolsError,
)
from wheeldock.index import find_sdist
from wheeldock.request import BuildRequest, ImageOutput

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.workplace import Workplace

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

MUSL = "wheeldock-test-musl:1"
OLD, NEW = "cp311-manylinux_x86_64", "cp313-manylinux_x86_64"


def test_the_compiler_refuses_the_code(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, more_code="int broken(void) { return nonsense; }\n")
    ended = workplace.build(*ONE)
    workplace.refused(
        ended,
        BuildFailedError,
        f"{NEW}, stage build: the build backend could not make the wheel",
        "tiny.c:6:27: error: ",
        "nonsense",
    )


def test_a_build_requirement_is_missing(workplace: Workplace) -> None:
    setup = f"import numpy\n{projects.SETUP}"
    projects.write_tiny(workplace.folder, setup=setup, more_code=projects.unlike())
    ended = workplace.build(*ONE)
    workplace.refused(ended, BuildFailedError, "no module numpy is in that", "as it was")


def test_a_header_is_not_in_the_sdist(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, more_code='#include "own/own.h"\n' + projects.unlike())
    (workplace.folder / "own").mkdir()
    (workplace.folder / "own/own.h").write_text("")
    ended = workplace.build(*ONE)
    assert ended.code == BuildFailedError.code, ended.err
    assert "own/own.h: No such file or directory" in ended.err
    assert "own/own.h is in the project and not in its sdist" in ended.err


def test_a_header_is_a_system_librarys(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, more_code="#include <absent/library.h>\n")
    ended = workplace.build(*ONE)
    assert ended.code == BuildFailedError.code, ended.err
    assert "absent/library.h is no file of the project." in ended.err
    assert "`system-packages`" in ended.err


def test_the_sdist_cannot_be_made(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, setup="raise RuntimeError('no version found')\n")
    ended = workplace.build(*ONE)
    workplace.refused(ended, BuildFailedError, "sdist, stage sdist", "no version found")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            '["setuptools"]',
            '["setuptools==0.0.0"]',
            ["the build requirements", "setuptools==0.0.0"],
        ),
        ("setuptools.build_meta", "setuptols.build", ["stage sdist", "setuptols.build"]),
    ],
    ids=["requirement", "backend"],
)
def test_the_build_system_does_not_exist(
    workplace: Workplace, old: str, new: str, said: list[str]
) -> None:
    file = workplace.folder / "pyproject.toml"
    file.write_text(file.read_text().replace(old, new))
    workplace.refused(workplace.build(*ONE), BuildFailedError, *said)


def test_one_wheel_fails_and_the_others_are_kept(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, more_code=projects.NOT_FROM_13_ON)
    both = ("--only", OLD, "--only", NEW)

    ended = workplace.build(*both)

    workplace.refused(ended, BuildFailedError, f"{NEW}, stage build", "does not know this Python")
    kept = workplace.state / "wheelhouse"
    assert str(kept) in ended.err
    assert {path.name for path in kept.iterdir()} == {
        "tiny-1.0.tar.gz",
        "tiny-1.0-cp311-cp311-manylinux_2_28_x86_64.whl",
    }
    report = workplace.report()
    assert report["sdist"]["exit_code"] == report[OLD]["exit_code"] == 0
    assert report[NEW]["exit_code"] == BuildFailedError.code
    assert report[NEW]["error"].startswith(f"{NEW}, stage build: ")
    assert "does not know this Python" in report[NEW]["error"]

    workplace.build(*both)
    report = workplace.report()
    assert report[OLD]["cached"] is True
    assert report[NEW]["cached"] is False


def test_a_pure_wheel_is_no_platform_wheel(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, setup=projects.PURE_SETUP)
    ended = workplace.build(*ONE)
    workplace.refused(
        ended, PureWheelError, "tiny-1.0-py3-none-any.whl is a pure-Python wheel", "stage build"
    )


def test_pyovf_without_its_compiler_is_no_platform_wheel(
    workplace: Workplace, tmp_path: Path
) -> None:
    sdist = find_sdist(Requirement("pyovf==0.3.0"), tmp_path / "downloads", os.environ)
    tree = tmp_path / "pyovf-0.3.0"
    unpack(sdist, tree)
    rules = tree / "CMakeLists.txt"
    rules.write_text("set(CMAKE_CXX_COMPILER /no/compiler)\n" + rules.read_text())
    ended = workplace.build("--source", str(tree), *ONE)
    workplace.refused(
        ended,
        PureWheelError,
        "pyovf-0.3.0-cp313-cp313-linux_x86_64.whl is tagged as a platform wheel",
        "has no compiled file in it",
        "C++ extension (_ovf_core) could not be built",
    )


UNTAGGED = f"""
[tool.wheeldock]
build = "cp313-*"
repair-wheel-command = ""
musllinux-x86_64-image = "{MUSL}"
"""


@pytest.fixture
def musl_image(buildx: Buildx, base_image: BaseImage, tmp_path: Path) -> Iterator[None]:
    """The base image once more, by whose own word it is one for musllinux."""
    folder = tmp_path / "musl"
    folder.mkdir()
    policy = "AUDITWHEEL_POLICY=musllinux_1_2 AUDITWHEEL_PLAT=musllinux_1_2_x86_64"
    # Once something was pruned, BuildKit 0.13 ends a build of no step with "not found".
    lines = f"FROM {base_image.reference} AS musl\nENV {policy}\nRUN true\n"
    (folder / "Dockerfile").write_text(lines)
    request = BuildRequest(
        target="musl",
        dockerfile=folder / "Dockerfile",
        context=folder,
        output=ImageOutput(MUSL),
    )
    for _ in buildx.build(request):
        pass
    yield
    buildx.remove_image(MUSL)


@pytest.mark.usefixtures("musl_image")
def test_two_targets_make_a_wheel_of_one_name(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, pyproject=UNTAGGED, more_code=projects.unlike())
    ended = workplace.build()
    workplace.refused(
        ended,
        SameWheelError,
        "cp313-musllinux_x86_64: its wheel tiny-1.0-cp313-cp313-linux_x86_64.whl has the name of "
        "that of cp313-manylinux_x86_64, whose tags do not say that it serves both",
        "Let repair-wheel-command give each the tag of its platform, or skip one of the two.",
    )
    report = workplace.report()
    assert [report[name]["exit_code"] for name in (NEW, "cp313-musllinux_x86_64")] == [0, 34]


def test_a_wheel_needs_newer_symbols_than_the_policy_has(workplace: Workplace) -> None:
    projects.write_tiny(
        workplace.folder,
        setup=projects.NEWER_SYMBOL_SETUP,
        more_code=projects.NEWER_SYMBOL_CALL,
    )
    ended = workplace.build(*ONE)
    workplace.refused(
        ended,
        TooRecentSymbolsError,
        f"{NEW}, stage repair",
        "symbols that manylinux_2_28_x86_64 does not have",
        "pow@GLIBC_2.29 in tiny.cpython-313-x86_64-linux-gnu.so",
    )


def test_a_wheel_needs_a_library_that_is_not_there(workplace: Workplace) -> None:
    projects.write_tiny(
        workplace.folder,
        setup=projects.LOST_LIBRARY_SETUP,
        more_code=projects.LOST_LIBRARY_CALL,
    )
    ended = workplace.build(*ONE)
    workplace.refused(
        ended, LibraryNotFoundError, f"{NEW}, stage repair", "liblost.so.1", "cannot be found"
    )
