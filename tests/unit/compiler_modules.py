"""The modules of the toolbox, which a build container runs."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from types import ModuleType

TOOLBOX = DOCKER / "toolbox"


def load(name: str) -> ModuleType:
    """The module of the compiler front of that name."""
    return load_script(f"compiler.{name}")


def load_script(name: str) -> ModuleType:
    """The toolbox's module of that name."""
    sys.path.insert(0, str(TOOLBOX))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(TOOLBOX))
