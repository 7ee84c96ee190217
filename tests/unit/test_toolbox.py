from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import TOOLBOX, tool

from wheeldock.errors import every_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from wheeldock.errors import WheeldockError

__all__ = ["tool"]  # a fixture


def exit_codes() -> dict[str, int]:
    """The exit codes that the scripts name, by their names there."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(TOOLBOX.glob("*.py"))]
    found = re.findall(r"^([A-Z][A-Z_]+) = (\d+)$", "\n".join(texts), re.MULTILINE)
    return {name: int(number) for name, number in found if name != "SHOWN"}


def test_the_scripts_end_with_exit_codes_of_wheeldock() -> None:
    def constant(error: type[WheeldockError]) -> str:
        words = re.findall("[A-Z][a-z]*", error.__name__.removesuffix("Error"))
        return "_".join(words).upper()

    codes = {constant(error): error.code for error in every_error()}
    assert exit_codes().items() <= codes.items()
    assert {"BUILD_FAILED", "PURE_WHEEL", "TOO_RECENT_SYMBOLS"} < exit_codes().keys()


def test_an_explanation_is_marked_for_wheeldock_to_find(
    tool: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        tool("ending").fail(31, "what", "and why")
    assert caught.value.code == 31
    assert capsys.readouterr().err == "wheeldock: what\nwheeldock: and why\n"
