"""Many targets at once: none cancels or loses another, and all of them can be stopped."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, TypeVar

from wheeldock.errors import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_Job = TypeVar("_Job")
_Result = TypeVar("_Result")


def default_jobs() -> int:
    """How many builds run at once unless told otherwise: one a processor."""
    return max(
        1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )


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
    """
    with ThreadPoolExecutor(max_workers=at_once, thread_name_prefix="build") as pool:
        futures = [pool.submit(work, job) for job in jobs]
        try:
            for future in as_completed(futures):
                future.result()
        except KeyboardInterrupt:
            for future in futures:
                future.cancel()
            stop()
            message = "stopped"
            raise StoppedError(message, cure="The output folder is as it was.") from None
        except BaseException:
            for future in futures:
                future.cancel()
            stop()
            raise
    return [future.result() for future in futures]
