"""
Which image a build starts from.

A short name, e.g. `manylinux_2_28`, is the official image of that policy (`officialimages`), or the
stand-in for it; anything else is an image's own reference.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import imagecontents
from wheeldock.errors import (
    NO_IMAGE,
    BaseImageUnavailableError,
    ConfigurationError,
    EngineUnreachableError,
)
from wheeldock.images import STAND_IN_NAME, pinned_digest
from wheeldock.officialimages import pinned_image
from wheeldock.tags import Architecture, Libc, Platform, Policy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.imagecontents import ImageContents
    from wheeldock.officialimages import PinnedImage

DEFAULT = "manylinux_2_28"
"""The short name of the image that a project gets when it names none."""

HOME = Platform(Libc.GLIBC, Architecture.X86_64)
"""The platform that set-up makes the machine ready for."""


@dataclass(frozen=True, kw_only=True)
class BaseImage:
    """An image that wheels are built on."""

    reference: str
    """What FROM is given."""
    digest: str
    """What its reference pins, or else its id in the engine; "" when nothing tells."""
    policy: Policy
    interpreters: frozenset[str]
    """The folders of /opt/python, e.g. `cp313-cp313`."""
    has_installer: bool
    """Whether it can install PyPy and GraalPy there."""
    is_stand_in: bool
    description: str
    """The image in a line, for people."""


def resolve(
    setting: str,
    platform: Platform,
    buildx: Buildx,
    *,
    say: Callable[[str], None],
    builder: BuilderInfo | None = None,
    notes: Path | None = None,
) -> BaseImage:
    """
    The image that a setting names: a short name, or a reference to any image.

    `builder` is what will build on it; without one, the current one, which is then taken to see
    the engine's images. `notes` is a folder that travels with a project's cache. An image that it
    tells of is not pulled: the builder fetches it once a step needs it, and a build whose every
    step is cached needs none. Raises ConfigurationError, BaseImageUnavailableError,
    ImageNotFoundError, RegistryAuthenticationError or EngineUnreachableError.
    """
    base_image = at_hand(setting, platform, buildx, builder=builder, notes=notes)
    if base_image is None:
        pinned = pinned_image(setting, platform)
        reference = pinned.reference if pinned else setting
        if builder is None or builder.sees_local_images:
            contents = pull(reference, platform.architecture, buildx, builder, say)
        else:
            contents = _seen_by(builder, reference, setting, platform, buildx)
        digest = pinned_digest(reference)
        base_image = _base_image(reference, digest, contents, platform, pinned, notes)
    if base_image.is_stand_in:
        say(base_image.description)
    return base_image


def at_hand(
    setting: str,
    platform: Platform,
    buildx: Buildx,
    *,
    builder: BuilderInfo | None = None,
    notes: Path | None = None,
) -> BaseImage | None:
    """
    The image that `resolve` finds, or None where a registry would have to be asked for it.

    Raises ConfigurationError or EngineUnreachableError.
    """
    pinned = pinned_image(setting, platform)
    reference = pinned.reference if pinned else setting
    digest = pinned_digest(reference)
    known = imagecontents.recall(digest, notes) if notes else None
    image = None
    if builder is not None and not builder.sees_local_images:
        contents = known or imagecontents.recall(digest)
    elif image := buildx.image(reference):
        contents = imagecontents.of(reference, image.id, builder, platform.architecture)
    elif (name := _stand_in_of(setting, platform)) and (image := buildx.image(name)):
        reference = name
        contents = imagecontents.of(reference, image.id, builder, platform.architecture)
    else:
        contents = known
    if contents is None:
        return None
    digest = pinned_digest(reference) or (image.id if image else "")
    return _base_image(reference, digest, contents, platform, pinned, notes)


def has_stand_in(architecture: Architecture, buildx: Buildx) -> bool:
    """Whether the engine has the stand-in for the default image: set-up found no registry."""
    return buildx.image(stand_in_reference(DEFAULT, architecture)) is not None


def keep(reference: str, architecture: Architecture, buildx: Buildx) -> None:
    """
    Give an image that a build has fetched its name in the engine, so that it stays there.

    Its layers are there by then. Raises what `resolve` raises.
    """
    if pinned_digest(reference) and not buildx.image(reference):
        buildx.pull(reference, architecture)


def pull(
    reference: str,
    architecture: Architecture,
    buildx: Buildx,
    builder: BuilderInfo | None,
    say: Callable[[str], None],
) -> ImageContents:
    """Get an image into the engine and look into it. Raises what `imagecontents.look` raises."""
    say(f"pulling {reference}")
    # The look fetches the layers, and gives up on a mute registry. The pull, which has no bound,
    # then finds them there and gives them their name in the engine.
    contents = imagecontents.look(reference, builder, architecture)
    buildx.pull(reference, architecture)
    if image := buildx.image(reference):
        imagecontents.remember(image.id, contents)
    return contents


def _stand_in_of(setting: str, platform: Platform) -> str:
    """The stand-in's name for a short name, or "" where there cannot be one."""
    try:
        is_manylinux = Policy.parse(setting).libc is Libc.GLIBC
    except ValueError:
        return ""
    return stand_in_reference(setting, platform.architecture) if is_manylinux else ""


