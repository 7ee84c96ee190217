"""What each place says of the options: defaults, pyproject.toml, environment, command line."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from wheeldock import pyproject, variables
from wheeldock.dialects import CIBUILDWHEEL, WHEELDOCK
from wheeldock.options import OPTIONS
from wheeldock.settings import DEFAULT, Findings, Inherit, Place, resolve
from wheeldock.tables import TableReader

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


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
            origin=lambda _: DEFAULT,
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
    remarks = []
    if dialect is CIBUILDWHEEL and (table or used):
        names = ", ".join([*(["[tool.cibuildwheel]"] if table else []), *used])
        remarks.append(
            f"{path} has no [tool.wheeldock]: taking cibuildwheel's configuration, {names}"
        )
    elif dialect is WHEELDOCK:
        remarks += _passed_over(tool, path, environ, found)
    return [*remarks, *_misspelt(tool, path)]


def _misspelt(tool: Mapping[str, object], path: Path | str) -> list[str]:
    """Say which table may be meant to be ours."""
    return [
        f"{path}: [tool.{name}] is not read; did you mean [tool.{WHEELDOCK.name}]?"
        for name in get_close_matches(WHEELDOCK.name, tool, cutoff=0.8)
        if name != WHEELDOCK.name
    ]


def _passed_over(
    tool: Mapping[str, object], path: Path | str, environ: Mapping[str, str], found: Findings
) -> list[str]:
    """
    Say what cibuildwheel's words set that counts for nothing beside a table of ours.

    Who sets the same option in our words, to whatever value, knows what he does.
    """
    theirs = Findings()
    if isinstance(table := tool.get(CIBUILDWHEEL.name), dict):
        TableReader(findings=theirs, dialect=CIBUILDWHEEL, path=path).read(table)
    variables.read(environ, CIBUILDWHEEL, theirs)
    ours, _ = resolve(found.settings, None)
    decided = {each.option for each in found.settings if each.origin != DEFAULT} | found.unread
    places = dict.fromkeys(
        each.place.removeprefix(f"{path}: ")
        for each in theirs.settings
        if each.option not in decided and each.value != ours[each.option]
    )
    remark = (
        f"{path} has [tool.wheeldock], so that nothing of cibuildwheel's is read and these have no "
        f"effect: {', '.join(places)}. Set those options in [tool.wheeldock], be it to their "
        "defaults; or remove that table, and `invoke init` translates cibuildwheel's"
    )
    return [remark] if places else []


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
