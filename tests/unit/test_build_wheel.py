from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import WHEEL, tool, wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

__all__ = ["tool", "wheel"]  # fixtures


@pytest.mark.parametrize(
    ("name", "files", "reason"),
    [
        ("ovf-1.0-py3-none-any.whl", {}, "is a pure-Python wheel"),
        ("ovf-1.0-py3-none-any.whl", {"m": b"\x7fELF"}, "is a pure-Python wheel"),
        (WHEEL, {}, "is tagged as a platform wheel and has no compiled file in it"),
        (WHEEL, {"m": b"MZ"}, "is tagged as a platform wheel and has no compiled file in it"),
        (WHEEL, {"a": b"", "m": b"\x7fELF\x02"}, ""),
    ],
)
def test_a_wheel_without_anything_compiled_is_told_from_a_platform_wheel(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    name: str,
    files: dict[str, bytes],
    reason: str,
) -> None:
    assert tool("build_wheel").why_pure(wheel(name, **files)) == reason


MODULE = "m.cpython-313-x86_64-linux-gnu"


@pytest.mark.parametrize(
    ("shipped", "stale"),
    [
        ({}, []),
        ({f"{MODULE}.so": b"\x7fELF"}, [f"ovf/{MODULE}.so"]),
        ({f"build/lib/{MODULE}.so": b"\x7fELF"}, [f"ovf/{MODULE}.so"]),
        ({f"{MODULE}.so": b"\x7fELF of another build"}, []),
        ({"data.so": b"\x7fELF data"}, []),
    ],
)
def test_what_was_compiled_before_is_found_in_a_wheel(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    tmp_path: Path,
    shipped: dict[str, bytes],
    stale: list[str],
) -> None:
    for name, content in shipped.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    module = tool("build_wheel")
    built = wheel(**{MODULE: b"\x7fELF", "data": b"\x7fELF data"})
    assert module.stale_modules(built, module.compiled_files(tmp_path / "tree")) == stale
