"""What a run does beside what it waits for: on a processor or a network that is idle."""

from __future__ import annotations

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from wheeldock.builder import BuildStoppedError
from wheeldock.errors import WheeldockError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

    from wheeldock.builder import Builder
    from wheeldock.request import BuildRequest
    from wheeldock.seeds import Seeder


class Remaining:
    """The builds that something is left to do for, and whether they are fewer than so many."""

    def __init__(self, builds: Iterable[Hashable], *, fewer_than: int) -> None:
        self._left = set(builds)
        self._fewer_than = fewer_than
        self._lock = threading.Lock()
        self._reached = threading.Event()
        self._look()

    def done(self, build: Hashable) -> None:
        """Note that it is done for a build, which may have been noted before."""
        with self._lock:
            self._left.discard(build)
            self._look()

    def all_done(self) -> None:
        """Note that it is done for each, or will not be."""
        self._reached.set()

    def wait(self) -> None:
        """Wait until there are fewer."""
        self._reached.wait()

    def _look(self) -> None:
        if len(self._left) < self._fewer_than:
            self._reached.set()


@contextlib.contextmanager
def beside(work: Callable[[], None], name: str, when: Remaining | None = None) -> Iterator[None]:
    """Do some work in a thread of that name, once its time has come, beside something else."""

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
            when.all_done()
        thread.join()


def attempt(work: Callable[[], None], failure: str, say: Callable[[str], None]) -> None:
    """
    Do some work that no wheel depends on: when it fails, that failure and its cause are said.

    Nothing is said when all builds were stopped, and this one with them.
    """
    try:
        work()
    except BuildStoppedError:
        return
    except Exception as error:  # noqa: BLE001 - whatever it is, the wheels are as good
        say(f"{failure}: {error}")


@contextlib.contextmanager
def ahead(
    builder: Builder, seeder: Seeder, requests: Sequence[BuildRequest], *, at_once: int
) -> Iterator[None]:
    """
    Run builds whose steps later ones have, too, so many at once, while something else is done.

    What becomes of them is of no matter: those that need the same steps will say. The builder is
    theirs alone: what of them still runs once the rest is done, or fails, is stopped.
    """

    def run(request: BuildRequest) -> None:
        with contextlib.suppress(BuildStoppedError, WheeldockError):
            seeder.run(request, request.target, builder)

    with ThreadPoolExecutor(at_once, thread_name_prefix="ahead") as pool:
        for request in requests:
            pool.submit(run, request)
        try:
            yield
        finally:
            builder.stop()
