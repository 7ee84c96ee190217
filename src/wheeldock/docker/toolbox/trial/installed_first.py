"""
What each Python of a test's environment does first: the wheel's modules are the installed ones.

Tests that lie in a project's tree put that tree before site-packages (a `conftest.py`, pytest's
`pythonpath`, a package of tests, the working directory), and with it the package's sources. A
test of those would say nothing of the wheel. (A copy that a test makes elsewhere is its own
affair.) What each process imported all the same, or whether it imported any of it, is noted when
it ends.
"""

from __future__ import annotations

import atexit
import json
import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path

SITE = Path(__file__).parent
SETTINGS = SITE / "_wheeldock_trial.json"


class InstalledFirst:
    """Finds in site-packages what stands in a tree before that on `sys.path`."""

    def __init__(self, names: frozenset[str], trees: tuple[str, ...]) -> None:
        self.names = names
        self.trees = trees

    def find_spec(self, name: str, path: object = None, _: object = None) -> ModuleSpec | None:
        """Find a top-level module of the wheel's; leave all others to who comes next."""
        if path is not None or name not in self.names:
            return None
        outside = [entry for entry in sys.path if not is_in(entry or os.curdir, self.trees)]
        return PathFinder.find_spec(name, outside)


def is_in(place: str, trees: tuple[str, ...]) -> bool:
    """Whether a file or folder is in one of the trees, or is one."""
    real = os.path.realpath(place)
    return any(real == tree or real.startswith(tree + os.sep) for tree in trees)


def places(names: frozenset[str]) -> dict[str, str]:
    """Where those of the modules that are imported came from."""
    found = {}
    for name in names:
        module = sys.modules.get(name)
        files = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        if place := next(filter(None, files), None):
            found[name] = str(Path(place).absolute())
    return found


def note(names: frozenset[str], folder: str) -> None:
    """Write down what this process imported of the wheel."""
    if found := places(names):
        file = Path(folder, f"{os.getpid()}-{os.urandom(4).hex()}.json")
        try:
            file.write_text(json.dumps(found), encoding="utf-8")
        except OSError:  # a test may run as another user, or take the folder away
            return


def start() -> None:
    """Take effect in this process."""
    settings = json.loads(SETTINGS.read_text(encoding="utf-8"))
    names, trees = frozenset(settings["modules"]), tuple(settings["trees"])
    sys.meta_path.insert(0, InstalledFirst(names, trees))
    atexit.register(note, names, settings["notes"])


start()
