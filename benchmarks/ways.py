"""The ways to build a project's wheels that are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from benchmarks.bare import BareContainer, BareFromSdist
from benchmarks.ours import Wheeldock
from benchmarks.peers import Cibuildwheel, CibuildwheelUv, PlainDocker

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.place import Place


class Way(Protocol):
    """A way to build wheels at a place: the program, and all that it keeps between builds."""

    def __init__(self, place: Place) -> None: ...

    def build(self, pythons: Sequence[str]) -> None:
        """Build wheels for interpreters such as `cp313` into the output folder."""

    def move(self) -> None:
        """Leave what the machine has, but for what the way would take to another one."""

    def close(self) -> None:
        """Remove from the engine what the image's removal does not."""


OURS = "wheeldock"
FLOOR = "bare commands"

WAYS: Mapping[str, type[Way]] = {
    "docker build": PlainDocker,
    "cibuildwheel": Cibuildwheel,
    "cibuildwheel with uv": CibuildwheelUv,
    OURS: Wheeldock,
    FLOOR: BareContainer,
    "bare, from the sdist": BareFromSdist,
}
"""The ways, by the name that tables show."""

USUAL = ("docker build", "cibuildwheel", OURS, FLOOR)
