"""What to tell a user whose rebuild compiled everything again for no reason that can be seen."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    Counts: TypeAlias = Mapping[str, Mapping[str, int]]
    """The `hits` and `misses` among a build's `translations`, `compiles` and `links`."""


class Doubt(str, Enum):
    """What a build itself finds odd of its compiles: as it says it in its line of numbers."""

    ALL_MISSED = "all-missed"
    """It compiled files anew that an earlier build compiled, too, with all that is known alike."""
    BYPASSED = "bypassed"
    """What it compiled never came before the caches."""


_ADVICE = {
    Doubt.ALL_MISSED: (
        "none of its {misses} compiles came from the compiler cache, though an earlier build did "
        "the same. Likely causes: a path, a version or a time in the compilers' flags or in a "
        "file that the build generates, __DATE__ or __TIME__, or another header that everything "
        "includes. To find out, build it twice with --progress json and compare the compilers' "
        "command lines in the two logs; where they are alike, compare what the build generates."
    ),
    Doubt.BYPASSED: (
        "it was compiled again, and the compiler cache saw none of it. A compiler that is called "
        "by its absolute path goes past the cache, and so does one that is neither GCC, Clang nor "
        "rustc, or that is asked for more than an object (-frecord-gcc-switches, -aux-info). To "
        "find out, look for its command line in the log (--progress json); name it as PATH knows "
        "it (CC=gcc, not CC=/usr/bin/gcc)."
    ),
}


def warning(name: str, doubt: Doubt | None, caches: Counts | None) -> str:
    """The line for the user about a target's build with that doubt; "" without one."""
    if doubt is None or caches is None:
        return ""
    return f"{name}: {_ADVICE[doubt].format(misses=caches['compiles']['misses'])}"
