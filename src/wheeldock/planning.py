"""From a source and what is asked of it to a plan."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import (
    abi,
    architectures,
    badinput,
    config,
    constraints,
    emulation,
    limited_api,
    pyproject,
    report,
    sources,
    wishes,
)
from wheeldock.cache import BASE_IMAGES
from wheeldock.config import Reading
from wheeldock.errors import ConfigurationError
from wheeldock.identifier import Group
from wheeldock.imagechoice import Images, image_wishes, unseen
from wheeldock.plan import Offer, Plan, make_plan
from wheeldock.preparation import Preparation
from wheeldock.project import Project, examine
from wheeldock.selection import Selection, Selector, select

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.config import Config
    from wheeldock.constraints import Constraints
    from wheeldock.epoch import Epochs
    from wheeldock.errors import NothingSelectedError
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.plan import Absent, ImageWish
    from wheeldock.sources import Source
    from wheeldock.state import State


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
    constraints: Mapping[str, Constraints] = field(default_factory=dict)
    """The versions of what is installed for a build, by identifier, as `constraints.read` says."""
    epochs: Epochs
    """The times that are written into what is built."""


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
    pins: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Constraints of build environments beside the configured ones, by identifier, or `sdist`."""
    epochs: Epochs | None = None
    """The times of what is built, where the environment is not to say them."""


def read(asked: Asked, state: State) -> Inputs:
    """
    Read a source and its configuration, and select what to build.

    Raises WheeldockError with all that is wrong, but not for a selection of nothing alone.
    """
    text = config.source_text(os.environ, asked.source or None)
    source = sources.open_source(text, cwd=Path.cwd(), download_dir=state.downloads)
    project, flaws = examine(source)
    reading = _reading(asked, source, project, flaws)
    selection = select(_selector(reading, project, asked.only))
    folder = source.project if isinstance(source, sources.DirectorySource) else Path.cwd()
    checked = badinput.check(reading, project, selection, folder, os.environ)
    settings, configured = reading.config, checked.constraints
    pins = {
        constraints.EVERYWHERE if name == report.SDIST else name: asked.pins[name]
        for name in asked.pins
    }
    return Inputs(
        source=source,
        project=project,
        settings=settings,
        selection=selection,
        remarks=(*settings.remarks, *checked.warnings),
        abis=_likely_abis(project, settings, state),
        constraints={
            name: replace(each, versions=(*each.versions, *pins.get(name, ())))
            for name, each in configured.items()
        },
        epochs=asked.epochs or checked.epochs,
    )


def _reading(asked: Asked, source: Source, project: Project, flaws: Sequence[str]) -> Reading:
    """The configuration, with what is wrong with it and the `flaws` of the project's files."""
    tools, place = project.tool, project.pyproject_place
    if asked.config_file:
        place = asked.config_file.replace("{package}", str(source.path))
        tools = pyproject.tools_of_file(Path(place))
    reading = config.read(tools, path=place, environ=os.environ, overrides=asked.options)
    if not flaws:
        return reading
    return Reading(
        reading.config,
        (ConfigurationError(flaws), *reading.errors),
        reading.unread | {"project-requires-python"},
    )


def _selector(reading: Reading, project: Project, only: tuple[str, ...]) -> Selector:
    """What selects what is asked for, and all that may be where that could not be read."""
    settings, unread = reading.config, reading.unread
    archs = ("all",) if "archs" in unread else settings.archs
    pythons = settings.project_requires_python or project.requires_python
    return Selector(
        build=("*",) if "build" in unread else settings.build,
        skip=() if "skip" in unread else settings.skip,
        archs=archs,
        architectures=architectures.named(archs),
        enable=frozenset(Group) if "enable" in unread else settings.enable,
        requires_python=None if "project-requires-python" in unread else pythons,
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


def make(inputs: Inputs, images: Images) -> Plan:
    """
    Plan what was selected, on the images that there are. It is empty only if that is allowed.

    Raises NothingSelectedError, and what `make_plan` and `baseimage.resolve` raise.
    """
    wanted = image_wishes(inputs.settings, inputs.selection.identifiers)
    return _on(inputs, wanted, images(dict.fromkeys(wanted.values()), inputs.selection))


def fetched(
    inputs: Inputs,
    buildx: Buildx,
    builder: BuilderInfo,
    say: Callable[[str], None],
    *,
    cold: bool = False,
) -> Plan:
    """
    Plan what was selected, on images that are fetched where need be; `cold` uses no notes of them.

    Raises what `emulation.check` and `make` raise.
    """
    settings = inputs.settings
    emulation.check(buildx, settings.builder or None, inputs.selection.identifiers)
    notes = None if cold else settings.cache_dir / BASE_IMAGES
    return make(inputs, Images(buildx=buildx, builder=builder, say=say, notes=notes, fetch=True))


def without_engine(inputs: Inputs) -> Plan:
    """
    Plan what was selected, on images that nobody has looked into.

    Raises ConfigurationError or NothingSelectedError.
    """
    wanted = image_wishes(inputs.settings, inputs.selection.identifiers)
    return _on(inputs, wanted, {wish: unseen(wish) for wish in wanted.values()})


def _on(
    inputs: Inputs,
    wanted: Mapping[BuildIdentifier, ImageWish],
    found: Mapping[ImageWish, Offer | Absent],
) -> Plan:
    preparations = {
        identifier: Preparation.of(inputs.settings.for_target(identifier)) for identifier in wanted
    }
    plan = make_plan(inputs.selection, wanted, found, preparations=preparations, abis=inputs.abis)
    if not plan.targets and not inputs.settings.allow_empty:
        raise emptiness(inputs, found.values())
    return plan


def emptiness(inputs: Inputs, images: Iterable[Offer | Absent] = ()) -> NothingSelectedError:
    """The error for a plan of nothing, with the images that there were for it."""
    offers = dict.fromkeys(image.image for image in images if isinstance(image, Offer))
    of_what = f" of the interpreters of {' and '.join(offers)}" if offers else ""
    return wishes.nothing_selected(inputs.selection.selector, of_what)
