from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from validate_pyproject.api import Validator
from validate_pyproject.errors import ValidationError
from validate_pyproject.plugins import list_from_entry_points

import wheeldock
from wheeldock.config import load
from wheeldock.errors import ConfigurationError
from wheeldock.officialimages import platform_of, short_names
from wheeldock.options import OPTIONS
from wheeldock.reference import SCHEMA_FILE, get_schema, schema_text, with_table

if TYPE_CHECKING:
    from collections.abc import Mapping

PACKAGE = Path(wheeldock.__file__).parent
README = Path(__file__).parents[2] / "README.md"

VALIDATE = Validator(list_from_entry_points(lambda entry: entry.name == "wheeldock"))


def is_valid(table: Mapping[str, object]) -> bool:
    try:
        VALIDATE({"tool": {"wheeldock": table}})
    except ValidationError:
        return False
    return True


def is_read(table: Mapping[str, object]) -> bool:
    try:
        load({"wheeldock": table}, path="pyproject.toml", environ={}, overrides={})
    except ConfigurationError:
        return False
    return True


def test_the_schema_is_that_of_the_options() -> None:
    text = (PACKAGE / "resources" / SCHEMA_FILE).read_text(encoding="utf-8")
    assert text == schema_text(), "run `invoke dev.reference`"


def test_the_readmes_table_is_that_of_the_options() -> None:
    text = README.read_text(encoding="utf-8")
    assert text == with_table(text), "run `invoke dev.reference`"
    rows = [line for line in text.splitlines() if line.startswith("| `test-")]
    assert len(rows) == len([name for name in OPTIONS if name.startswith("test-")])


def test_a_readme_without_a_place_for_the_table_is_an_error() -> None:
    with pytest.raises(ValueError, match="the README has no <!-- options"):
        with_table("# wheeldock")


def test_the_schema_is_of_our_table_alone() -> None:
    assert get_schema("wheeldock")["properties"].keys() >= OPTIONS.keys()
    with pytest.raises(ValueError, match="'ruff' is not 'wheeldock'"):
        get_schema("ruff")


TEXTS = ["", "a", "a 'b c'"]
LISTS = [*TEXTS, [], ["a", "b c"]]
ASSIGNMENTS = ["", 'A=b C="$A d"', {}, {"A": "b", "C": 1, "D": True}]
GOOD = {
    "build": ["*", "cp39-* cp310-*", ["cp39-*"], ["cp39-* cp310-*"]],
    "skip": ["", "cp39-*", [], ["cp3{9,10}-*", ""]],
    "test-skip": ["", ["*"]],
    "archs": ["auto", "x86_64, i686", ["all", "AArch64"], ["x86_64 i686"]],
    "enable": ["", "pypy graalpy", [], ["all"], ["pyodide-eol pypy"], ["cpython-freethreading"]],
    "build-from": ["sdist", "tree"],
    "project-requires-python": ["", ">=3.9", ">=3.9,!=3.11.*", "~=3.9"],
    "allow-empty": [True, False],
    "source": ["."],
    "output-dir": ["d"],
    "cache-dir": ["d"],
    "jobs": ["auto", 1, 9],
    "builder": ["", "b"],
    "tag-format": ["", "{version}", "v{version}", "a/b-{version}"],
    "release-branches": ["", "main 'rel/*'", ["main"]],
    "build-verbosity": [0, -3, "1", 9],
    **{
        name: [*short_names(platform), "a/b:c"]
        for name in OPTIONS
        if (platform := platform_of(name))
    },
    **{name: [*TEXTS, [], ["a", "b"]] for name in OPTIONS if name.endswith("-command")},
    **dict.fromkeys(["before-all", "before-build", "before-test"], LISTS),
    **dict.fromkeys(["audit-requires", "test-sources", "test-requires"], LISTS),
    "public-secrets": ["", "a/b.key 'c d'", [], ["a/*.key", ".env", "a b"]],
    "system-packages": ["", "a b-devel", [], ["a", "b=1 c"]],
    "environment-pass": ["", "A b_2", [], ["A", "B C"]],
    "test-images": ["", "debian:oldstable a/b:c", [], ["a", "localhost:5000/b@sha256:" + "0" * 64]],
    **dict.fromkeys(["test-extras", "test-groups"], LISTS),
    **dict.fromkeys(["environment", "test-environment"], ASSIGNMENTS),
    "audit-command": ["", "a {wheel}", ["a {abi3_wheel}", "b {wheel}"], []],
    "build-frontend": ["default", "build[uv]", "pip; args: -x", {"name": "uv", "args": ["-x"]}],
    "config-settings": ["", "a=b", {}, {"a": "b", "c": ["d", 2], "e": 1, "f": True}],
    "dependency-versions": ["pinned", "latest", "a.txt", {"file": "a"}, {"packages": ["a==1"]}],
}
"""Values of each option that are right."""

