"""What a run does beside what it waits for: on a processor or a network that is idle."""

from __future__ import annotations

import contextlib
import threading
from functools import partial
from typing import TYPE_CHECKING

from wheeldock.builder import BuildEndedError
from wheeldock.errors import WheeldockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wheeldock.builder import Builder
    from wheeldock.request import BuildRequest
    from wheeldock.seeds import Seeder


class Idle:
    """Whether a processor has nothing to do: there are more of them than builds that are left."""

    def __init__(self, builds: int, *, processors: int) -> None:
        self._left = builds
        self._processors = processors
        self._lock = threading.Lock()
        self._reached = threading.Event()
        self._look()

    def one_ended(self) -> None:
        """Note that a build ended."""
        with self._lock:
            self._left -= 1
        self._look()

    def all_ended(self) -> None:
        """Note that no build is left."""
        self._reached.set()

    def wait(self) -> None:
        """Wait until it is so."""
        self._reached.wait()

    def _look(self) -> None:
        if self._left < self._processors:
            self._reached.set()


@contextlib.contextmanager
def beside(work: Callable[[], None], name: str, when: Idle | None = None) -> Iterator[None]:
    """Do some work in a thread of that name, once that is idle, while something else is done."""

    def run() -> None:
        if when:
            when.wait()
        work()

    thread = threading.Thread(target=run, name=name)
    thread.start()
    try:
        yield
    finally:
        if when:
            when.all_ended()
        thread.join()


@contextlib.contextmanager
def ahead(builder: Builder, seeder: Seeder, requests: Sequence[BuildRequest]) -> Iterator[None]:
    """
    Run builds whose steps later ones have, too, while something else is done.

    What becomes of them is of no matter: those that need the same steps will say. When what is
    done beside them raises, all builds of the builder are stopped.
    """

    def run(request: BuildRequest) -> None:
        with contextlib.suppress(BuildEndedError, WheeldockError):
            seeder.run(request, request.target)

    with contextlib.ExitStack() as stack:
        for request in requests:
            stack.enter_context(beside(partial(run, request), "ahead"))
        try:
            yield
        except BaseException:
            builder.stop()
            raise
