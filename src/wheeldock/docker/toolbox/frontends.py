"""
The build frontends that a project can name, and their command lines.

The environment in /env is the isolation: it has what the project asks for, at a path that never
changes, so that compiles are found in the cache. Each frontend is told to make none of its own,
unless its arguments are about one.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

DEFAULT = "default"
"""The name of wheeldock's own, which is the module `frontend`."""

TOOLS = "/opt/wheeldock/bin"


@dataclass(frozen=True)
class Program:
    """A frontend's program, and the names of its options."""

    words: tuple[str, ...]
    """
    What calls it to build a wheel; `{bin}` is the folder of the environment's interpreter.

    It runs in the project's folder, where `python -m` would take a `build.py` for its module.
    """
    wheels_to: str
    """The option for the folder that gets the wheel."""
    no_isolation: tuple[str, ...]
    """The spellings of the option to make no environment; the first is given."""
    isolation: tuple[str, ...]
    """What the options begin with that are about an environment of its own."""
    requires: str = ""
    """What the environment needs for it."""


_BUILD = Program(
    ("{bin}/pyproject-build", "--wheel"),
    "--outdir",
    ("--no-isolation", "-n"),
    ("--installer", "--env-dir", "--dependency-constraints-txt"),
    requires="build",
)
_PIP = Program(
    ("{bin}/pip", "wheel", "--no-deps"),
    "--wheel-dir",
    ("--no-build-isolation",),
    ("--build-constraint",),
    requires="pip",
)
_UV = Program(
    (f"{TOOLS}/uv", "build", "--wheel", "--python={bin}/python"),
    "--out-dir",
    ("--no-build-isolation",),
    ("--build-constraint", "-b", "--build-isolation"),
)
PROGRAMS = {"build": _BUILD, "build[uv]": _BUILD, "pip": _PIP, "uv": _UV}
"""The programs, by the name of the frontend; what builds with uv has its environment from uv."""


@dataclass(frozen=True)
class Frontend:
    """A frontend as it was asked for."""

    name: str = DEFAULT
    arguments: tuple[str, ...] = ()
    verbosity: int = 0
    """From -3 to 3."""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Frontend:
        """Read what the build arguments say."""
        name, *arguments = shlex.split(environ.get("BUILD_FRONTEND", DEFAULT))
        return cls(name, tuple(arguments), int(environ.get("BUILD_VERBOSITY", "0")))

    @property
    def requires(self) -> set[str]:
        """What it needs in the environment."""
        return {PROGRAMS[self.name].requires} - {""} if self.name in PROGRAMS else set()

    def command(
        self,
        environment: Path,
        source: Path,
        output: Path,
        settings: Mapping[str, str | Sequence[str]],
    ) -> list[str]:
        """The words that build the wheel of a source tree in an environment into a folder."""
        program = PROGRAMS[self.name]
        own = any(word.startswith(program.isolation) for word in self.arguments)
        told = any(word in program.no_isolation for word in self.arguments)
        return [
            *(word.format(bin=environment / "bin") for word in program.words),
            str(source),
            f"{program.wheels_to}={output}",
            *(() if own or told else program.no_isolation[:1]),
            *_settings(settings),
            *self.arguments,
            *self._verbosity(),
        ]

    def _verbosity(self) -> list[str]:
        """The option for the verbosity, as cibuildwheel gives it."""
        if self.verbosity < 0:
            return [f"-{'q' * -self.verbosity}"]
        # Of these pip alone hides what the backend says, and shows it from 1 on.
        count = self.verbosity if self.name == "pip" else self.verbosity - 1
        return [f"-{'v' * count}"] if count > 0 else []


def _settings(settings: Mapping[str, str | Sequence[str]]) -> list[str]:
    return [
        f"-C{key}={value}"
        for key, values in settings.items()
        for value in ([values] if isinstance(values, str) else values)
    ]


def run(command: Sequence[str], project: Path) -> int:
    """
    Run a frontend and return its exit code.

    It finds what its arguments name by a path in the project, and wheeldock's uv last on PATH.
    """
    print(f"+ {shlex.join(command)}", flush=True)
    environ = {**os.environ, "PATH": f"{os.environ['PATH']}{os.pathsep}{TOOLS}"}
    return subprocess.run(command, check=False, cwd=project, env=environ).returncode
