"""
What each Python of a build environment does first: let Cython translate through the cache.

It does so where `compiler/translations.py` puts the settings beside it that `translation.py` reads.
It costs a process that has nothing to do with Cython no more than its own few lines.
"""

from __future__ import annotations

import sys

from _wheeldock_loading import after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


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


after("Cython.Compiler.Main", _put_cache_before)
