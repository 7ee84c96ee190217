"""
The configuration of a build, and where each of its values comes from.

An option is set by, weakest first: defaults.toml; `[tool.wheeldock]` in the source's
pyproject.toml; its table `linux`; its `overrides`, for the build identifiers that they select; a
`WHEELDOCK_…` environment variable; a `WHEELDOCK_…_LINUX` one; the command line. A project without
`[tool.wheeldock]` is read as cibuildwheel's, and so are `CIBW_…` variables then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock import places, pyproject
from wheeldock.dialects import WHEELDOCK
from wheeldock.errors import ConfigurationError, UsageError
from wheeldock.identifier import matched
from wheeldock.options import OPTIONS
from wheeldock.settings import Findings, Setting, resolve
from wheeldock.together import joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.specifiers import SpecifierSet

    from wheeldock.choices import BuildFrom
    from wheeldock.environment import Assignment
    from wheeldock.errors import WheeldockError
    from wheeldock.fields import BuildFrontend, DependencyVersions
    from wheeldock.identifier import BuildIdentifier, Group


@dataclass(frozen=True, kw_only=True)
class TargetOptions:
    """
    The options that each build identifier may have its own values of.

    Placeholders such as `{project}` stand in commands as they were given. A command of "" is none.
    """

    images: Mapping[str, str]
    """The base images, by option (`manylinux-x86_64-image`): a policy, or an image reference."""
    before_all: str
    system_packages: tuple[str, ...]
    before_build: str
    environment: tuple[Assignment, ...]
    """In the order in which the shell evaluates them."""
    environment_pass: tuple[str, ...]
    """Names of this machine's variables; their values are secrets."""
    build_frontend: BuildFrontend
    config_settings: Mapping[str, str | tuple[str, ...]]
    """Settings for the build backend (PEP 517)."""
    build_verbosity: int
    """From -3 to 3."""
    dependency_versions: DependencyVersions
    repair_wheel_command: str
    audit_command: tuple[str, ...]
    """Commands, each with `{wheel}` or `{abi3_wheel}` in it."""
    audit_requires: tuple[str, ...]
    test_command: str
    before_test: str
    test_sources: tuple[str, ...]
    test_requires: tuple[str, ...]
    test_extras: tuple[str, ...]
    test_groups: tuple[str, ...]
    test_environment: tuple[Assignment, ...]
    test_images: tuple[str, ...]
    """References of the images to test in, beside the base image."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value comes from, by option."""

    @property
    def repairs_by_default(self) -> bool:
        """Whether nothing else than wheeldock's own repair was asked for."""
        return self.repair_wheel_command == places.defaults()["repair-wheel-command"]


@dataclass(frozen=True, kw_only=True)
class Config:
    """The value of every option."""

    build: tuple[str, ...]
    """Globs of the build identifiers to build."""
    skip: tuple[str, ...]
    """Globs of the build identifiers to leave out of `build`."""
    archs: tuple[str, ...]
    """Words for the architectures to build for: what they mean is this machine's affair."""
    enable: frozenset[Group]
    """Groups of interpreters to build for, too."""
    project_requires_python: SpecifierSet
    """The Pythons to build for; if empty, those that the project says that it supports."""
    allow_empty: bool
    """Whether a run that has nothing to build succeeds."""
    test_skip: tuple[str, ...]
    """Globs of the build identifiers whose wheels are not tested."""
    source: str
    """What to build: a folder, an sdist, or a requirement such as `name==1.0`."""
    build_from: BuildFrom
    """What wheels of a source tree are built from."""
    output_dir: Path
    """The folder for the sdist and the wheels, relative to the working directory."""
    jobs: int | None
    """How many wheels to build at once, or "auto" (None): as many as the machine bears."""
    builder: str
    """The name of the Buildx builder, or "" for the current one."""
    cache_dir: Path
    """The folder of the persistent build cache, relative to the working directory."""
    tag_format: str
    """What versions' tags are called, with `{version}` in it, or "" for what is usual there."""
    public_secrets: tuple[str, ...]
    """Paths of members of the wheels or the sdist, or globs of them, whose secrets are public."""
    release_branches: tuple[str, ...]
    """Globs of the branches that releases are made on; none are the usual ones."""
    everywhere: TargetOptions
    """What holds where no override does: for the sdist, say."""
    remarks: tuple[str, ...] = field(default=(), compare=False)
    """What the user should know of how the configuration was read, a line each."""
    settings: tuple[Setting, ...] = field(default=(), repr=False, compare=False)
    """All of what was set, weakest first."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value comes from, by option."""

    def for_target(self, identifier: BuildIdentifier) -> TargetOptions:
        """What holds for a build identifier."""
        selects = {setting.select for setting in self.settings if setting.select}
        if not any(str(identifier) in matched(select) for select in selects):
            return self.everywhere
        return _target_options(*resolve(self.settings, identifier))

    def origin(self, option: str, identifier: BuildIdentifier | None = None) -> str:
        """
        Where an option's value comes from, for people.

        `default`, `pyproject.toml [tool.wheeldock] jobs`, `WHEELDOCK_JOBS`, or `--jobs`; several,
        with ` + ` between them, where a value joins what was there before.
        """
        if identifier is not None and option in (of_target := self.for_target(identifier).origins):
            return of_target[option]
        return self.origins[option]

    @property
    def config_settings(self) -> Mapping[str, str | tuple[str, ...]]:
        """The build backend's settings, where no override has others."""
        return self.everywhere.config_settings


