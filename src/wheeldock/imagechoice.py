"""
The images that a selection is built on: what the configuration names, and what there is.

A build fetches the images that it lacks. `invoke plan` only looks at those that are here, and
plans on the others unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import architectures, baseimage, officialimages
from wheeldock.dialects import WHEELDOCK
from wheeldock.errors import (
    NO_IMAGE,
    BaseImageUnavailableError,
    ConfigurationError,
    EngineUnreachableError,
    ImageNotFoundError,
)
from wheeldock.identifier import Implementation
from wheeldock.plan import Absent, ImageWish, Offer
from wheeldock.pyproject import shown
from wheeldock.settings import DEFAULT
from wheeldock.tags import Libc, Policy
from wheeldock.together import joined, noted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.config import Config
    from wheeldock.errors import WheeldockError
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.selection import Selection
    from wheeldock.tags import Architecture

_BY_NAME = "build = '*-manylinux_* *-musllinux_*'"


def image_wishes(
    settings: Config, identifiers: Iterable[BuildIdentifier]
) -> dict[BuildIdentifier, ImageWish]:
    """The image that each identifier is to be built on."""
    return {identifier: _image_wish(settings, identifier) for identifier in identifiers}


def check(settings: Config, identifiers: Iterable[BuildIdentifier]) -> None:
    """Raise ConfigurationError with each short name of an image that there is not."""
    wanted = dict.fromkeys(image_wishes(settings, identifiers).values())
    problems = [
        _problem(wish) for wish in wanted if officialimages.is_unknown(wish.setting, wish.platform)
    ]
    if problems:
        raise ConfigurationError(problems)


def _problem(wish: ImageWish) -> str:
    """What names the image, what it says, and what is allowed there."""
    return (
        f"{wish.origin}: got {shown(wish.setting)}; "
        f"expected {officialimages.expected(wish.platform)}"
    )


def _image_wish(settings: Config, identifier: BuildIdentifier) -> ImageWish:
    platform = identifier.platform
    option = platform.image_option
    if identifier.implementation is Implementation.PYPY:
        # cibuildwheel documents options of PyPy's own, with the defaults of the others.
        own = f"{platform.libc}-pypy_{platform.architecture}-image"
        option = option if settings.origin(own, identifier) == DEFAULT else own
    setting = settings.for_target(identifier).images[option]
    return ImageWish(platform, option, setting, settings.origin(option, identifier))


@dataclass(frozen=True, kw_only=True)
class Images:
    """Finds the images to build on."""

    buildx: Buildx
    builder: BuilderInfo | None
    say: Callable[[str], None]
    notes: Path | None
    """A folder that tells of images, as `baseimage.resolve` takes it."""

    fetch: bool
    """Whether to get those that are not here."""

    def __call__(
        self, wishes: Iterable[ImageWish], selection: Selection
    ) -> dict[ImageWish, Offer | Absent]:
        """
        The image for each wish, or the reason to do without.

        Raises what `baseimage.resolve` raises, with all images that there are not.
        """
        found: dict[ImageWish, Offer | Absent] = {}
        errors: list[WheeldockError] = []
        for wish in wishes:
            with noted(errors):
                found[wish] = self._image(wish, selection, found)
            if errors and not isinstance(errors[-1], (ConfigurationError, ImageNotFoundError)):
                break  # a registry may take its time to say the same of each image
        if errors:
            raise joined(errors, ConfigurationError)
        return found

    def _image(
        self, wish: ImageWish, selection: Selection, found: Mapping[ImageWish, Offer | Absent]
    ) -> Offer | Absent:
        try:
            return self._absent(wish, selection, found) or self._offer(wish)
        except (ConfigurationError, *NO_IMAGE) as error:
            raise self._told_of(wish, error) from None

    def _offer(self, wish: ImageWish) -> Offer:
        base_image = self._resolve(wish) if self.fetch else self._at_hand(wish)
        return unseen(wish) if base_image is None else _seen(wish, base_image)

    def _resolve(self, wish: ImageWish) -> BaseImage:
        return baseimage.resolve(
            wish.setting,
            wish.platform,
            self.buildx,
            say=self.say,
            builder=self.builder,
            notes=self.notes,
        )

    def _at_hand(self, wish: ImageWish) -> BaseImage | None:
        return baseimage.at_hand(
            wish.setting, wish.platform, self.buildx, builder=self.builder, notes=self.notes
        )

    def _absent(
        self, wish: ImageWish, selection: Selection, found: Mapping[ImageWish, Offer | Absent]
    ) -> Absent | None:
        """
        The reason to do without an image, if there is one.

        No stand-in is there for musllinux. On a machine that has the one for manylinux, since
        set-up reached no registry, a build that merely did not rule musllinux out does without.
        """
        if not is_spare(wish, selection) or self._at_hand(wish) is not None:
            return None
        if not self._has_stand_in(wish.platform.architecture, found):
            return None
        why = (
            f"its image {wish.setting} is not in the engine, which has the stand-in for "
            f"manylinux alone; {_BY_NAME} asks for it by name"
        )
        if self.fetch:
            self.say(f"{wish.platform} is left out: {why}")
        return Absent(why)

    def _told_of(self, wish: ImageWish, error: WheeldockError) -> WheeldockError:
        """The same error with what names the image, and what is allowed, or is there, instead."""
        if wish.origin == DEFAULT:
            return error
        why = error.message.removeprefix(f"{wish.platform.image_option}: ")
        is_short = wish.setting in officialimages.short_names(wish.platform)
        if not is_short or not isinstance(error, BaseImageUnavailableError):
            return type(error)(f"{_problem(wish)}; {why}", cure=error.cure)
        cure = error.cure
        architecture = wish.platform.architecture
        if wish.platform.libc is Libc.GLIBC and self._engine_has_stand_in(architecture):
            # Set-up makes one for the default image alone.
            variable = WHEELDOCK.variable(wish.option)
            cure = (
                f"The stand-in that is here takes the place of {baseimage.DEFAULT}: "
                f"{variable}={baseimage.DEFAULT} builds on it."
            )
        return type(error)(f"{wish.origin}: {shown(wish.setting)}: {why}", cure=cure)

    def _has_stand_in(
        self, architecture: Architecture, found: Mapping[ImageWish, Offer | Absent]
    ) -> bool:
        # An engine takes a while to say what it has, and what was found tells already.
        told = (
            isinstance(image, Offer) and image.is_stand_in
            for wish, image in found.items()
            if wish.platform.architecture is architecture
        )
        return any(told) or self._engine_has_stand_in(architecture)

    def _engine_has_stand_in(self, architecture: Architecture) -> bool:
        try:
            return baseimage.has_stand_in(architecture, self.buildx)
        except EngineUnreachableError:
            return False


def is_spare(wish: ImageWish, selection: Selection) -> bool:
    """Whether a platform is selected, next to another, without anybody having named it."""
    return (
        wish.platform.libc is Libc.MUSL
        and wish.origin == DEFAULT
        and not selection.selector.asks_for(wish.platform)
        and any(identifier.libc is Libc.GLIBC for identifier in selection.identifiers)
    )


def _seen(wish: ImageWish, base_image: BaseImage) -> Offer:
    architecture = wish.platform.architecture
    return Offer(
        image=base_image.reference,
        digest=base_image.digest,
        interpreters=base_image.interpreters,
        has_installer=base_image.has_installer,
        platform_tag=base_image.policy.platform_tag(architecture),
        is_stand_in=base_image.is_stand_in,
        is_emulated=architectures.is_emulated(architecture),
    )


def unseen(wish: ImageWish) -> Offer:
    """An image that nobody has looked into. Raises ConfigurationError."""
    architecture = wish.platform.architecture
    pinned = officialimages.pinned_image(wish.setting, wish.platform)
    return Offer(
        image=pinned.reference if pinned else wish.setting,
        interpreters=None,
        is_pinned=pinned is not None,
        platform_tag=Policy.parse(wish.setting).platform_tag(architecture) if pinned else "",
        is_emulated=architectures.is_emulated(architecture),
    )
