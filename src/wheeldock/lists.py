"""
Values that are made of several: globs, words, commands.

Each is a list in TOML, or a string that stands for one, as in cibuildwheel.
"""

from __future__ import annotations

import re
import shlex
from functools import partial
from typing import TYPE_CHECKING

import bracex

from wheeldock.tokens import VARIABLES
from wheeldock.values import STRING_SCHEMA, Kind, Schema, Unexpected, is_image, strings

if TYPE_CHECKING:
    from collections.abc import Sequence


def _several(text: Schema, item: Schema, **more: object) -> Schema:
    return {"oneOf": [text, {"type": "array", "items": item, **more}]}


STRINGS_SCHEMA: Schema = _several(STRING_SCHEMA, STRING_SCHEMA)


def chain(before: tuple[object, ...], after: tuple[object, ...]) -> tuple[object, ...]:
    """One list after the other."""
    return (*before, *after)


# macOS has identifiers such as cp313-macosx_universal2:arm64, which cibuildwheel's test-skip names.
_GLOB_CHARACTERS = r"[A-Za-z0-9_.*?{},!:\[\]-]"
_GLOBS = "globs of build identifiers, such as 'cp313-*' or 'cp3{11,12}-manylinux_*'"


def globs(value: object) -> tuple[str, ...] | Unexpected:
    """Read globs: a list of strings, or a string, each of them with spaces between globs."""
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        return Unexpected(value, f"a list or a string of {_GLOBS}")
    found: list[str] = []
    wrong: list[object] = []
    for item in items:
        some = item.split() if isinstance(item, str) else [item]
        if not all(map(_is_glob, some)):
            wrong.append(item)
        found += some
    return _all_of(wrong, _GLOBS) if wrong else tuple(found)


def _all_of(wrong: Sequence[object], expected: str) -> Unexpected:
    """What is wrong of a list's items: the one, or those."""
    return Unexpected(wrong[0] if len(wrong) == 1 else wrong, expected)


def _is_glob(value: object) -> bool:
    if not isinstance(value, str) or not re.fullmatch(f"{_GLOB_CHARACTERS}+", value):
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


def command(value: object) -> str | Unexpected:
    """Read a shell command: a string, or a list of commands of which each has to succeed."""
    items = strings(value, lambda text: [text])
    if items is None:
        return Unexpected(value, "a shell command, or a list of them")
    return " && ".join(items)


def _both(before: str, after: str) -> str:
    return " && ".join(filter(None, [before, after]))


_AUDITED = ("{wheel}", "{abi3_wheel}")


def audit_commands(value: object) -> tuple[str, ...] | Unexpected:
    """Read shell commands, each with the wheel that it audits."""
    joined = command(value)
    if isinstance(joined, Unexpected):
        return joined
    items = tuple(filter(None, joined.split(" && ")))
    wrong = [item for item in items if not any(name in item for name in _AUDITED)]
    return _all_of(wrong, f"a command with {' or '.join(_AUDITED)} in it") if wrong else items


def words(value: object) -> tuple[str, ...] | Unexpected:
    """Read a list of strings, or a string of words, quoted as in a shell."""
    try:
        items = strings(value, shlex.split)
    except ValueError:
        items = None
    expected = "a list of strings, or a string of words, quoted as in a shell"
    return Unexpected(value, expected) if items is None else items


def names(separator: str, value: object) -> tuple[str, ...] | Unexpected:
    """Read a list of names, or a string of them with separators (a pattern) between."""
    items = strings(value, lambda text: [text])
    if items is None:
        return Unexpected(value, "a list of names, or a string of them")
    return tuple(name for item in items for name in re.split(separator, item) if name)


_VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
_PACKAGE = r"[^\s-]\S*"


def _names_like(pattern: str, what: str, value: object) -> tuple[str, ...] | Unexpected:
    """Read a list of names that match, or a string of them."""
    items = names(r"\s+", value)
    if isinstance(items, Unexpected):
        return items
    wrong = [item for item in items if not re.fullmatch(pattern, item)]
    return _all_of(wrong, what) if wrong else items


def variables(value: object) -> tuple[str, ...] | Unexpected:
    """Read names of variables that builds get; the tokens of package indexes are none of those."""
    found = names(r"\s+", value)
    read = _names_like(_VARIABLE, "a variable's name", value)
    if isinstance(found, Unexpected) or not set(found) & set(VARIABLES):
        return read
    return Unexpected(value, f"names of variables, and no token: {', '.join(VARIABLES)}")


_MEMBER = r"(?!\.{1,2}(/|$))[^/\\]+(/(?!\.{1,2}(/|$))[^/\\]+)*"
_MEMBERS = "paths of files in a wheel or in an sdist's folder, such as 'name/tests/test.key'"


def members(value: object) -> tuple[str, ...] | Unexpected:
    """Read paths of what distributions have in them, or globs of such."""
    items = words(value)
    if isinstance(items, Unexpected):
        return items
    wrong = [item for item in items if not re.fullmatch(_MEMBER, item)]
    return _all_of(wrong, _MEMBERS) if wrong else items


_REFERENCES = "image references, such as 'debian:oldstable' or 'registry/name@sha256:…'"


def images(value: object) -> tuple[str, ...] | Unexpected:
    """Read image references: a list of them, or a string with spaces between them."""
    items = strings(value, str.split)
    if items is None:
        return Unexpected(value, f"a list or a string of {_REFERENCES}")
    wrong = [item for item in items if not is_image(item)]
    return _all_of(wrong, _REFERENCES) if wrong else items


_SOME: Schema = {
    "type": "string",
    "pattern": rf"^\s*{_GLOB_CHARACTERS}({_GLOB_CHARACTERS}|\s)*$",
}
_ANY: Schema = {"type": "string", "pattern": rf"^({_GLOB_CHARACTERS}|\s)*$"}
GLOBS = Kind(
    read=globs,
    schema=_several(_ANY, _ANY),
    join=chain,
)
REQUIRED_GLOBS = Kind(
    read=required_globs,
    from_text=lambda text: text.strip() or "*",
    schema=_several(_SOME, _SOME, minItems=1),
    join=chain,
)
COMMAND = Kind(read=command, schema=STRINGS_SCHEMA, join=_both)
_AUDIT: Schema = {"type": "string", "pattern": r"^$|\{(abi3_)?wheel\}"}
AUDIT_COMMANDS = Kind(read=audit_commands, schema=_several(_AUDIT, _AUDIT), join=chain)
WORDS = Kind(read=words, schema=STRINGS_SCHEMA, join=chain)
MEMBERS = Kind(
    read=members,
    schema=_several(STRING_SCHEMA, {"type": "string", "pattern": f"^{_MEMBER}$"}),
    join=chain,
)
IMAGES = Kind(read=images, schema=STRINGS_SCHEMA, join=chain)
NAMES = Kind(read=partial(names, r"\s+"), schema=STRINGS_SCHEMA, join=chain)
EXTRAS = Kind(read=partial(names, r"[\s,]+"), schema=STRINGS_SCHEMA, join=chain)


def _names_schema(pattern: str) -> Schema:
    text: Schema = {"type": "string", "pattern": rf"^\s*({pattern}(\s+{pattern})*\s*)?$"}
    return _several(text, text)


PACKAGES = Kind(
    read=partial(_names_like, _PACKAGE, "a package's name"),
    schema=_names_schema(_PACKAGE),
    join=chain,
)
PASSED = Kind(read=variables, schema=_names_schema(_VARIABLE), join=chain)
