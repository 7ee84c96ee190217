"""
Wheels that begin before their sdist is there, from what `foresight` tells that it will have.

They are the sdist's wheels if that has what was foretold, byte for byte; else they are stopped,
nobody hears of them, and they are made from the sdist.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.foresight import Foretold
    from wheeldock.targets import TargetResult

Wheels: TypeAlias = "list[TargetResult]"


class Early(AbstractContextManager["Early"]):
    """Wheels that are being made from a foretold sdist, until they are there or not needed."""

    def __init__(
        self,
        foretell: Callable[[], Foretold | None],
        make: Callable[[Foretold], Wheels],
        *,
        release: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        """
        Foretell the sdist and make its wheels, in a thread.

        `release` shows what becomes of them, and `stop` ends their builds.
        """
        self._release, self._stop = release, stop
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="early")
        self._foretold = self._pool.submit(foretell)
        self._wheels = self._pool.submit(self._make, make)

    def _make(self, make: Callable[[Foretold], Wheels]) -> Wheels:
        return make(self.foretold) if self.foretold else []

    @property
    def foretold(self) -> Foretold | None:
        """The sdist, if anything tells of it."""
        return self._foretold.result() if self._foretold.exception() is None else None

    def wheels(self) -> Wheels:
        """The wheels, once they are made; for the sdist is the one that was foretold."""
        self._release()
        return self._wheels.result()

    def end(self) -> None:
        """Let nothing of it run any more."""
        if not self._wheels.done():
            self._stop()
        self._pool.shutdown()

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()
