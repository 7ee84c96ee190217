"""Kinds of values that are made of given words: `archs`, `enable`, and those that choose one."""

from __future__ import annotations

import re
from difflib import get_close_matches
from enum import Enum
from typing import TYPE_CHECKING

from wheeldock.architectures import GROUPS, NAMED
from wheeldock.identifier import Group
from wheeldock.lists import chain
from wheeldock.tags import Architecture
from wheeldock.values import Kind, Unexpected, strings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from wheeldock.values import Schema

_ARCHS = [*GROUPS, *(architecture.value for architecture in Architecture)]

_GROUPS = [group.value for group in Group]
_ALL = "all"
_VOID = {"pyodide-eol", "pyodide-prerelease", "cpython-freethreading"}
"""cibuildwheel's groups of what is not for Linux, and of what is on without a group by now."""


def archs(value: object) -> tuple[str, ...] | Unexpected:
    """Read words for architectures: a list, or a string, with spaces or commas between them."""
    items = _words(value)
    if not items:
        return Unexpected(value, f"at least one of {', '.join(_ARCHS)}")
    words = tuple(word.lower() for word in items)
    wrong = [item for item, word in zip(items, words, strict=True) if word not in _ARCHS]
    return _not_of(wrong, _ARCHS, NAMED) if wrong else words


def enable(value: object) -> frozenset[Group] | Unexpected:
    """Read groups of interpreters: a list, or a string with spaces between them."""
    items = _words(value)
    if items is None:
        return Unexpected(value, f"a list or a string of {', '.join([*_GROUPS, _ALL])}")
    items = tuple(item.lower() for item in items)
    known = {_ALL, *_GROUPS, *_VOID}
    if wrong := [item for item in items if item not in known]:
        return _not_of(wrong, [*_GROUPS, _ALL], {})
    return frozenset(Group if _ALL in items else map(Group, set(items) - _VOID))


def _words(value: object) -> tuple[str, ...] | None:
    items = strings(value, lambda text: [text])
    if items is None:
        return None
    return tuple(word for item in items for word in re.split(r"[\s,]+", item) if word)


def _not_of(wrong: Sequence[str], allowed: Sequence[str], named: Mapping[str, str]) -> Unexpected:
    near = (
        named.get(word.lower()) or next(iter(get_close_matches(word, allowed, n=1)), "")
        for word in wrong
    )
    close = list(dict.fromkeys(filter(None, near)))
    hint = f" (did you mean {' and '.join(close)}?)" if close else ""
    return Unexpected(" ".join(wrong), f"one of {', '.join(allowed)}{hint}")


def _union(before: frozenset[Group], after: frozenset[Group]) -> frozenset[Group]:
    return before | after


def _schema(words: Iterable[str], *, at_least: int) -> Schema:
    """A string of the words, or a list of them."""
    one = f"({'|'.join(map(_in_any_case, words))})"
    some = rf"^[\s,]*{one}([\s,]+{one})*[\s,]*$"
    text: Schema = {"type": "string", "pattern": some if at_least else rf"{some}|^[\s,]*$"}
    return {"oneOf": [text, {"type": "array", "minItems": at_least, "items": text}]}


def _in_any_case(word: str) -> str:
    return "".join(f"[{c}{c.upper()}]" if c.isalpha() else re.escape(c) for c in word)


ARCHS = Kind(read=archs, schema=_schema(_ARCHS, at_least=1), join=chain)
ENABLE = Kind(
    read=enable, schema=_schema([*_GROUPS, _ALL, *sorted(_VOID)], at_least=0), join=_union
)


class BuildFrom(str, Enum):
    """What wheels are built from."""

    SDIST = "sdist"
    TREE = "tree"
    """The source tree as it is, with the project around it."""

    def __str__(self) -> str:
        return self.value


_BUILD_FROM = [choice.value for choice in BuildFrom]


def build_from(value: object) -> BuildFrom | Unexpected:
    """Read what wheels are built from."""
    if value in _BUILD_FROM:
        return BuildFrom(value)
    return Unexpected(value, f"one of {', '.join(_BUILD_FROM)}")


BUILD_FROM = Kind(read=build_from, schema={"enum": _BUILD_FROM})


_TRUE = ("1", "true", "t", "yes", "y", "on")
_FALSE = ("0", "false", "f", "no", "n", "off", "")


def yes_or_no(value: object) -> bool | Unexpected:
    """Read true or false."""
    return value if isinstance(value, bool) else Unexpected(value, "true or false")


def yes_or_no_from_text(text: str) -> object:
    """The truth value that a text is, or the text."""
    word = text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else text


YES_OR_NO = Kind(read=yes_or_no, schema={"type": "boolean"}, from_text=yes_or_no_from_text)
