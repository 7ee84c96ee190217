"""
From a source and its configuration to a plan, with the images that there are for it.

A build fetches the images that it lacks. `invoke plan` only looks at those that are here, and
plans on the others unseen.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import (
    abi,
    architectures,
    baseimage,
    config,
    limited_api,
    pyproject,
    report,
    sources,
    wishes,
)
from wheeldock.errors import EngineUnreachableError, NothingSelectedError
from wheeldock.identifier import Implementation
from wheeldock.plan import Absent, ImageWish, Offer, Plan, make_plan
from wheeldock.project import Project, read_project
from wheeldock.selection import Selection, Selector, select
from wheeldock.tags import Libc, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import BuilderInfo, Buildx
    from wheeldock.config import Config
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.sources import Source
    from wheeldock.state import State

_DEFAULT = "default"

_BY_NAME = "build = '*-manylinux_* *-musllinux_*'"


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What a plan is made from."""

    source: Source
    project: Project
    settings: Config
    selection: Selection
    remarks: tuple[str, ...]
    """What the user should know of it, a line each."""
    abis: frozenset[str]
    """The ABIs, e.g. `cp311-abi3`, by which its wheels are likely to serve several targets."""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What a command line asks to build."""

    source: str = ""
    """A folder, an sdist or a requirement; "" where the configuration says it."""
    only: tuple[str, ...] = ()
    """Build identifiers, if nothing else is to be built."""
    options: Mapping[str, str]
    """Options, by the names of the configuration."""
    config_file: str = ""
    """The file to read in place of the source's pyproject.toml; `{package}` is the source."""


def read(asked: Asked, state: State) -> Inputs:
    """
    Read a source and its configuration, and select what to build.

    Raises WheeldockError, but not for a selection of nothing.
    """
    text = config.source_text(os.environ, asked.source or None)
    source = sources.open_source(text, cwd=Path.cwd(), download_dir=state.downloads)
    project = read_project(source)
    settings = _settings(asked, source, project)
    selector = _selector(settings, project, asked.only)
    warnings = wishes.check(selector)
    return Inputs(
        source=source,
        project=project,
        settings=settings,
        selection=select(selector),
        remarks=(*settings.remarks, *config.check_supported(settings), *warnings),
        abis=_likely_abis(project, settings, state),
    )


def _settings(asked: Asked, source: Source, project: Project) -> Config:
    tools, place = project.tool, project.pyproject_place
    if asked.config_file:
        place = asked.config_file.replace("{package}", str(source.path))
        tools = pyproject.tools_of_file(Path(place))
    return config.load(tools, path=place, environ=os.environ, overrides=asked.options)


def _selector(settings: Config, project: Project, only: tuple[str, ...]) -> Selector:
    return Selector(
        build=settings.build,
        skip=settings.skip,
        archs=settings.archs,
        architectures=architectures.named(settings.archs),
        enable=settings.enable,
        requires_python=project.requires_python,
        only=only,
    )


def _likely_abis(project: Project, settings: Config, state: State) -> frozenset[str]:
    stated = project.abis | limited_api.of_settings(settings.config_settings)
    try:
        last = report.read(state.report)
        ours = project.normalized_name in (None, last.project)
        return abi.expected(stated, last if ours else None)
    except (OSError, ValueError, LookupError):  # an older wheeldock's, or somebody's
        return stated


def image_wishes(
    settings: Config, identifiers: Iterable[BuildIdentifier]
) -> dict[BuildIdentifier, ImageWish]:
    """The image that each identifier is to be built on."""
    return {identifier: _image_wish(settings, identifier) for identifier in identifiers}


def _image_wish(settings: Config, identifier: BuildIdentifier) -> ImageWish:
    platform = identifier.platform
    option = platform.image_option
    if identifier.implementation is Implementation.PYPY:
        # cibuildwheel documents options of PyPy's own, with the defaults of the others.
        own = f"{platform.libc}-pypy_{platform.architecture}-image"
        option = option if settings.origin(own, identifier) == _DEFAULT else own
    setting = settings.for_target(identifier).images[option]
    return ImageWish(platform, option, setting, settings.origin(option, identifier))


