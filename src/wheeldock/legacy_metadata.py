"""
Metadata of projects from outside of pyproject.toml: setup.cfg, PKG-INFO, setup.py.

Each reader takes a file's content (empty where there is no such file), says what it finds and
is silent about what it cannot read: the build backend has the last word on these files.
"""

from __future__ import annotations

import ast
import configparser
from typing import TYPE_CHECKING

from packaging.metadata import parse_email

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Facts = dict[str, str]
"""Any of `name`, `version` and `requires_python`."""


def of_setup_cfg(content: bytes) -> Facts:
    """What setup.cfg says, but for values that point elsewhere (`attr:`, `file:`)."""
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(content.decode(errors="replace"))
    except configparser.Error:
        return {}
    facts = {
        "name": parser.get("metadata", "name", fallback=""),
        "version": parser.get("metadata", "version", fallback=""),
        "requires_python": parser.get("options", "python_requires", fallback=""),
    }
    return {key: value for key, value in facts.items() if not value.startswith(("attr:", "file:"))}


def of_pkg_info(content: bytes) -> Facts:
    """What an sdist's PKG-INFO says (core metadata)."""
    if not content:
        return {}
    raw, _ = parse_email(content)
    facts = {
        "name": raw.get("name"),
        "version": raw.get("version"),
        "requires_python": raw.get("requires_python"),
    }
    return {key: value for key, value in facts.items() if value}


def of_setup_py(content: bytes) -> Facts:
    """
    What a call of `setup` in setup.py says in literals, or in names bound to literals.

    Of `setup(**name)` the Pythons alone count: scripts change the rest of such a table later.
    """
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError):
        return {}
    bound = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    given = [
        keyword
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _is_setup(node.func)
        for keyword in node.keywords
    ]
    keywords = {keyword.arg: keyword.value for keyword in given if keyword.arg}
    for table in _tables(given, bound):
        if (value := _python_requires(table)) is not None:
            keywords.setdefault("python_requires", value)
    names = {"name": "name", "version": "version", "python_requires": "requires_python"}
    facts = {}
    for name, fact in names.items():
        said = keywords.get(name)
        if isinstance(said, ast.Name):
            said = bound.get(said.id)
        if isinstance(said, ast.Constant) and isinstance(said.value, str):
            facts[fact] = said.value
    return facts


def _tables(given: Iterable[ast.keyword], bound: Mapping[str, ast.expr]) -> Iterator[ast.expr]:
    """What `**name` is bound to."""
    for keyword in given:
        if not keyword.arg and isinstance(keyword.value, ast.Name) and keyword.value.id in bound:
            yield bound[keyword.value.id]


def _python_requires(table: ast.expr) -> ast.expr | None:
    """What `dict(python_requires=…)` or `{"python_requires": …}` has for it, if it is one."""
    if isinstance(table, ast.Call) and isinstance(table.func, ast.Name) and table.func.id == "dict":
        found = [each.value for each in table.keywords if each.arg == "python_requires"]
        return found[-1] if found else None
    if isinstance(table, ast.Dict):
        for key, value in zip(table.keys, table.values, strict=True):
            if isinstance(key, ast.Constant) and key.value == "python_requires":
                return value
    return None


def _is_setup(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "setup"
    return isinstance(function, ast.Name) and function.id == "setup"
