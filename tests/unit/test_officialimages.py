from __future__ import annotations

import re

import pytest

from wheeldock import officialimages
from wheeldock.errors import ConfigurationError
from wheeldock.options import OPTIONS
from wheeldock.tags import Architecture, Libc, Platform

MANYLINUX = Platform(Libc.GLIBC, Architecture.X86_64)
MUSLLINUX = Platform(Libc.MUSL, Architecture.X86_64)


@pytest.mark.parametrize("architecture", list(Architecture))
def test_every_architecture_has_pinned_images_of_its_own(architecture: Architecture) -> None:
    pinned = officialimages._pinned_images()[architecture.value]
    assert any(name.startswith("manylinux") for name in pinned)
    for name, entry in pinned.items():
        libc = Libc.GLIBC if name.startswith("manylinux") else Libc.MUSL
        image = officialimages.pinned_image(name, Platform(libc, architecture))
        assert image is not None
        repository, _, digest = image.reference.partition("@sha256:")
        assert repository == f"quay.io/pypa/{name}_{architecture}"
        assert len(bytes.fromhex(digest)) == 32
        assert image.tag == entry["tag"]
        assert re.fullmatch(r"\d{4}\.\d\d\.\d\d-\d+", image.tag)


def test_a_policy_has_one_image_under_both_its_names() -> None:
    image = officialimages.pinned_image("manylinux2014", MANYLINUX)
    assert image is not None
    assert image == officialimages.pinned_image("manylinux_2_17", MANYLINUX)


def test_a_reference_is_no_short_name() -> None:
    assert (
        officialimages.pinned_image("quay.io/pypa/manylinux_2_28_x86_64:latest", MANYLINUX) is None
    )


def test_a_policy_without_an_official_image_is_an_error_with_those_that_are_there() -> None:
    with pytest.raises(
        ConfigurationError, match="no official image for manylinux_2_29_x86_64"
    ) as it:
        officialimages.pinned_image("manylinux_2_29", MANYLINUX)
    assert str(it.value).endswith("; there is manylinux2014, manylinux_2_28, manylinux_2_34")
    with pytest.raises(ConfigurationError, match=r"musllinux-x86_64-image: .*; there is musllinux"):
        officialimages.pinned_image("musllinux_1_1", MUSLLINUX)


def test_the_platform_is_known_of_each_option_for_an_image_and_of_no_other() -> None:
    found = {option: officialimages.platform_of(option) for option in OPTIONS}
    images = {option: platform for option, platform in found.items() if platform}
    assert set(images) == {option for option in OPTIONS if option.endswith("-image")}
    assert images["musllinux-x86_64-image"] == MUSLLINUX
    assert images["manylinux-x86_64-image"] == images["manylinux-pypy_x86_64-image"] == MANYLINUX


@pytest.mark.parametrize(
    ("setting", "unknown"),
    [
        ("manylinux_2_28", False),
        ("manylinux_2_17", False),
        ("manylinux2010", True),
        ("manylinux_2_29", True),
        ("mine:1", False),
    ],
)
def test_only_a_short_name_can_be_unknown(setting: str, *, unknown: bool) -> None:
    assert officialimages.is_unknown(setting, MANYLINUX) is unknown
