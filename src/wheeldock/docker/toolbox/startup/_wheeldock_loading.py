"""
What is done in a Python of a build environment as soon as it has loaded a certain module.

Each Python that CMake or a script starts reads this, dozens in a build: it imports next to nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Act = Callable[[ModuleType], None]


def after(name: str, act: Act) -> None:
    """Have it done to the module of that name, once that is loaded."""
    sys.meta_path.insert(0, _Finder(name, act))


class _Finder:
    """Finds that module, once, and leaves all others to who comes next."""

    def __init__(self, name: str, act: Act) -> None:
        self._name = name
        self._act = act

    def find_spec(self, name: str, path: object = None, _: object = None) -> ModuleSpec | None:
        if name != self._name:
            return None
        from importlib.machinery import PathFinder  # noqa: PLC0415 - most processes need it not

        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._act)  # type: ignore[assignment]
        return spec


class _Loader:
    """Loads it as its own loader does."""

    def __init__(self, own: Loader, act: Act) -> None:
        self._own = own
        self._act = act

    def __getattr__(self, name: str) -> object:
        return getattr(self._own, name)

    def exec_module(self, module: ModuleType) -> None:
        self._own.exec_module(module)
        self._act(module)
