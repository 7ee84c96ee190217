"""Many targets at once: none cancels or loses another, and all of them can be stopped."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed, wait
from typing import TYPE_CHECKING, TypeVar

from wheeldock.builderinfo import Capacity
from wheeldock.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


_MEMORY_OF_A_BUILD = 2 * 2**30
"""Bytes: what a build takes whose own steps run one after the other."""


def default_jobs(capacity: Capacity | None) -> int:
    """
    How many builds run at once unless told otherwise, on a machine with that, or on this one.

    One more than there are processors, as each waits now and then, for the engine or a disk:
    with two processors, that is fastest for three and for nine wheels that are all cached, too.
    (How many compilers run at once, in all builds together, is limited where they run.)
    """
    machine = capacity or _of_this_machine()
    return max(1, min(machine.processors + 1, machine.memory // _MEMORY_OF_A_BUILD))


def _of_this_machine() -> Capacity:
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    processors = len(allowed) if allowed else os.cpu_count() or 1
    return Capacity(processors, os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def run_all(
    jobs: Sequence[_Job],
    work: Callable[[_Job], _Result],
    *,
    at_once: int,
    stop: Callable[[], None],
) -> list[_Result]:
    """
    Do the work for each job, so many at once, and return the results in the jobs' order.

    The work reports failures in its result. On Ctrl-C (KeyboardInterrupt) `stop` is called to
    end the work under way, what waits never begins, and StoppedError is raised once all ended.
    What else the work raises ends everything in the same way, and is raised.
    """
    futures: list[Future[_Result]] = []
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="build") as pool:
        try:
            futures += (pool.submit(work, job) for job in jobs)
            for future in as_completed(futures):
                future.result()
        except BaseException as error:
            while not _ended(futures, stop):
                pass  # each further Ctrl-C asks again: clients of Docker give in to the third
            if not isinstance(error, KeyboardInterrupt):
                raise
            message = "stopped"
            raise StoppedError(message, cure="The output folder is as it was.") from None
    return [future.result() for future in futures]


def _ended(futures: Sequence[Future[_Result]], stop: Callable[[], None]) -> bool:
    """Wait until nothing runs any more, or Ctrl-C is pressed again."""
    try:
        for future in futures:
            future.cancel()
        stop()
        wait(futures)
    except KeyboardInterrupt:
        return False
    return True
