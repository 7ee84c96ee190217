"""
What each Python of a build environment does first: let Cython translate through the cache.

`translations.py` puts this file there, and beside it the settings that `translation.py` reads.
It costs a process that has nothing to do with Cython no more than its own few lines.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.abc import Loader
    from importlib.machinery import ModuleSpec
    from types import ModuleType

_TRANSLATES = "Cython.Compiler.Main"


class _Finder:
    """Finds the module that translates, once, and leaves all others to who comes next."""

    def find_spec(self, name: str, path: object = None, _: object = None) -> ModuleSpec | None:
        if name != _TRANSLATES:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path)  # type: ignore[arg-type]
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
        return spec


class _Loader:
    """Loads it as its own loader does, and puts the cache before what translates."""

    def __init__(self, own: Loader) -> None:
        self._own = own

    def __getattr__(self, name: str) -> object:
        return getattr(self._own, name)

    def exec_module(self, module: ModuleType) -> None:
        self._own.exec_module(module)
        _put_cache_before(module)


def _put_cache_before(module: ModuleType) -> None:
    # In this process no name is ours: a project may have modules of the same names.
    import json  # noqa: PLC0415 - only for Cython
    from pathlib import Path  # noqa: PLC0415 - as above

    path, theirs = list(sys.path), _taken_out("compiler")
    try:
        settings = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
        sys.path.insert(0, settings["toolbox"])
        from compiler import translation  # noqa: PLC0415 - not before it is on the path

        translation.put_before(module, settings)
    except Exception as error:  # noqa: BLE001 - whatever is wrong here, Cython does what was asked
        sys.stderr.write(f"Translations are not cached: {error}\n")
    finally:
        sys.path[:] = path
        _taken_out("compiler")
        sys.modules.update(theirs)


def _taken_out(package: str) -> dict[str, ModuleType]:
    """The modules of a package that were imported, which then are not."""
    names = [name for name in sys.modules if name.split(".")[0] == package]
    return {name: sys.modules.pop(name) for name in names}


sys.meta_path.insert(0, _Finder())