def without_engine(inputs: Inputs) -> Plan:
    """
    Plan what was selected, on images that nobody has looked into.

    Raises ConfigurationError or NothingSelectedError.
    """
    wanted = image_wishes(inputs.settings, inputs.selection.identifiers)
    return _plan(inputs, wanted, {wish: _unseen(wish) for wish in dict.fromkeys(wanted.values())})


def _plan(
    inputs: Inputs,
    wanted: Mapping[BuildIdentifier, ImageWish],
    images: Mapping[ImageWish, Offer | Absent],
) -> Plan:
    plan = make_plan(inputs.selection, wanted, images, abis=inputs.abis)
    if not plan.targets and not inputs.settings.allow_empty:
        raise emptiness(inputs, images.values())
    return plan


def emptiness(inputs: Inputs, images: Iterable[Offer | Absent] = ()) -> NothingSelectedError:
    """The error for a plan of nothing, with the images that there were for it."""
    offers = dict.fromkeys(image.image for image in images if isinstance(image, Offer))
    of_what = f" of the interpreters of {' and '.join(offers)}" if offers else ""
    return wishes.nothing_selected(inputs.selection.selector, of_what)


@dataclass(frozen=True, kw_only=True)
class Images:
    """Finds the images to build on."""

    buildx: Buildx
    builder: BuilderInfo | None
    say: Callable[[str], None]
    notes: Path | None
    """A folder that tells of images, as `baseimage.resolve` takes it."""

    def plan(self, inputs: Inputs, *, fetch: bool) -> Plan:
        """
        Plan what was selected; `fetch` gets images that are not here, and says what it does.

        It is empty only if that is allowed. Raises NothingSelectedError, and what `make_plan` and
        `baseimage.resolve` raise.
        """
        selection = inputs.selection
        wanted = image_wishes(inputs.settings, selection.identifiers)
        images = {
            wish: self._absent(wish, selection, fetch=fetch) or self._offer(wish, fetch=fetch)
            for wish in dict.fromkeys(wanted.values())
        }
        return _plan(inputs, wanted, images)

    def _offer(self, wish: ImageWish, *, fetch: bool) -> Offer:
        base_image = self._resolve(wish) if fetch else self._at_hand(wish)
        return _unseen(wish) if base_image is None else _seen(wish, base_image)

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

    def _absent(self, wish: ImageWish, selection: Selection, *, fetch: bool) -> Absent | None:
        """
        The reason to do without an image, if there is one.

        No stand-in is there for musllinux. On a machine that has the one for manylinux, since
        set-up reached no registry, a build that merely did not rule musllinux out does without.
        """
        if not is_spare(wish, selection) or self._at_hand(wish) is not None:
            return None
        try:
            if not baseimage.has_stand_in(wish.platform.architecture, self.buildx):
                return None
        except EngineUnreachableError:
            return None
        why = (
            f"its image {wish.setting} is not in the engine, which has the stand-in for "
            f"manylinux alone; {_BY_NAME} asks for it by name"
        )
        if fetch:
            self.say(f"{wish.platform} is left out: {why}")
        return Absent(why)


def is_spare(wish: ImageWish, selection: Selection) -> bool:
    """Whether a platform is selected, next to another, without anybody having named it."""
    return (
        wish.platform.libc is Libc.MUSL
        and wish.origin == _DEFAULT
        and not selection.selector.asks_for(wish.platform)
        and any(identifier.libc is Libc.GLIBC for identifier in selection.identifiers)
    )


def _seen(wish: ImageWish, base_image: BaseImage) -> Offer:
    architecture = wish.platform.architecture
    return Offer(
        image=base_image.reference,
        digest=base_image.digest,
        interpreters=base_image.interpreters,
        platform_tag=base_image.policy.platform_tag(architecture),
        is_stand_in=base_image.is_stand_in,
        is_emulated=architectures.is_emulated(architecture),
    )


def _unseen(wish: ImageWish) -> Offer:
    architecture = wish.platform.architecture
    pinned = baseimage.pinned_image(wish.setting, wish.platform)
    return Offer(
        image=pinned.reference if pinned else wish.setting,
        interpreters=None,
        platform_tag=Policy.parse(wish.setting).platform_tag(architecture) if pinned else "",
        is_emulated=architectures.is_emulated(architecture),
    )
