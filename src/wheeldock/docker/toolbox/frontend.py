"""
The build frontend of the stages `sdist` and `build`: PEP 517 without isolation.

The stage `env` is the isolation, at a path that never changes, so that compilers see the
same command lines in every build. What a backend asks for beyond `[build-system].requires`
is known only once its hooks run; it is installed here, from uv's cache. A frontend that the
project names takes the place of this one for the wheel, in the same environment.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import frontends
from build import BuildBackendException, BuildException, ProjectBuilder
from commands import filled
from ending import BUILD_FAILED, fail
from hooks import LoadedBackend
from pyproject_hooks import quiet_subprocess_runner

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Literal

    from build import ConfigSettingsType
    from frontends import Frontend

PYTHON = "/env/bin/python"
CONSTRAINTS = "/env/constraints.txt"
BUILD_CONSTRAINTS = "/env/build-constraints.txt"
"""Those for build requirements alone."""
UV = "/opt/wheeldock/bin/uv"

PURE_WHEEL = 31


def ask_for(what: str) -> NoReturn:
    """End for lack of something in a cache mount; wheeldock puts it there and begins again."""
    print(f"wheeldock-seeds: missing: {what}", file=sys.stderr)
    sys.exit(1)


def build(
    distribution: Literal["sdist", "wheel"],
    source: Path,
    output: Path,
    compilers: AbstractContextManager[None] | None = None,
) -> Path:
    """
    Build the distribution of the source tree into the folder and return its path.

    What `compilers` sets up is there once the environment is complete. Ends the program when
    the backend fails.
    """
    settings = config_settings(source)
    asked = frontends.Frontend.from_environment(os.environ)
    try:
        with LoadedBackend() as loaded:
            runner = quiet_subprocess_runner if asked.verbosity < 0 else loaded
            builder = ProjectBuilder(source, python_executable=PYTHON, runner=runner)
            if extra := builder.get_requires_for_build(distribution, settings):
                install(extra, BUILD_CONSTRAINTS)
                loaded.forget()
            if asked.requires:
                install(asked.requires, os.environ.get("PINS", ""))
            with compilers or nullcontext():
                if asked.name != frontends.DEFAULT:
                    return _build_with(asked, source, output, settings)
                return Path(builder.build(distribution, output, settings))
    except (BuildBackendException, BuildException) as error:
        _show_output(error)
        fail(BUILD_FAILED, f"the build backend could not make the {distribution}: {error}")


def config_settings(source: Path) -> ConfigSettingsType:
    """The config settings, with the folders that `{project}` and `{package}` are."""
    places = {"project": project_of(source), "package": source}
    settings: dict[str, str | list[str]] = json.loads(os.environ.get("CONFIG_SETTINGS", "{}"))
    return {
        key: filled(value, places)
        if isinstance(value, str)
        else [filled(item, places) for item in value]
        for key, value in settings.items()
    }


def project_of(source: Path) -> Path:
    """The folder of the project that a source tree belongs to."""
    package = Path(os.environ.get("PACKAGE_FOLDER", ""))
    top = source.parents[len(package.parts) - 1] if package.parts else source
    return top / os.environ.get("SUBFOLDER", "")


def _build_with(asked: Frontend, source: Path, output: Path, settings: ConfigSettingsType) -> Path:
    """Build the wheel with a frontend that the project names."""
    environment = Path(PYTHON).parents[1]
    command = asked.command(environment, source, output, settings)
    if code := frontends.run(command, project_of(source)):
        fail(
            BUILD_FAILED,
            f"the build frontend {asked.name} could not make the wheel (exit code {code})",
        )
    wheels = sorted(output.glob("*.whl"))
    if len(wheels) != 1:
        made = ", ".join(wheel.name for wheel in wheels) or "none"
        fail(BUILD_FAILED, f"one wheel was due, and the build frontend {asked.name} made {made}")
    return wheels[0]


def _show_output(error: Exception) -> None:
    """Show what a backend said that was to be quiet."""
    cause = error.exception if isinstance(error, BuildBackendException) else None
    if isinstance(cause, subprocess.CalledProcessError) and cause.output:
        print(cause.output.decode(errors="replace"), flush=True)


def install(requirements: set[str], more: str) -> None:
    """
    Add requirements to the build environment, in the versions that its constraints allow.

    `more` is a file of constraints beside them, or "".
    """
    files = filter(None, [CONSTRAINTS, more])
    constraints = [word for file in files for word in ("-c", file)]
    command = [UV, "pip", "install", "--python", PYTHON, *constraints, *sorted(requirements)]
    done = subprocess.run(command, check=False)
    if done.returncode:
        fail(BUILD_FAILED, f"could not install {', '.join(sorted(requirements))}")
