from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import ConfigurationError, UsageError
from wheeldock.pyproject import parse, tool_table, tools_of_file

if TYPE_CHECKING:
    from pathlib import Path


def test_malformed_toml_is_named_by_file_line_and_column() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(b'[project]\nname = "a\n', "pyproject.toml")
    assert caught.value.message.startswith("pyproject.toml:2:10: malformed TOML: ")


def test_a_byte_that_is_not_utf8_is_named_by_its_line() -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse(b'a = "x"\nb = "\xff"\n', "p.toml")
    assert caught.value.message == "p.toml:2: byte 0xff is not UTF-8, as TOML must be"


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"tool": 3}, "p.toml: tool: got 3 (int); expected a table"),
        ({"tool": {"wheeldock": []}}, "p.toml: tool.wheeldock: got [] (list); expected a table"),
    ],
)
def test_what_should_be_a_table_is_named(document: dict[str, object], problem: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        tool_table(document, "p.toml")
    assert caught.value.problems == (problem,)


def test_a_document_without_our_table_has_an_empty_one() -> None:
    assert tool_table({}, "p.toml") == {}
    assert tool_table({"tool": {"other": {}}}, "p.toml") == {}


def test_a_file_of_the_command_line_has_the_tables_of_tools(tmp_path: Path) -> None:
    file = tmp_path / "ci.toml"
    file.write_text("[tool.cibuildwheel]\nskip = 'cp39-*'\n[tool.other]\n")
    assert tools_of_file(file) == {"cibuildwheel": {"skip": "cp39-*"}, "other": {}}


def test_a_file_of_the_command_line_that_cannot_be_read_is_a_matter_of_usage(
    tmp_path: Path,
) -> None:
    with pytest.raises(UsageError, match=r"none\.toml cannot be read: No such file or directory"):
        tools_of_file(tmp_path / "none.toml")
