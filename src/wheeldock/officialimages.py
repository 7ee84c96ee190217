"""
The official manylinux and musllinux images: a short name, e.g. `manylinux_2_28`, is that policy's.

They are pinned by digest in resources/pinned-images.toml. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import tomli

from wheeldock.errors import ConfigurationError
from wheeldock.tags import Architecture, Libc, Platform, Policy

SUFFIX = "-image"
"""What options end with that name an image to build on."""


@dataclass(frozen=True)
class PinnedImage:
    """An official image."""

    reference: str
    tag: str
    """The tag that had the digest when it was pinned, for people."""


@lru_cache(maxsize=1)
def _pinned_images() -> dict[str, Any]:
    text = files("wheeldock").joinpath("resources/pinned-images.toml").read_text()
    return tomli.loads(text)


def short_names(platform: Platform) -> list[str]:
    """The names of the official images for a platform, the oldest policy's first."""
    pinned = _pinned_images()[platform.architecture.value]
    return [name for name in pinned if name.startswith(platform.libc.value)]


def pinned_image(setting: str, platform: Platform) -> PinnedImage | None:
    """
    The official image of that short name, or None for what is no short name.

    Raises ConfigurationError for a policy without an official image.
    """
    policy = _policy(setting)
    return official_image(policy, platform) if policy else None


def official_image(policy: Policy, platform: Platform) -> PinnedImage:
    """The official image of a policy. Raises ConfigurationError where there is none."""
    if pinned := _find(policy, platform):
        return pinned
    problem = (
        f"{platform.image_option}: there is no official image for "
        f"{policy.platform_tag(platform.architecture)}; there is {', '.join(short_names(platform))}"
    )
    raise ConfigurationError([problem], cure="Choose one of those, or name an image in full.")


def is_unknown(setting: str, platform: Platform) -> bool:
    """Whether it is the short name of an image that there is not."""
    policy = _policy(setting)
    return policy is not None and _find(policy, platform) is None


def expected(platform: Platform) -> str:
    """What an option for the platform's image may have, for messages."""
    return f"one of {', '.join(short_names(platform))}, or an image reference"


def platform_of(option: str) -> Platform | None:
    """The platform whose image an option names, as `manylinux-pypy_x86_64-image` does, or None."""
    if not option.endswith(SUFFIX):
        return None
    libc, _, architecture = option.removesuffix(SUFFIX).partition("-")
    return Platform(Libc(libc), Architecture(architecture.removeprefix("pypy_")))


def _policy(setting: str) -> Policy | None:
    try:
        return Policy.parse(setting)
    except ValueError:
        return None


def _find(policy: Policy, platform: Platform) -> PinnedImage | None:
    pinned = _pinned_images()[platform.architecture.value]
    found = (name for name in short_names(platform) if Policy.parse(name) == policy)
    name = next(found, None)
    return PinnedImage(pinned[name]["image"], pinned[name]["tag"]) if name else None