def load(
    tool: Mapping[str, object],
    *,
    path: Path | str,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
) -> Config:
    """
    Join what defaults, pyproject.toml, environment and command line say, and validate it.

    `tool` is the `[tool]` table of the file `path`, which is only named in messages. `overrides`
    are the command line's, by option (`output-dir`); None sets nothing.

    Raises ConfigurationError with every problem, or UsageError when all of them are on the
    command line.
    """
    reading = read(tool, path=path, environ=environ, overrides=overrides)
    if reading.errors:
        raise joined(reading.errors, ConfigurationError)
    return reading.config


def here() -> Config:
    """The configuration of a build in the working directory. Raises as `load`."""
    place = "pyproject.toml"
    path = Path(place)
    document = pyproject.parse(path.read_bytes() if path.is_file() else b"", place)
    return load(pyproject.tools(document, place), path=place, environ=os.environ, overrides={})


@dataclass(frozen=True)
class Reading:
    """What could be read of a configuration."""

    config: Config
    errors: tuple[WheeldockError, ...]
    """What is wrong with the rest."""
    unread: frozenset[str]
    """The options that may have another value than `config` says, were nothing wrong."""


def read(
    tool: Mapping[str, object],
    *,
    path: Path | str,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
) -> Reading:
    """As `load`, but what is wrong is told beside what is right, so that more can be checked."""
    found, usage = Findings(), Findings()
    remarks = places.read(tool, path, environ, found)
    places.read_command_line(overrides, usage)
    settings = (*found.settings, *usage.settings)
    errors: list[WheeldockError] = [ConfigurationError(found.problems)] if found.problems else []
    errors += [UsageError(usage.problems)] if usage.problems else []
    return Reading(
        _config(settings, (*remarks, *found.remarks)),
        tuple(errors),
        frozenset(found.unread | usage.unread),
    )


def _config(settings: tuple[Setting, ...], remarks: tuple[str, ...]) -> Config:
    values, origins = resolve(settings, None)
    names = {option.name for option in fields(Config)}
    return Config(
        **{_field(option): value for option, value in values.items() if _field(option) in names},
        everywhere=_target_options(values, origins),
        remarks=remarks,
        settings=settings,
        origins=origins,
    )


def source_text(environ: Mapping[str, str], override: str | None = None) -> str:
    """What to build, as `open_source` reads it: from command line, environment or default."""
    return override or environ.get(WHEELDOCK.variable("source")) or str(places.defaults()["source"])


def _target_options(values: Mapping[str, Any], origins: Mapping[str, str]) -> TargetOptions:
    ours = {option: value for option, value in values.items() if OPTIONS[option].per_target}
    images = {option: value for option, value in ours.items() if option.endswith("-image")}
    return TargetOptions(
        **{_field(option): value for option, value in ours.items() if option not in images},
        images=images,
        origins={option: origins[option] for option in ours},
    )


def _field(option: str) -> str:
    return option.replace("-", "_")
