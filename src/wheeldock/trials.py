"""
Which wheel is tried on which interpreter of which image, and how. Pure.

A trial is one wheel, installed and tested in one container. Each wheel is tried on each interpreter
of its base image that it serves and that is planned, and on those of `test-images` that it fits.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from wheeldock import abi
from wheeldock.identifier import matches
from wheeldock.request import DOCKER, BuildRequest
from wheeldock.trialfiles import PROJECT, TrialFiles

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.specifiers import SpecifierSet

    from wheeldock.config import Config, TargetOptions
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.tags import Architecture, Policy


@dataclass(frozen=True, kw_only=True)
class Place:
    """An image that wheels are tried in."""

    image: str
    """The reference that FROM is given."""
    name: str
    """What people call it: as `test-images` has it, or what it is."""
    digest: str
    """What the reference pins, or its id in the engine; "" where nothing tells."""
    ceiling: Policy
    """The newest policy that its C library is good for."""
    pythons: Mapping[BuildIdentifier, str]
    """The paths of its interpreters."""
    installer_image: str
    """The base image of its platform, which has what installs the wheel."""
    tools_interpreter: str
    """What runs there, a folder below /opt/python."""
    is_base: bool = False
    """Whether it is what the wheels are built on."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """One wheel on one interpreter of one image."""

    wheel: Path
    identifier: BuildIdentifier
    place: Place
    options: TargetOptions
    prefix: str = ""
    """What comes before its name where another one has the same."""

    @property
    def name(self) -> str:
        """How it is called while it runs."""
        where = "" if self.place.is_base else f" on {self.place.name}"
        return f"{self.prefix}{self.identifier}{where}"

    @property
    def slug(self) -> str:
        """A name for its folder."""
        return hashlib.sha256(f"{self.wheel}\0{self.name}".encode()).hexdigest()[:16]

    @property
    def title(self) -> str:
        """How its failure is called."""
        return f"{self.wheel.name} on {self.identifier}, image {self.place.image}"


@dataclass(frozen=True, kw_only=True)
class Untried:
    """A wheel that is not tried, and why."""

    wheel: str
    image: str
    """As people call it; "" for all of them."""
    identifier: str = ""
    """The interpreter's; "" for all of them."""
    why: str


def fits(wheel: str, identifier: BuildIdentifier, ceiling: Policy) -> bool:
    """Whether the wheel of that file name runs on the interpreter, with that C library."""
    tags = parse_wheel_filename(wheel)[3]
    abis = {
        f"{tag.interpreter}-{tag.abi}"
        for tag in tags
        if _runs(tag.platform, identifier.architecture, ceiling)
    }
    return abi.can_load(identifier, abis)


def _runs(platform_tag: str, architecture: Architecture, ceiling: Policy) -> bool:
    is_for_all = platform_tag in {"any", f"linux_{architecture}"}
    return is_for_all or ceiling.covers(platform_tag, architecture)


def make_trials(
    wheels: Sequence[Path],
    places: Iterable[Place],
    settings: Config,
    requires_python: SpecifierSet | None,
    only: Collection[str] = (),
) -> tuple[list[Trial], list[Untried]]:
    """
    All trials, by wheel, and what is left untried.

    `only` are identifiers, if no other is meant; `requires_python` is the project's.
    """
    trials: list[Trial] = []
    untried: list[Untried] = []
    everywhere = list(places)
    for wheel in wheels:
        before = len(trials), len(untried)
        for place in everywhere:
            for each in _in_place(wheel, place, settings, requires_python, only):
                if isinstance(each, Trial):
                    trials.append(each)
                else:
                    untried.append(each)
        if before == (len(trials), len(untried)) and not only:
            why = "no interpreter of the images that are planned fits it"
            untried.append(Untried(wheel=wheel.name, image="", why=why))
    return _told_apart(trials), untried


def _told_apart(trials: Sequence[Trial]) -> list[Trial]:
    """The trials with names of their own: two versions of a wheel may lie side by side."""
    counts = Counter(trial.name for trial in trials)
    return [
        trial if counts[trial.name] == 1 else replace(trial, prefix=f"{trial.wheel.name} on ")
        for trial in trials
    ]


def _in_place(
    wheel: Path,
    place: Place,
    settings: Config,
    requires_python: SpecifierSet | None,
    only: Collection[str],
) -> Iterator[Trial | Untried]:
    found = [
        identifier
        for identifier in sorted(place.pythons)
        if fits(wheel.name, identifier, place.ceiling)
        and (place.is_base or place.name in settings.for_target(identifier).test_images)
        and (not only or str(identifier) in only)
        and (requires_python is None or requires_python.contains(identifier.python_version))
    ]
    for identifier in found:
        trial = Trial(
            wheel=wheel,
            identifier=identifier,
            place=place,
            options=settings.for_target(identifier),
        )
        if matches(settings.test_skip, identifier):
            yield Untried(
                wheel=wheel.name,
                image=place.name,
                identifier=str(identifier),
                why="test-skip names it",
            )
        else:
            yield trial
    if not found and not place.is_base and not only:
        why = "the image has no interpreter that fits it"
        yield Untried(wheel=wheel.name, image=place.name, why=why)


def request(
    trial: Trial,
    files: TrialFiles,
    requires: Sequence[str],
    *,
    hosts: Mapping[str, str],
    builder: str | None,
) -> BuildRequest:
    """
    Ask for a trial, but for where its wheel is and its outcome goes.

    `requires` are the tests' requirements, those of `test-groups` among them.
    """
    options, place = trial.options, trial.place
    told = {
        "command": options.test_command,
        "before": options.before_test,
        "requires": list(requires),
        "extras": list(options.test_extras),
        "environment": [str(each) for each in (*options.environment, *options.test_environment)],
        "identifier": str(trial.identifier),
        "project": PROJECT,
        "package": files.package,
    }
    return BuildRequest(
        target="outcome",
        dockerfile=files.dockerfile,
        context=files.tree,
        content=files.digest,
        contexts={"toolbox": DOCKER / "toolbox", "sources": files.sources},
        output=None,
        build_args={
            "BASE_IMAGE": place.installer_image,
            "IMAGE": place.image,
            "TOOLS_INTERPRETER": place.tools_interpreter,
            "TREE": files.place,
            "TRIAL": json.dumps(told, sort_keys=True),
            "PYTHON": place.pythons[trial.identifier],
            **({"INTERPRETER": trial.identifier.interpreter} if place.is_base else {}),
        },
        passed={"test": options.environment_pass},
        hosts=hosts,
        architecture=trial.identifier.architecture,
        builder=builder,
    )
