"""
Environment variables as a shell's assignments: `CC=gcc CFLAGS="-O2 $EXTRA" N=$(nproc)`.

They are split here and evaluated by Bash in the container, in the order in which they stand.
bashlex could read them, too; it takes 0.2 s to import, and refuses what Bash can evaluate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock.lists import chain
from wheeldock.values import Kind, Unexpected

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

_OPENERS = {"$(": ")", "${": "}", "$'": "$'", "`": "`", '"': '"', "'": "'", "(": ")"}
"""What begins a part of a word that has its own rules, and the context that it makes."""

_INNER = {
    "": ("$(", "${", "$'", "`", '"', "'"),
    ")": ("$(", "${", "$'", "`", '"', "'", "("),
    "}": ("$(", "${", "$'", "`", '"', "'"),
    '"': ("$(", "${", "`"),
    '"}': ("$(", "${", "`", '"'),
}
"""What may begin in each context; nothing in another. The last character of one ends it."""


@dataclass(frozen=True)
class Assignment:
    """One assignment of an environment variable."""

    name: str
    value: str
    """In shell syntax, as it stands after the equals sign."""

    def __str__(self) -> str:
        return f"{self.name}={self.value}"


def parse(text: str) -> tuple[Assignment, ...]:
    """
    Read assignments with white space between them.

    Raises ValueError, which names each word that is no assignment.
    """
    words = _words(text)
    if problems := list(filter(None, map(_problem, words))):
        raise ValueError("; ".join(problems))
    parts = (word.partition("=") for word in words)
    return tuple(Assignment(name, value) for name, _, value in parts)


def _problem(word: str) -> str:
    name, equals, _ = word.partition("=")
    if not equals:
        return f"{word!r} is no assignment"
    return "" if _NAME.match(name) else f"{name!r} is no name of a variable"


def _words(text: str) -> list[str]:
    """Split at white space outside of quotes and substitutions; leave out comments."""
    found = []
    at = 0
    while at < len(text):
        if text[at].isspace():
            at += 1
        elif text[at] == "#":
            at = (text.find("\n", at) + 1) or len(text)
        else:
            end = _end(text, at)
            found.append(text[at:end])
            at = end
    return found


def _end(text: str, start: int) -> int:
    """Where the word that begins at `start` ends."""
    contexts = [""]
    at = start
    while at < len(text):
        context = contexts[-1]
        if text[at] == "\\" and context != "'":
            at += 2
            continue
        opener = next((o for o in _INNER.get(context, ()) if text.startswith(o, at)), "")
        if context and text[at] == context[-1]:
            contexts.pop()
        elif opener:
            quoted = context[:1] == '"' and opener == "${"  # where ' stands for itself
            contexts.append('"}' if quoted else _OPENERS[opener])
        elif not context and text[at].isspace():
            return at
        elif not context and text[at] in ";&|<>()":
            message = f"{text[at]!r} stands outside of quotes"
            raise ValueError(message)
        at += len(opener) or 1
    if len(contexts) > 1 or at > len(text):
        message = f"{text[start:]!r} has no end"
        raise ValueError(message)
    return at


_EXPECTED = "assignments as in a shell, such as 'A=1 B=\"$A two\"', or a table of them"


def environment(value: object) -> tuple[Assignment, ...] | Unexpected:
    """Read a string of assignments, or a table whose values stand as in double quotes."""
    if isinstance(value, dict):
        return _of_table(value)
    if not isinstance(value, str):
        return Unexpected(value, _EXPECTED)
    try:
        return parse(value)
    except ValueError as error:
        return Unexpected(value, f"{_EXPECTED}; {error}")


def _of_table(table: Mapping[str, object]) -> tuple[Assignment, ...] | Unexpected:
    read: list[Assignment] = []
    problems = []
    for key, item in table.items():
        if not _NAME.match(key):
            problems.append(f"{key!r} is no name of a variable")
        elif not isinstance(item, (str, bool, int, float)):
            problems.append(f"{key} is no string")
        else:
            found = environment(f'{key}="{item}"')
            if isinstance(found, Unexpected):
                problems.append(found.expected.removeprefix(f"{_EXPECTED}; "))
            else:
                read += found
    return Unexpected(table, "; ".join([_EXPECTED, *problems])) if problems else tuple(read)


ENVIRONMENT = Kind(
    read=environment,
    schema={
        "oneOf": [
            {"type": "string"},
            {
                "type": "object",
                "propertyNames": {"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"},
                "additionalProperties": {"type": ["string", "number", "boolean"]},
            },
        ]
    },
    join=chain,
)
