"""
Metadata of projects from outside of pyproject.toml: setup.cfg, PKG-INFO, setup.py.

Each reader takes a file's content (empty where there is no such file), says what it finds and
is silent about what it cannot read: the build backend has the last word on these files.
"""

from __future__ import annotations

import ast
import configparser

from packaging.metadata import parse_email

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
    """What a call of `setup` in setup.py says in literals, or in names bound to literals."""
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
    keywords = {
        keyword.arg: keyword.value
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _is_setup(node.func)
        for keyword in node.keywords
    }
    names = {"name": "name", "version": "version", "python_requires": "requires_python"}
    facts = {}
    for keyword, fact in names.items():
        value = keywords.get(keyword)
        if isinstance(value, ast.Name):
            value = bound.get(value.id)
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            facts[fact] = value.value
    return facts


def _is_setup(function: ast.expr) -> bool:
    if isinstance(function, ast.Attribute):
        return function.attr == "setup"
    return isinstance(function, ast.Name) and function.id == "setup"
