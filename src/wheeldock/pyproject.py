"""Reading pyproject.toml, so that every problem says where it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import tomli
from packaging.requirements import InvalidRequirement, Requirement

from wheeldock.errors import ConfigurationError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

Table = dict[str, object]

KEY = "wheeldock"
"""Our table below `[tool]`."""


def parse(content: bytes, place: str) -> Table:
    """
    Read a TOML document; `place` names it in messages.

    Raises ConfigurationError with line and column.
    """
    try:
        return tomli.loads(content.decode())
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        problem = f"{place}:{line}: byte {content[error.start]:#04x} is not UTF-8, as TOML must be"
    except tomli.TOMLDecodeError as error:
        problem = f"{place}:{error.lineno}:{error.colno}: malformed TOML: {error.msg}"
    raise ConfigurationError([problem])


def table(parent: Table, key: str, where: str) -> Table:
    """
    Return a table of a table, empty where there is none; `where` names it in messages.

    Raises ConfigurationError when it is something else.
    """
    value = parent.get(key, {})
    if not isinstance(value, dict):
        raise ConfigurationError([f"{where}: got {shown(value)}; expected a table"])
    return cast("Table", value)


def tools_of_file(path: Path) -> Table:
    """
    Return the `[tool]` of a file that the command line names.

    Raises UsageError when it cannot be read, or ConfigurationError when it is malformed.
    """
    try:
        document = parse(path.read_bytes(), str(path))
    except OSError as error:
        message = f"--config-file: {path} cannot be read: {error.strerror}"
        raise UsageError(message) from None
    return tools(document, str(path))


def tools(document: Table, place: str) -> Table:
    """Return the `[tool]` of a document, empty where there is none. Raises ConfigurationError."""
    return table(document, "tool", f"{place}: tool")


def tool_table(document: Table, place: str) -> Table:
    """
    Return the `[tool.wheeldock]` table of a pyproject.toml, empty where there is none.

    Raises ConfigurationError when it is no table.
    """
    return table(tools(document, place), KEY, f"{place}: tool.{KEY}")


def shown(value: object) -> str:
    """A value and its type, as messages name them: `'two' (str)`."""
    return f"{value!r} ({type(value).__name__})"


def is_requirement(value: object) -> bool:
    """Whether that is a requirement, as PEP 508 has them."""
    try:
        return isinstance(value, str) and bool(Requirement(value).name)
    except InvalidRequirement:
        return False
