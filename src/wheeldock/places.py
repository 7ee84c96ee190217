"""What each place says of the options: defaults, pyproject.toml, environment, command line."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from wheeldock import pyproject, variables
from wheeldock.dialects import CIBUILDWHEEL, WHEELDOCK
from wheeldock.options import OPTIONS
from wheeldock.settings import Inherit, Place
from wheeldock.tables import TableReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.settings import Findings


@cache
def defaults() -> pyproject.Table:
    """What holds where nothing is said, by option."""
    resource = files("wheeldock") / "resources" / "defaults.toml"
    return pyproject.parse(resource.read_bytes(), "defaults.toml")


def read(
    tool: Mapping[str, object],
    path: Path | str,
    environ: Mapping[str, str],
    found: Findings,
) -> list[str]:
    """Read all but the command line, and return what the user should know."""
    found.add_all(
        defaults(),
        Place(
            dialect=WHEELDOCK,
            place=lambda option: f"defaults.toml: {option}",
            origin=lambda _: "default",
        ),
    )
    dialect = WHEELDOCK if WHEELDOCK.name in tool else CIBUILDWHEEL
    table = tool.get(dialect.name, {})
    if isinstance(table, dict):
        reader = TableReader(findings=found, dialect=dialect, path=path)
        reader.read(table)
    else:
        got = pyproject.shown(table)
        found.problems.append(f"{path}: tool.{dialect.name}: got {got}; expected a table")
        found.unread.update(OPTIONS)
    used = variables.read(environ, CIBUILDWHEEL, found) if dialect is CIBUILDWHEEL else []
    variables.read(environ, WHEELDOCK, found)
    if dialect is CIBUILDWHEEL and (table or used):
        names = ", ".join([*(["[tool.cibuildwheel]"] if table else []), *used])
        return [f"{path} has no [tool.wheeldock]: taking cibuildwheel's configuration, {names}"]
    return []


def read_command_line(options: Mapping[str, object], found: Findings) -> None:
    """Read the command line's options; None sets nothing."""
    values = {
        option: variables.from_text(option, value, WHEELDOCK) if isinstance(value, str) else value
        for option, value in options.items()
        if value is not None
    }
    adding = [name for name in values if name in OPTIONS and OPTIONS[name].environment_adds]
    place = Place(
        dialect=WHEELDOCK,
        place="--{}".format,
        origin="--{}".format,
        inherit=dict.fromkeys(adding, Inherit.APPEND),
    )
    found.add_all(values, place)
