"""
The configuration of a build, and where each of its values comes from.

An option is set by, weakest first: defaults.toml, `[tool.wheeldock]` in the source's
pyproject.toml, a `WHEELDOCK_…` environment variable, the command line. An environment variable
that is empty sets nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from wheeldock import pyproject
from wheeldock.errors import ConfigurationError, UsageError
from wheeldock.options import OF_CIBUILDWHEEL, OPTIONS, Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

PREFIX = "WHEELDOCK_"
"""What the environment variables of options begin with."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """The value of every option."""

    build: tuple[str, ...]
    """Globs of the build identifiers to build: a list, or one string with spaces."""
    skip: tuple[str, ...]
    """Globs of the build identifiers to leave out of `build`."""
    source: str
    """What to build: a folder, an sdist, or a requirement such as `name==1.0`."""
    output_dir: Path
    """The folder for the sdist and the wheels, relative to the working directory."""
    jobs: int | None
    """How many wheels to build at once, or "auto" (None): as many as the machine bears."""
    manylinux_x86_64_image: str
    """The base image: a policy such as `manylinux_2_28`, or an image reference."""
    cache_dir: Path
    """The folder of the persistent build cache, relative to the working directory."""
    config_settings: Mapping[str, str | tuple[str, ...]]
    """Settings for the build backend (PEP 517): a table of strings and lists of strings."""
    builder: str
    """The name of the Buildx builder, or "" for the current one."""
    origins: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    """Where each value comes from, by option."""

    def origin(self, option: str) -> str:
        """
        Where an option's value comes from, for people.

        `default`, `pyproject.toml [tool.wheeldock] jobs`, `WHEELDOCK_JOBS`, or `--jobs`.
        """
        return self.origins[option]


def load(
    pyproject_table: Mapping[str, object],
    *,
    path: Path | str,
    environ: Mapping[str, str],
    overrides: Mapping[str, object],
) -> Config:
    """
    Join what defaults, pyproject.toml, environment and command line say, and validate it.

    `pyproject_table` is the `[tool.wheeldock]` table of the file `path`, which is only named in
    messages. `overrides` are the command line's, by option (`output-dir`); None sets nothing.

    Raises ConfigurationError with every problem, or UsageError when all of them are on the
    command line.
    """
    command_line = _of_command_line(overrides)
    layers = [
        _Layer(_defaults(), lambda option: f"defaults.toml: {option}", lambda _: "default"),
        _Layer(
            pyproject_table,
            lambda option: f"{path}: tool.wheeldock.{option}",
            lambda option: f"{path} [tool.wheeldock] {option}",
        ),
        _of_environment(environ),
        command_line,
    ]
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    problems: dict[str, bool] = {}
    for layer in layers:
        for option, value in layer.values.items():
            read = _read(option, value)
            if isinstance(read, str):
                problems[f"{layer.place(option)}: {read}"] = layer is command_line
            else:
                values[_field(option)] = read.value
                origins[option] = layer.origin(option)
    if problems:
        error = UsageError("\n".join(problems)) if all(problems.values()) else None
        raise error or ConfigurationError(list(problems))
    return Config(**values, origins=origins)


def source_text(environ: Mapping[str, str], override: str | None = None) -> str:
    """What to build, as `open_source` reads it: from command line, environment or default."""
    return override or environ.get(_variable("source")) or str(_defaults()["source"])


@dataclass(frozen=True)
class _Layer:
    """One place that sets options."""

    values: Mapping[str, object]
    place: Callable[[str], str]
    """How a message names an option there."""
    origin: Callable[[str], str]
    """How a value's origin names it."""


@dataclass(frozen=True)
class _Read:
    value: object


def _read(option: str, value: object) -> _Read | str:
    """The option's value, or what is wrong with it."""
    if option not in OPTIONS:
        return _unknown(option)
    read = value if isinstance(value, Unexpected) else OPTIONS[option].rule(value)
    if isinstance(read, Unexpected):
        return f"got {pyproject.shown(read.value)}; expected {read.expected}"
    return _Read(read)


def _unknown(option: str) -> str:
    if option in OF_CIBUILDWHEEL:
        return "cibuildwheel has this option, and wheeldock does not have it yet"
    close = get_close_matches(option, OPTIONS, n=1)
    hint = f"did you mean {close[0]!r}?" if close else f"the options are {', '.join(OPTIONS)}"
    return f"unknown option; {hint}"


def _from_text(option: str, value: object) -> object:
    is_text = isinstance(value, str) and option in OPTIONS
    return OPTIONS[option].from_text(str(value)) if is_text else value


def _of_environment(environ: Mapping[str, str]) -> _Layer:
    known = {_variable(option): option for option in (*OPTIONS, *OF_CIBUILDWHEEL)}
    values = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or not text:
            continue
        option = known.get(variable)
        # Other programs may have variables of that prefix: only a near miss is one of ours.
        if option is None and get_close_matches(variable, known, n=1, cutoff=0.9):
            option = variable.removeprefix(PREFIX).lower().replace("_", "-")
        if option is not None:
            values[option] = _from_text(option, text)
    return _Layer(values, _variable, _variable)


def _of_command_line(overrides: Mapping[str, object]) -> _Layer:
    values = {
        option: _from_text(option, value)
        for option, value in overrides.items()
        if value is not None
    }
    return _Layer(values, lambda option: f"--{option}", lambda option: f"--{option}")


def _variable(option: str) -> str:
    return PREFIX + _field(option).upper()


def _field(option: str) -> str:
    return option.replace("-", "_")


@cache
def _defaults() -> pyproject.Table:
    resource = files("wheeldock") / "resources" / "defaults.toml"
    return pyproject.parse(resource.read_bytes(), "defaults.toml")
