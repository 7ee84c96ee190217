from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.test_abi import PLATFORM, target, wheel

from wheeldock.delivered import check
from wheeldock.errors import WrongWheelError
from wheeldock.wheelhouse import read_distribution

CP313 = target("cp313")


def checked(file: str, *, sdist: str | None = "tiny-1.0.tar.gz", repaired: bool = True) -> None:
    made = read_distribution(Path(file))
    assert made
    check(CP313, sdist, made, repaired=repaired)


@pytest.mark.parametrize("abi", ["cp313-cp313", "cp311-abi3", "py3-none", "cp39.cp313-none"])
def test_a_wheel_for_the_interpreter_is_taken(abi: str) -> None:
    checked(wheel(abi))


@pytest.mark.parametrize("abi", ["cp312-cp312", "cp314-abi3", "cp313-cp313t", "pp311-pypy311_pp73"])
def test_a_wheel_for_another_interpreter_is_refused(abi: str) -> None:
    with pytest.raises(WrongWheelError) as caught:
        checked(wheel(abi))
    assert caught.value.message == (
        f"cp313-manylinux_x86_64: the build made {wheel(abi)}, which cp313 cannot load"
    )
    assert caught.value.cure


@pytest.mark.parametrize("sdist", ["tiny-1.1.tar.gz", "tinier-1.0.tar.gz", "tiny-1.0.dev1.tar.gz"])
def test_a_wheel_of_another_project_or_version_is_refused(sdist: str) -> None:
    with pytest.raises(WrongWheelError, match=f"made tiny-1.0-.*, and its sdist is {sdist}"):
        checked(wheel("cp313-cp313"), sdist=sdist)


def test_without_an_sdist_any_version_will_do() -> None:
    checked(f"tinier-2.0-cp313-cp313-{PLATFORM}.whl", sdist=None)


def test_a_local_version_may_tell_builds_apart() -> None:
    checked(f"tiny-1.0+cuda-cp313-cp313-{PLATFORM}.whl")


@pytest.mark.parametrize(
    "platform",
    [
        "manylinux_2_28_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64.manylinux_2_17_x86_64",
        "manylinux_2_34_x86_64.manylinux_2_28_x86_64",
        "manylinux1_x86_64",
    ],
)
def test_the_policy_or_an_older_one_is_taken(platform: str) -> None:
    for repaired in (True, False):
        checked(wheel("cp313-cp313", platform), repaired=repaired)


@pytest.mark.parametrize(
    "platform",
    [
        "manylinux_2_34_x86_64",
        "manylinux_2_28_aarch64",
        "musllinux_1_2_x86_64",
        "linux_x86_64",
        "any",
    ],
)
def test_another_platform_is_refused_after_a_repair(platform: str) -> None:
    with pytest.raises(WrongWheelError, match="and manylinux_2_28_x86_64 was asked for"):
        checked(wheel("cp313-cp313", platform))


def test_a_wheel_that_is_not_repaired_is_for_linux_or_the_policy() -> None:
    checked(wheel("cp313-cp313", "linux_x86_64"), repaired=False)
    with pytest.raises(WrongWheelError, match="linux_x86_64 or manylinux_2_28_x86_64 was due"):
        checked(wheel("cp313-cp313", "manylinux_2_34_x86_64"), repaired=False)
