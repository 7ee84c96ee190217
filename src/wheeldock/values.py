"""
Kinds of values that options have: from what TOML has to the value that the program uses.

A kind reads any value and returns the one to use, or what was expected in its place. For an
environment variable or a command-line argument, which are text, `from_text` first makes what
TOML would have. Lists and tables have a form as a string, too, which is cibuildwheel's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from wheeldock.tags import Libc, Policy

if TYPE_CHECKING:
    from collections.abc import Callable

Schema = dict[str, Any]
"""A JSON schema (draft 7)."""

STRING_SCHEMA: Schema = {"type": "string"}


@dataclass(frozen=True)
class Unexpected:
    """A value that no option takes, and what was expected in its place."""

    value: object
    expected: str


def as_it_is(text: str) -> object:
    """Text for a rule that takes text."""
    return text


@dataclass(frozen=True, kw_only=True)
class Kind:
    """How values of a kind are read, joined and described."""

    read: Callable[[object], object]
    """From TOML's value to the program's, or to an Unexpected."""
    schema: Schema
    """What TOML may have, as far as JSON schema can say it."""
    from_text: Callable[[str], object] = as_it_is
    """From text to TOML's value, or to an Unexpected."""
    join: Callable[[Any, Any], Any] | None = None
    """What two values in a row are together, or None where nothing is inherited."""


def strings(value: object, split: Callable[[str], list[str]]) -> tuple[str, ...] | None:
    """The strings of a list of them, or of a string that has several; None for all else."""
    if isinstance(value, str):
        return tuple(split(value))
    if isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value):
        return tuple(cast("list[str]", value))
    return None


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


_LOUDEST = 3


def verbosity(value: object) -> int | Unexpected:
    """Read a verbosity from -3 to 3; what is beyond is the nearest of them."""
    number = number_from_text(value) if isinstance(value, str) else value
    if isinstance(number, int) and not isinstance(number, bool):
        return min(_LOUDEST, max(-_LOUDEST, number))
    return Unexpected(value, "a whole number from -3 (quietest) to 3 (loudest)")


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


def version_specifiers(value: object) -> SpecifierSet | Unexpected:
    """Read version specifiers (PEP 440), as `requires-python` has them; "" is any version."""
    try:
        return SpecifierSet(value if isinstance(value, str) else "!")
    except InvalidSpecifier:
        return Unexpected(value, "version specifiers such as '>=3.9'")


# https://github.com/distribution/reference: [host[:port]/]path[:tag][@digest]
_NAME = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d+)?/)?{_NAME}(?:/{_NAME})*"
    r"(?::\w[\w.-]{0,127})?(?:@sha256:[0-9a-f]{64})?",
    re.ASCII,
)


def is_image(value: object) -> bool:
    """Whether it is an image reference."""
    return isinstance(value, str) and _REFERENCE.fullmatch(value) is not None


def manylinux_image(value: object) -> str | Unexpected:
    """Read a manylinux policy, or an image reference."""
    return _image(value, Libc.GLIBC, "manylinux_2_28")


def musllinux_image(value: object) -> str | Unexpected:
    """Read a musllinux policy, or an image reference."""
    return _image(value, Libc.MUSL, "musllinux_1_2")


def _image(value: object, of: Libc, example: str) -> str | Unexpected:
    if isinstance(value, str) and _REFERENCE.fullmatch(value):
        try:
            libc = Policy.parse(value).libc
        except ValueError:
            return value
        if libc is of:
            return value
    return Unexpected(value, f"a policy such as {example!r}, or an image reference")


_TAG_FORMAT = r"([A-Za-z0-9_][A-Za-z0-9_./-]*)?\{version\}[A-Za-z0-9_.-]*"


def tag_format(value: object) -> str | Unexpected:
    """Read a format of tags' names, or "" for none."""
    if isinstance(value, str) and (not value or re.fullmatch(_TAG_FORMAT, value)):
        return value
    return Unexpected(value, "a tag's name with {version} in it, such as 'v{version}'")


STRING = Kind(read=string, schema=STRING_SCHEMA)
REQUIRED_STRING = Kind(read=required_string, schema={"type": "string", "pattern": r"\S"})
SPECIFIERS = Kind(
    read=version_specifiers, schema={"type": "string", "pattern": r"^\s*$|^[\s,]*[<>=!~]"}
)
FOLDER = Kind(read=folder, schema={"type": "string", "pattern": r"\S"})
TAG_FORMAT = Kind(read=tag_format, schema={"type": "string", "pattern": f"^({_TAG_FORMAT})?$"})
JOBS = Kind(
    read=job_count,
    from_text=number_from_text,
    schema={"oneOf": [{"const": "auto"}, {"type": "integer", "minimum": 1}]},
)
VERBOSITY = Kind(
    read=verbosity,
    from_text=lambda text: text.strip() or "0",
    schema={"oneOf": [{"type": "integer"}, {"type": "string", "pattern": "^[+-]?[0-9]{1,9}$"}]},
)
_IMAGE_SCHEMA: Schema = {"type": "string", "minLength": 1}
MANYLINUX_IMAGE = Kind(read=manylinux_image, schema=_IMAGE_SCHEMA)
MUSLLINUX_IMAGE = Kind(read=musllinux_image, schema=_IMAGE_SCHEMA)
