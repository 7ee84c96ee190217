"""
What each Python of a build environment does first: name temporary folders alike in every build.

Some build backends build in a temporary folder. Its path is in what is compiled there, which with
a random one no cache would know again, and no second build would give the same bytes of.
"""

from __future__ import annotations

from itertools import count

from _wheeldock_loading import after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType, ModuleType


def _number_folders(tempfile: ModuleType) -> None:
    # Names of files stay random: some only ask for a name, and two processes would get the same.
    module, numbers = vars(tempfile), map(str, count())
    own: FunctionType = module["mkdtemp"]
    its_globals = {**module, "_get_candidate_names": lambda: numbers}
    module["mkdtemp"] = type(own)(own.__code__, its_globals, own.__name__, own.__defaults__)


after("tempfile", _number_folders)
