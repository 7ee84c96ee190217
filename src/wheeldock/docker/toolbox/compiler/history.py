"""
What was compiled before for the same wheel, beside the compiler cache: it comes and goes with it.

When nothing that a compile depends on has changed, as far as that can be known, and none of what
was compiled before came from the cache, then something is wrong that a user would want to know.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from compiler import includes
from compiler.writing import write_whole

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from compiler.statistics import Compile

_HEADERS = frozenset(
    (".h", ".hh", ".hpp", ".hxx", ".h++", ".inc", ".inl", ".ipp", ".tpp", ".tcc", ".def", ".cuh")
)
_CHANGE_NOTHING = frozenset(
    [
        *("CMAKE_BUILD_PARALLEL_LEVEL", "HOSTNAME", "MAKEFLAGS", "OLDPWD", "PATH", "PWD", "SHLVL"),
        *("SOURCE_DATE_EPOCH", "_"),
    ]
)
"""Variables of the environment that no compile should depend on."""

_PASSED = Path("/run/wheeldock-pass")
"""Where variables of the machine are: secrets, of which nothing is kept."""


@dataclass(frozen=True)
class History:
    """What builds of one wheel compiled."""

    note: Path
    """The file in which it is kept, by all that the compiles have in common."""
    source: Path
    """The source tree."""

    def again(self, compiles: Sequence[Compile]) -> int:
        """How many of these compiles were done before and had to be done again all the same."""
        before = self._units()
        now = self._digests(each.source for each in compiles if not each.hit)
        return sum(before.get(source) == digest for source, digest in now.items())

    @property
    def is_known(self) -> bool:
        """Whether the wheel was built before, in the same surroundings."""
        return self._read() is not None

    def keep(self, compiles: Sequence[Compile]) -> None:
        """Remember what was compiled."""
        units = {**self._units(), **self._digests(each.source for each in compiles)}
        write_whole(self.note, json.dumps(units))

    def _units(self) -> dict[str, str]:
        return self._read() or {}

    def _read(self) -> dict[str, str] | None:
        try:
            return dict(json.loads(self.note.read_text("utf-8")))
        except (OSError, ValueError, TypeError):
            return None

    def _digests(self, sources: Iterable[str]) -> dict[str, str]:
        """The content of each file that is still there."""
        found = {}
        for name in sources:
            # Build tools compile in a folder of their own, somewhere below the source tree.
            inside = name.lstrip("./") if name.startswith(".") else name
            path = self.source / inside
            if path.is_file():
                found[inside] = sha256(path.read_bytes()).hexdigest()
        return found


def shipped(source: Path) -> str:
    """A digest of what a source tree has for compiles, before its build adds to it."""
    return includes.tree(source, contents=_HEADERS).hex()


def open_history(folder: Path, source: Path, environment: Path, known: Sequence[str]) -> History:
    """
    The history of the wheel that is built of a source tree in an environment.

    `known` is what is known of its compiles' surroundings besides the environment.
    """
    passed = [path.name for path in _PASSED.glob("*")]
    left_out = _CHANGE_NOTHING.union(passed)
    variables = sorted(item for item in os.environ.items() if item[0] not in left_out)
    python = os.path.realpath(environment / "bin/python")
    surroundings = [*known, python, includes.requirements(environment), variables]
    name = sha256(json.dumps(surroundings).encode()).hexdigest()
    return History(folder / f"{name}.json", source)
