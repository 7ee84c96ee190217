"""A build that no wheel comes from, run to its end: an image, a file, filled cache mounts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from wheeldock.builder import BuildEndedError
from wheeldock.failures import explain
from wheeldock.record import BuildRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.builder import Builder
    from wheeldock.request import BuildRequest


def run_errand(builder: Builder, request: BuildRequest, name: str, base_image: str) -> None:
    """Run the build of that name, which starts from an image; raises what a failed one raises."""
    record = BuildRecord()
    with explained(name, base_image, record):
        for event in builder.build(request):
            record.add(event)


@contextmanager
def explained(name: str, base_image: str, record: BuildRecord) -> Iterator[None]:
    """While the build of that name runs: raise, for its bare failure, what its record explains."""
    try:
        yield
    except BuildEndedError:
        raise explain(name, base_image, record) from None
