"""
Every option: what kind of value it has, where it may be set, and what it means.

Reading, the JSON schema and the README's table are made of this. The default of each is in
resources/defaults.toml, its value in `Config` or `TargetOptions`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock.choices import ARCHS, BUILD_FROM, ENABLE, YES_OR_NO
from wheeldock.configsettings import SETTINGS
from wheeldock.environment import ENVIRONMENT
from wheeldock.fields import BUILD_FRONTEND, DEPENDENCY_VERSIONS
from wheeldock.lists import (
    AUDIT_COMMANDS,
    COMMAND,
    EXTRAS,
    GLOBS,
    IMAGES,
    MEMBERS,
    NAMES,
    PACKAGES,
    PASSED,
    REQUIRED_GLOBS,
    WORDS,
)
from wheeldock.tags import Architecture
from wheeldock.values import (
    FOLDER,
    JOBS,
    MANYLINUX_IMAGE,
    MUSLLINUX_IMAGE,
    REQUIRED_STRING,
    SPECIFIERS,
    STRING,
    TAG_FORMAT,
    VERBOSITY,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.values import Kind


@dataclass(frozen=True, kw_only=True)
class Option:
    """How an option is read, and what is said of it."""

    kind: Kind
    meaning: str
    """For people, as the README and editors show it."""
    per_target: bool = False
    """Whether it may differ from build identifier to build identifier."""
    own: bool = False
    """Whether it is wheeldock's alone, and none of cibuildwheel's."""
    empty_is_unset: bool = False
    """Whether an empty variable sets nothing, where elsewhere it empties the option."""
    environment_adds: bool = False
    """Whether a variable adds to what pyproject.toml says, where elsewhere it replaces that."""


def _run(kind: Kind, meaning: str) -> Option:
    """An option for all of a run."""
    return Option(kind=kind, meaning=meaning)


def _each(kind: Kind, meaning: str) -> Option:
    """An option that each build identifier may have its own value of."""
    return Option(kind=kind, meaning=meaning, per_target=True)


def _own(kind: Kind, meaning: str) -> Option:
    return Option(kind=kind, meaning=meaning, own=True, empty_is_unset=True)


def _images(libc: str, kind: Kind, platforms: list[str]) -> dict[str, Option]:
    meaning = "the base image: a policy's pinned official image, or any image reference"
    return {
        f"{libc}-{platform}-image": Option(
            kind=kind, meaning=meaning, per_target=True, empty_is_unset=True
        )
        for platform in platforms
    }


_ARCHITECTURES = [architecture.value for architecture in Architecture]

OPTIONS: Mapping[str, Option] = {
    "build": _run(REQUIRED_GLOBS, "globs of [build identifiers](#build-identifiers) to build"),
    "skip": _run(GLOBS, "globs of those to leave out"),
    "archs": Option(
        kind=ARCHS,
        meaning="architectures: `auto`, `native`, `all`, `auto64`, `auto32`, or names",
        empty_is_unset=True,
    ),
    "enable": Option(
        kind=ENABLE,
        meaning="groups that are off by default: `cpython-prerelease`, `pypy`, `pypy-eol`, "
        "`graalpy`, `all`",
        environment_adds=True,
    ),
    "project-requires-python": Option(
        kind=SPECIFIERS,
        meaning="the Pythons to build for, in place of the project's `requires-python`",
        empty_is_unset=True,
    ),
    "allow-empty": Option(
        kind=YES_OR_NO, meaning="whether nothing to build is no error", empty_is_unset=True
    ),
    "source": _own(REQUIRED_STRING, "what to build, when it is not this folder"),
    "build-from": _own(
        BUILD_FROM, "what wheels are built from: the `sdist`, or the source `tree` as it is"
    ),
    "output-dir": _own(FOLDER, "where the sdist and the wheels go"),
    "jobs": _own(JOBS, "how many wheels to build at once"),
    "builder": _own(STRING, "the Buildx builder; empty is the current one"),
    "cache-dir": _own(FOLDER, "where the exported build cache is kept"),
    "tag-format": _own(
        TAG_FORMAT, "what versions' tags are called; empty: as those there are, else `v{version}`"
    ),
    "release-branches": _own(
        NAMES, "globs of the branches to tag; empty: main, master, and the remote's default branch"
    ),
    "public-secrets": Option(
        kind=MEMBERS,
        meaning="files in wheels and sdist, or globs of them, whose "
        "[secrets are public](#secrets-that-are-public)",
        own=True,
    ),
    **_images(
        "manylinux", MANYLINUX_IMAGE, [*_ARCHITECTURES, "pypy_x86_64", "pypy_i686", "pypy_aarch64"]
    ),
    **_images("musllinux", MUSLLINUX_IMAGE, _ARCHITECTURES),
    "before-all": _each(COMMAND, "a command to run in the base image before any build"),
    "system-packages": Option(
        kind=PACKAGES,
        meaning="packages that the base image's own package manager installs first",
        per_target=True,
        own=True,
    ),
    "before-build": _each(COMMAND, "a command to run before each wheel's build"),
    "environment": _each(
        ENVIRONMENT, "variables for hooks and builds: a table, or a shell's assignments"
    ),
    "environment-pass": _each(PASSED, "variables of this machine for hooks, builds and tests"),
    "build-frontend": _each(
        BUILD_FRONTEND, "what calls the build backend: `build`, `build[uv]`, `pip`, `uv`"
    ),
    "config-settings": _each(SETTINGS, "settings for the build backend"),
    "build-verbosity": _each(VERBOSITY, "how much the build frontend says, from -3 to 3"),
    "dependency-versions": _each(
        DEPENDENCY_VERSIONS,
        "the versions of build requirements, frontends and audits: `pinned`, `latest`, a file, or "
        "`{packages = […]}`",
    ),
    "repair-wheel-command": _each(
        COMMAND, "how a wheel is repaired; the default proves the policy, and no other"
    ),
    "audit-command": _each(AUDIT_COMMANDS, "commands to check a repaired wheel"),
    "audit-requires": _each(WORDS, "requirements of the audit commands"),
    "test-command": _each(COMMAND, "a command that tests an installed wheel"),
    "before-test": _each(COMMAND, "a command to run before each wheel's tests"),
    "test-sources": _each(WORDS, "files and folders that the tests need"),
    "test-requires": _each(WORDS, "requirements of the tests"),
    "test-extras": _each(EXTRAS, "extras of the wheel to install for the tests"),
    "test-groups": _each(NAMES, "dependency groups to install for the tests"),
    "test-environment": _each(ENVIRONMENT, "variables for the tests"),
    "test-images": Option(
        kind=IMAGES,
        meaning="[images](#on-several-distributions) to test in, beside the base image",
        per_target=True,
        own=True,
    ),
    "test-skip": _run(GLOBS, "globs of build identifiers whose wheels are not tested"),
}
"""Every option, by its name in pyproject.toml."""