BAD = {
    **{name: [3, {}, ["a", 3]] for name in OPTIONS},
    "build": [3, "", "  ", [], [3], "ü", ["cp39-* ü"], [" "]],
    "skip": [3, {}, [3], "a/b", ["a/b"]],
    "test-skip": [3, {}, [3], "a/b", ["a/b"]],
    "archs": [3, "", [], "arm64", ["x86_64", "ppc64"]],
    "enable": [3, {}, "pipy", ["pypy", "freethreading"]],
    "build-from": [3, "", "wheel", ["tree"]],
    "project-requires-python": [3, "3.9", "python>=3.9", [">=3.9"]],
    "allow-empty": [1, "maybe", []],
    "source": [3, "", []],
    "builder": [3, []],
    "tag-format": [3, [], "v", "-{version}", "{version} {version}", "{version}\n"],
    "output-dir": [3, ""],
    "cache-dir": [3, " "],
    "jobs": ["two", 0, 1.5, True, []],
    "build-verbosity": ["much", 1.5, True, []],
    **{name: [3, "", []] for name in OPTIONS if name.endswith("-image")},
    "environment": [3, [], {"A": []}, {"A-": "b"}],
    "test-environment": [3, [], {"A": []}, {"A-": "b"}],
    "audit-command": [3, "a", ["a"], {}],
    "environment-pass": [3, {}, "A-B", ["2"]],
    "system-packages": [3, {}, "-y", ["a -y"]],
    "public-secrets": [3, {}, ["a", 3], ["/a"], ["a/"], ["../a"], ["a/./b"], ["a\\b"], [""]],
    "build-frontend": [3, "poetry", "poetry; args: x", {}, {"name": "a"}, {"name": "pip", "x": 1}],
    "config-settings": [3, [], {"a": {}}, {"a": [{}]}],
    "dependency-versions": [3, [], {}, {"file": 3}, {"file": "a", "packages": []}, {"pins": "a"}],
}
"""Values of each option that are wrong."""


@pytest.mark.parametrize("option", OPTIONS)
def test_the_schema_agrees_with_what_is_read(option: str) -> None:
    for value in GOOD[option]:
        assert is_read({option: value}), value
        assert is_valid({option: value}), value
    for value in BAD[option]:
        assert not is_read({option: value}), value
        assert not is_valid({option: value}), value


@pytest.mark.parametrize(
    ("table", "right"),
    [
        ({"linux": {"before-all": "a", "inherit": {"before-all": "append"}}}, True),
        ({"inherit": "before-all: append"}, True),
        ({"overrides": [{"select": "cp39-*", "before-all": "a", "inherit": {}}]}, True),
        ({"overrides": [{"select": ["cp39-*", "cp310-*"], "test-command": ["a"]}]}, True),
        ({"before-al": "a"}, False),
        ({"linux": {"before-al": "a"}}, False),
        ({"linux": {"overrides": []}}, False),
        ({"linux": 3}, False),
        ({"macos": {}}, False),
        ({"inherit": {"before-all": "after"}}, False),
        ({"inherit": {"jobs": "append"}}, False),
        ({"inherit": 3}, False),
        ({"overrides": {}}, False),
        ({"overrides": [{"before-all": "a"}]}, False),
        ({"overrides": [{"select": 3, "before-all": "a"}]}, False),
        ({"overrides": [{"select": "*", "jobs": 1}]}, False),
        ({"overrides": [{"select": "*", "before-al": "a"}]}, False),
        ({"overrides": [3]}, False),
    ],
)
def test_the_schema_agrees_on_tables(table: Mapping[str, object], right: bool) -> None:  # noqa: FBT001
    assert is_read(table) is is_valid(table) is right
