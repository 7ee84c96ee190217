"""
Options of several fields: the table `{name = "build", args = ["-x"]}`, the text `build; args: -x`.

The text form is cibuildwheel's: fields with semicolons between them, each with words that are
quoted as in a shell. The first may stand without its name.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum

from wheeldock.lists import STRINGS_SCHEMA, words
from wheeldock.values import STRING_SCHEMA, Kind, Unexpected, strings


def split(text: str) -> list[list[str]]:
    """
    The words of each field of a text.

    Raises ValueError when a quote has no end.
    """
    lexer = shlex.shlex(text, posix=True, punctuation_chars=";")
    lexer.whitespace_split, lexer.commenters = True, ""
    fields: list[list[str]] = [[]]
    for word in lexer:
        if word and set(word) == {";"}:
            fields.append([])
        else:
            fields[-1].append(word)
    return [field for field in fields if field]


def named(text: str, first: str) -> dict[str, list[str]]:
    """
    The words of a text's fields by the fields' names; `first` is that of one without.

    Raises ValueError when another has none, or when a quote has no end.
    """
    read: dict[str, list[str]] = {}
    for found in split(text):
        name, colon, word = found[0].partition(":")
        if not colon and read:
            message = f"{found[0]!r} has no colon"
            raise ValueError(message)
        items = [*filter(None, [word]), *found[1:]] if colon else found
        read.setdefault(name if colon else first, []).extend(items)
    return read


def _strange(table: object, keys: tuple[str, ...]) -> str:
    """Which key of a table is none of these, and what may be meant, as the end of a sentence."""
    strange = next((key for key in table if key not in keys), "") if isinstance(table, dict) else ""
    close = get_close_matches(strange, keys, n=1)
    hint = f" (did you mean {close[0]!r}?)" if close else ""
    return f"; {strange!r} is none of {', '.join(keys)}{hint}" if strange else ""


class FrontendName(str, Enum):
    """What calls the build backend."""

    DEFAULT = "default"
    """wheeldock's own: the backend in an environment that uv made."""
    BUILD = "build"
    BUILD_UV = "build[uv]"
    PIP = "pip"
    UV = "uv"


@dataclass(frozen=True)
class BuildFrontend:
    """A build frontend, and what its command line gets besides."""

    name: FrontendName
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As an option may have it."""
        return f"{self.name.value}; args: {shlex.join(self.args)}" if self.args else self.name.value


_FRONTENDS = [name.value for name in FrontendName]
_FRONTEND = (
    f"one of {', '.join(_FRONTENDS)}, with arguments such as 'pip; args: --no-deps' "
    "or { name = 'pip', args = ['--no-deps'] }"
)


def build_frontend(value: object) -> BuildFrontend | Unexpected:
    """Read a build frontend."""
    unexpected = Unexpected(value, _FRONTEND)
    try:
        table = named(value, "name") if isinstance(value, str) else value
    except ValueError:
        return unexpected
    if not isinstance(table, dict) or not table.keys() <= {"name", "args"}:
        return Unexpected(value, f"{_FRONTEND}{_strange(table, ('name', 'args'))}")
    if not table and isinstance(value, str):
        return BuildFrontend(FrontendName.DEFAULT)
    name, args = table.get("name"), words(table.get("args", []))
    name = " ".join(name) if isinstance(name, list) and isinstance(value, str) else name
    if not isinstance(name, str) or name not in _FRONTENDS or isinstance(args, Unexpected):
        return unexpected
    return BuildFrontend(FrontendName(name), args)


BUILD_FRONTEND = Kind(
    read=build_frontend,
    schema={
        "oneOf": [
            {"enum": _FRONTENDS},
            {"type": "string", "pattern": r"^\s*(default|build|build\[uv\]|pip|uv)\s*;"},
            {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {"name": {"enum": _FRONTENDS}, "args": STRINGS_SCHEMA},
            },
        ]
    },
)


@dataclass(frozen=True)
class DependencyVersions:
    """Which versions the tools have that are not in the base image."""

    name: str
    """`pinned`, `latest`, `file` or `packages`."""
    file: str = ""
    """A file of constraints."""
    packages: tuple[str, ...] = ()
    """Requirements."""

    def __str__(self) -> str:
        """As an option may have it."""
        packages = f"packages: {shlex.join(self.packages)}" if self.packages else ""
        return packages or self.file or self.name


_VERSIONS = "'pinned', 'latest', a file of constraints, or a table with one of file and packages"


def dependency_versions(value: object) -> DependencyVersions | Unexpected:
    """Read where the tools' versions come from."""
    unexpected = Unexpected(value, _VERSIONS)
    if isinstance(value, str) and not value.startswith(("file:", "packages:")):
        plain = value in {"pinned", "latest", ""}
        return DependencyVersions(value or "latest") if plain else DependencyVersions("file", value)
    try:
        table = named(value, "file") if isinstance(value, str) else value
    except ValueError:
        return unexpected
    if not isinstance(table, dict) or len(table) != 1:
        return Unexpected(value, f"{_VERSIONS}{_strange(table, ('file', 'packages'))}")
    items = strings(next(iter(table.values())), lambda text: [text])
    if items and "packages" in table:
        return DependencyVersions("packages", packages=items)
    if items and len(items) == 1 and "file" in table:
        return DependencyVersions("file", items[0])
    return Unexpected(value, f"{_VERSIONS}{_strange(table, ('file', 'packages'))}")


DEPENDENCY_VERSIONS = Kind(
    read=dependency_versions,
    schema={
        "oneOf": [
            STRING_SCHEMA,
            *(
                {
                    "type": "object",
                    "additionalProperties": False,
                    "required": [key],
                    "properties": {key: schema},
                }
                for key, schema in (("file", STRING_SCHEMA), ("packages", STRINGS_SCHEMA))
            ),
        ]
    },
)
