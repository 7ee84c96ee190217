"""
What is made of the options for others: a JSON schema, and the README's table.

The schema (draft 7) says what `[tool.wheeldock]` may have as far as a schema can: it knows no
shell syntax, no policies, and not which globs match. validate-pyproject finds it by an entry point.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import TYPE_CHECKING, cast

from wheeldock.dialects import PLATFORM, WHEELDOCK
from wheeldock.lists import REQUIRED_GLOBS
from wheeldock.options import OPTIONS
from wheeldock.places import defaults
from wheeldock.settings import Inherit
from wheeldock.tables import INHERIT, OVERRIDES, SELECT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheeldock.values import Schema

SCHEMA_FILE = "wheeldock.schema.json"
"""The schema's file among the resources."""

BEGIN, END = "<!-- options: `invoke dev.reference` writes this table -->", "<!-- end of options -->"
"""What stands before and after the README's table."""


def get_schema(tool_name: str = WHEELDOCK.name) -> Schema:
    """Return the schema of our table, as validate-pyproject's entry points do."""
    if tool_name != WHEELDOCK.name:
        message = f"{tool_name!r} is not {WHEELDOCK.name!r}"
        raise ValueError(message)
    text = (files("wheeldock") / "resources" / SCHEMA_FILE).read_text(encoding="utf-8")
    return cast("Schema", json.loads(text))


def schema_text() -> str:
    """The text of the schema's file."""
    return f"{json.dumps(_schema(), indent=1)}\n"


def _schema() -> Schema:
    per_target = [name for name, option in OPTIONS.items() if option.per_target]
    inherit: Schema = {"$ref": f"#/properties/{INHERIT}"}
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": "https://wheeldock.invalid/wheeldock.schema.json",  # a name, and no address
        "title": "The options of wheeldock",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            **{name: _of_option(name) for name in OPTIONS},
            INHERIT: _inherit(),
            PLATFORM: _table({INHERIT: inherit, **_references(OPTIONS)}),
            OVERRIDES: {
                "type": "array",
                "items": {
                    **_table(
                        {
                            SELECT: REQUIRED_GLOBS.schema,
                            INHERIT: inherit,
                            **_references(per_target),
                        }
                    ),
                    "required": [SELECT],
                },
            },
        },
    }


def _table(properties: Schema) -> Schema:
    return {"type": "object", "additionalProperties": False, "properties": properties}


def _references(options: Iterable[str]) -> Schema:
    return {name: {"$ref": f"#/properties/{name}"} for name in options}


def _inherit() -> Schema:
    rule = {"enum": [rule.value for rule in Inherit]}
    joined = {name: rule for name, option in OPTIONS.items() if option.kind.join}
    return {
        "description": "which values join what is there before them",
        "oneOf": [{"type": "string"}, _table(joined)],
    }


def _of_option(name: str) -> Schema:
    return {
        **OPTIONS[name].kind.schema,
        "title": WHEELDOCK.variable(name),
        "description": re.sub(r"\[(.+?)\]\(.+?\)", r"\1", OPTIONS[name].meaning),
        "default": defaults()[name],
    }


def with_table(readme: str) -> str:
    """Put the table of options into the README's text, between its marks."""
    before, begin, rest = readme.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not begin or not end:
        message = f"the README has no {BEGIN} with an {END} after it"
        raise ValueError(message)
    return f"{before}{begin}{_readme_table()}{end}{after}"


def _readme_table() -> str:
    families: dict[str, list[str]] = {}
    for name in OPTIONS:
        family = re.sub(r"-.+-image$", "-*-image", name)
        families.setdefault(family, []).append(name)
    rows = [_row(family, names) for family, names in families.items()]
    head = ["| option | default | override | meaning |", "|---|---|---|---|"]
    return "".join(f"{line}\n" for line in [*head, *rows])


def _row(family: str, names: list[str]) -> str:
    option, default = OPTIONS[names[0]], defaults()[names[0]]
    others = [name for name in names if defaults()[name] != default]
    exceptions = "".join(f", {name.split('-')[1]}: {_code(defaults()[name])}" for name in others)
    override = "yes" if option.per_target else ""
    return f"| `{family}` | {_code(default)}{exceptions} | {override} | {option.meaning} |"


def _code(value: object) -> str:
    return f"`{json.dumps(value)}`"
