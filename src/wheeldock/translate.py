"""
From `[tool.cibuildwheel]` to `[tool.wheeldock]`, in the text of a pyproject.toml.

Comments and formatting stay, and so does the table of cibuildwheel, for other platforms. What is
for those, and what has no counterpart, is left out.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, cast

import tomlkit

from wheeldock import lists
from wheeldock.dialects import CIBUILDWHEEL, PLATFORM, WHEELDOCK
from wheeldock.identifier import matched
from wheeldock.options import OPTIONS
from wheeldock.tables import INHERIT, OVERRIDES, SELECT
from wheeldock.values import Unexpected

if TYPE_CHECKING:
    from collections.abc import MutableMapping, MutableSequence

    Table = MutableMapping[str, object]


def with_our_table(text: str) -> str:
    """Append a `[tool.wheeldock]` to a pyproject.toml that has a valid `[tool.cibuildwheel]`."""
    tools = cast("Table", tomlkit.parse(text)["tool"])
    table = cast("Table", deepcopy(tools[CIBUILDWHEEL.name]))
    _reduce(table)
    if isinstance(linux := table.get(PLATFORM), dict):
        _reduce(linux)
    overrides = cast("MutableSequence[Table]", table.get(OVERRIDES, []))
    for index in reversed(range(len(overrides))):
        _reduce(overrides[index], overriding=True)
        if not _has_effect(overrides[index]):
            del overrides[index]
    if not overrides:
        table.pop(OVERRIDES, None)
    document, tool = tomlkit.document(), tomlkit.table(is_super_table=True)
    tool[WHEELDOCK.name] = table
    document["tool"] = tool
    return f"{text.rstrip()}\n\n{tomlkit.dumps(document).rstrip()}\n"


def _reduce(table: Table, *, overriding: bool = False) -> None:
    """Take out of a table what has no meaning in ours."""
    structure = {INHERIT, SELECT} if overriding else {INHERIT, PLATFORM, OVERRIDES}
    for key in set(table) - structure:
        has_flaw = WHEELDOCK.flaw(key, overriding=overriding) is not None
        if has_flaw or (table[key] in ("", []) and _is_unset(key, table[key])):
            del table[key]


def _is_unset(option: str, empty: object) -> bool:
    """Whether an empty value sets nothing, or is none that our table may have."""
    rule = OPTIONS[option]
    return rule.empty_is_unset or isinstance(rule.kind.read(empty), Unexpected)


def _has_effect(override: Table) -> bool:
    select = lists.required_globs(override.get(SELECT))
    is_ours = not isinstance(select, Unexpected) and bool(matched(select))
    return is_ours and bool(set(override) - {SELECT, INHERIT})
