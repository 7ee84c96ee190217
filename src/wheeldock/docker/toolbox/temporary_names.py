"""
What each Python of a build environment does first: name temporary folders alike in every build.

Some build backends build in a temporary folder. Its path is in what is compiled there, which with
a random one no cache would know again, and no second build would give the same bytes of.
"""

from __future__ import annotations

import sys
from importlib.machinery import PathFinder
from itertools import count
from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class _Finder:
    """Finds the module that makes them, once, and leaves all others to who comes next."""

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != "tempfile":
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def load_and_number(module: ModuleType) -> None:
                load(module)
                _number_folders(module)

            spec.loader.exec_module = load_and_number  # type: ignore[method-assign]
        return spec


def _number_folders(tempfile: ModuleType) -> None:
    # Names of files stay random: some only ask for a name, and two processes would get the same.
    module, numbers = vars(tempfile), map(str, count())
    own: FunctionType = module["mkdtemp"]
    its_globals = {**module, "_get_candidate_names": lambda: numbers}
    module["mkdtemp"] = FunctionType(own.__code__, its_globals, own.__name__, own.__defaults__)


sys.meta_path.insert(0, _Finder())
