"""The modules of the toolbox's compiler front, which a build container runs."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from wheeldock.recipe import DOCKER

if TYPE_CHECKING:
    from types import ModuleType

TOOLBOX = DOCKER / "toolbox"


def load(name: str) -> ModuleType:
    """The module of that name."""
    sys.path.insert(0, str(TOOLBOX))
    try:
        return importlib.import_module(f"compiler.{name}")
    finally:
        sys.path.remove(str(TOOLBOX))