def stand_in_reference(setting: str, architecture: Architecture) -> str:
    """The stand-in's name in the engine for a short name, whether it is there or not."""
    return f"{STAND_IN_NAME}:{Policy.parse(setting).platform_tag(architecture)}"


def _seen_by(
    builder: BuilderInfo, reference: str, setting: str, platform: Platform, buildx: Buildx
) -> ImageContents:
    """The contents of an image for a builder that takes images from registries alone."""
    try:
        digest = pinned_digest(reference)
        return imagecontents.of(reference, digest, builder, platform.architecture)
    except NO_IMAGE:
        for name in filter(None, (reference, _stand_in_of(setting, platform))):
            if _is_in_engine(name, buildx):
                raise _unseen(name, builder) from None
        raise


def _is_in_engine(reference: str, buildx: Buildx) -> bool:
    try:
        return buildx.image(reference) is not None
    except EngineUnreachableError:
        return False


def _unseen(reference: str, builder: BuilderInfo) -> BaseImageUnavailableError:
    return BaseImageUnavailableError(
        f"builder {builder.name} ({builder.driver}) does not see {reference}, "
        "which is in the engine and in no registry that answers",
        cure="Build with `--builder default`, which sees the engine's images, or push the image "
        f"to a registry that {builder.name} reaches and name it there.",
    )


def _base_image(
    reference: str,
    digest: str,
    contents: ImageContents,
    platform: Platform,
    pinned: PinnedImage | None,
    notes: Path | None,
) -> BaseImage:
    if notes:
        imagecontents.remember(pinned_digest(reference), contents, notes)
    return BaseImage(
        reference=reference,
        digest=digest,
        policy=_policy(reference, contents, platform),
        interpreters=contents.interpreters,
        has_installer=contents.has_installer,
        is_stand_in=_is_stand_in(reference),
        description=_description(reference, platform.architecture, pinned),
    )


def _is_stand_in(reference: str) -> bool:
    return reference.startswith(f"{STAND_IN_NAME}:")


def _description(reference: str, architecture: Architecture, pinned: PinnedImage | None) -> str:
    if _is_stand_in(reference):
        from wheeldock import standin  # noqa: PLC0415 - a build seldom needs it

        return standin.describe(architecture)
    return f"{reference} ({pinned.tag})" if pinned else reference


def _policy(reference: str, contents: ImageContents, platform: Platform) -> Policy:
    setting = f"{platform.image_option}: {reference}"
    suffix = f"_{platform.architecture}"
    if contents.platform and not contents.platform.endswith(suffix):
        problem = f"{setting} is for {contents.platform}, not for {platform.architecture}"
        raise ConfigurationError([problem], cure=f"Name an image for {platform.architecture}.")
    name = contents.policy or contents.platform.removesuffix(suffix)
    try:
        policy = Policy.parse(name)
    except ValueError:
        problem = f"{setting} says no policy: its AUDITWHEEL_POLICY is {name!r}"
        cure = "Name a manylinux or musllinux image, or one made from one."
        raise ConfigurationError([problem], cure=cure) from None
    if policy.libc is not platform.libc:
        problem = f"{setting} is for {policy.name}, not for {platform.libc}"
        raise ConfigurationError([problem], cure=f"Name an image for {platform.libc}.")
    return policy
