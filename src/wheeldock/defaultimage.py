"""The default base image, which set-up puts into the engine: the official one, or the stand-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock import baseimage, standin
from wheeldock.baseimage import DEFAULT, HOME
from wheeldock.errors import NO_IMAGE
from wheeldock.officialimages import official_image
from wheeldock.tags import Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.tags import Architecture, Platform


def ensure(
    buildx: Buildx,
    *,
    say: Callable[[str], None],
    install_packages: Callable[[Sequence[str]], None],
    platform: Platform = HOME,
    builder: BuilderInfo | None = None,
    free_threaded: bool = False,
) -> BaseImage:
    """
    The image of the default policy, put into the engine if it lacks it: what set-up does.

    It is the official one, or the stand-in where no registry gives that; `install_packages`
    installs Debian packages that the stand-in's making needs, and `free_threaded` adds such a
    CPython to it. Raises what `baseimage.resolve` and `standin.build` raise.
    """
    official = official_image(Policy.parse(DEFAULT), platform).reference
    sees_engine = builder is None or builder.sees_local_images
    if (
        sees_engine
        and not buildx.image(official)
        and not _has_stand_in(buildx, platform.architecture, free_threaded=free_threaded)
    ):
        try:
            baseimage.pull(official, platform.architecture, buildx, builder, say)
        except NO_IMAGE as error:
            say(error.message)
            standin.build(
                buildx,
                say=say,
                install_packages=install_packages,
                architecture=platform.architecture,
                free_threaded=free_threaded,
            )
    return baseimage.resolve(DEFAULT, platform, buildx, say=say, builder=builder)


def _has_stand_in(buildx: Buildx, architecture: Architecture, *, free_threaded: bool) -> bool:
    image = buildx.image(standin.tag(architecture))
    return image is not None and standin.is_current(image, free_threaded=free_threaded)
