"""
Each option's rule: from what TOML has to the value that the program uses.

A rule takes any value and returns the one to use, or what was expected in its place. For an
environment variable or a command-line argument, which are text, `from_text` first makes what
TOML would have.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bracex

from wheeldock.tags import Architecture, Libc, Policy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True)
class Unexpected:
    """A value that no option takes, and what was expected in its place."""

    value: object
    expected: str


def as_it_is(text: str) -> object:
    """Text for a rule that takes text."""
    return text


@dataclass(frozen=True, kw_only=True)
class Option:
    """How an option is read."""

    rule: Callable[[object], object]
    """From TOML's value to the program's, or to an Unexpected."""
    from_text: Callable[[str], object] = as_it_is
    """From text to TOML's value, or to an Unexpected."""


_GLOBS = "globs of build identifiers, such as 'cp313-*' or 'cp3{11,12}-manylinux_*'"


def globs(value: object) -> tuple[str, ...] | Unexpected:
    """Read globs: a list of strings, or a string with spaces between them."""
    items = value.split() if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        return Unexpected(value, f"a list or a string of {_GLOBS}")
    wrong = next((item for item in items if not _is_glob(item)), None)
    return tuple(items) if wrong is None else Unexpected(wrong, _GLOBS)


def _is_glob(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9_.*?{},!\[\]-]+", value):
        return False
    try:
        expanded = bracex.expand(value)
    except bracex.ExpansionLimitException:
        return False
    # fnmatch and bracex take an unbalanced bracket or brace for itself; no identifier has one.
    rest = (re.sub(r"\[[^\[\]]+\]", "", pattern) for pattern in expanded)
    return not any(set(pattern) & set("{}[],!") for pattern in rest)


def required_globs(value: object) -> tuple[str, ...] | Unexpected:
    """Read globs, at least one."""
    return globs(value) or Unexpected(value, f"at least one of {_GLOBS}")


def job_count(value: object) -> int | Unexpected | None:
    """Read a number of jobs; None for "auto"."""
    if value == "auto":
        return None
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    return Unexpected(value, "a whole number from 1 on, or 'auto'")


def number_from_text(text: str) -> object:
    """Return the number that the text is, or the text."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,9}", text) else text


def string(value: object) -> str | Unexpected:
    """Read a string, which may be empty."""
    return value if isinstance(value, str) else Unexpected(value, "a string")


def required_string(value: object) -> str | Unexpected:
    """Read a string that is not empty."""
    if isinstance(value, str) and value.strip():
        return value
    return Unexpected(value, "a string that is not empty")


def folder(value: object) -> Path | Unexpected:
    """Read a folder's path."""
    if isinstance(value, (str, Path)) and str(value).strip() and "\0" not in str(value):
        return Path(value).expanduser()
    return Unexpected(value, "the path of a folder")


# https://github.com/distribution/reference: [host[:port]/]path[:tag][@digest]
_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?/)?{_NAME}(?:/{_NAME})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def manylinux_image(value: object) -> str | Unexpected:
    """Read a manylinux policy, or an image reference."""
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        try:
            libc = Policy.parse(value).libc
        except ValueError:
            return value
        if libc is Libc.GLIBC:
            return value
    return Unexpected(value, "a policy such as 'manylinux_2_28', or an image reference")


_SETTINGS = "a table whose values are strings or lists of strings"


def settings(value: object) -> Mapping[str, str | tuple[str, ...]] | Unexpected:
    """Read a table of strings and lists of strings."""
    if not isinstance(value, dict):
        return Unexpected(value, _SETTINGS)
    read: dict[str, str | tuple[str, ...]] = {}
    for key, item in value.items():
        if isinstance(item, str):
            read[key] = item
        elif isinstance(item, list) and all(isinstance(part, str) for part in item):
            read[key] = tuple(item)
        else:
            return Unexpected({key: item}, _SETTINGS)
    return read


def settings_from_text(text: str) -> object:
    """Read `KEY=VALUE` words, quoted as in a shell; a key that comes again makes a list."""
    unexpected = Unexpected(text, "KEY=VALUE words, quoted as in a shell")
    try:
        words = shlex.split(text)
    except ValueError:
        return unexpected
    read: dict[str, str | list[str]] = {}
    for word in words:
        key, equals, item = word.partition("=")
        if not key or not equals:
            return unexpected
        before = read.get(key)
        if before is None:
            read[key] = item
        else:
            read[key] = [*([before] if isinstance(before, str) else before), item]
    return read


OPTIONS: Mapping[str, Option] = {
    "build": Option(rule=required_globs),
    "skip": Option(rule=globs),
    "source": Option(rule=required_string),
    "output-dir": Option(rule=folder),
    "jobs": Option(rule=job_count, from_text=number_from_text),
    "manylinux-x86_64-image": Option(rule=manylinux_image),
    "cache-dir": Option(rule=folder),
    "config-settings": Option(rule=settings, from_text=settings_from_text),
    "builder": Option(rule=string),
}
"""Every option, by its name in pyproject.toml."""

_ARCHITECTURES = [*Architecture, "pypy_x86_64", "pypy_i686", "pypy_aarch64"]

OF_CIBUILDWHEEL = frozenset(
    [
        *(f"manylinux-{architecture}-image" for architecture in _ARCHITECTURES),
        *(f"musllinux-{architecture}-image" for architecture in Architecture),
        *("android", "archs", "audit-command", "audit-requires", "before-all", "before-build"),
        *("before-test", "build-frontend", "build-verbosity", "container-engine"),
        *("dependency-versions", "enable", "environment", "environment-pass", "ios", "linux"),
        *("macos", "overrides", "pyodide", "pyodide-version", "repair-wheel-command"),
        *("test-command", "test-environment", "test-extras", "test-groups", "test-requires"),
        *("test-runtime", "test-skip", "test-sources", "windows", "xbuild-files", "xbuild-tools"),
    ]
).difference(OPTIONS)
"""What cibuildwheel has and wheeldock has not, so that a message can say so."""
