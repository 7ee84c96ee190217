"""
Settings for a build backend (PEP 517), which are what `config-settings` is.

They are a table in TOML, or a string that stands for one, as in cibuildwheel.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from wheeldock.values import STRING_SCHEMA, Kind, Schema, Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTINGS = "a table whose values are strings or lists of strings"


def settings(value: object) -> Mapping[str, str | tuple[str, ...]] | Unexpected:
    """Read a table of strings and lists of strings, or its form as a string."""
    table = _from_text(value) if isinstance(value, str) else value
    if not isinstance(table, dict):
        return table if isinstance(table, Unexpected) else Unexpected(value, _SETTINGS)
    read: dict[str, str | tuple[str, ...]] = {}
    wrong = {}
    for key, item in table.items():
        items = item if isinstance(item, (list, tuple)) else [item]
        if not all(isinstance(each, (str, bool, int, float)) for each in items):
            wrong[key] = item
        elif texts := tuple(map(str, items)):  # as frontends have it, which get `-Ckey=value`
            read[key] = texts if len(texts) > 1 else texts[0]
    return Unexpected(wrong, _SETTINGS) if wrong else read


def _from_text(text: str) -> object:
    """
    Read `KEY=VALUE` words, quoted as in a shell.

    A key that comes again makes a list, and the value of one alone is empty.
    """
    unexpected = Unexpected(text, "KEY=VALUE words, quoted as in a shell")
    try:
        pairs = [word.partition("=") for word in shlex.split(text)]
    except ValueError:
        return unexpected
    read: dict[str, list[str]] = {}
    for key, _, item in pairs:
        if not key:
            return unexpected
        read.setdefault(key, []).append(item)
    return read


_SCALAR: Schema = {"type": ["string", "number", "boolean"]}
SETTINGS = Kind(
    read=settings,
    schema={
        "oneOf": [
            STRING_SCHEMA,
            {
                "type": "object",
                "additionalProperties": {
                    "oneOf": [_SCALAR, {"type": "array", "items": _SCALAR}],
                },
            },
        ]
    },
    join=lambda before, after: {**before, **after},
)
