"""
Environment variables as a shell's assignments: `CC=gcc CFLAGS="-O2 $EXTRA" N=$(nproc)`.

They are split here and evaluated by Bash in the container, in the order in which they stand.
bashlex could read them, too; it takes 0.2 s to import, and refuses what Bash can evaluate.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from wheeldock.lists import chain
from wheeldock.values import Kind, Unexpected

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

    Raises ValueError, which names what is no assignment.
    """
    return tuple(map(_assignment, _words(text)))


def _assignment(word: str) -> Assignment:
    name, equals, value = word.partition("=")
    if not equals:
        message = f"{word!r} is no assignment"
        raise ValueError(message)
    if not _NAME.match(name):
        message = f"{name!r} is no name of a variable"
        raise ValueError(message)
    return Assignment(name, value)


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
        scalar = (str, bool, int, float)
        wrong = {key: item for key, item in value.items() if not isinstance(item, scalar)}
        if wrong:
            return Unexpected(wrong, "a table whose values are strings")
        if strange := [key for key in value if not _NAME.match(key)]:
            names = " and ".join(map(repr, strange))
            return Unexpected(value, f"{_EXPECTED}; {names} can be no name of a variable")
        text = "\n".join(f'{key}="{item}"' for key, item in value.items())
    elif isinstance(value, str):
        text = value
    else:
        return Unexpected(value, _EXPECTED)
    try:
        return parse(text)
    except ValueError as error:
        return Unexpected(value, f"{_EXPECTED}; {error}")


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
