"""A build that no wheel comes from, run to its end: an image, a file, filled cache mounts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock.builder import BuildEndedError
from wheeldock.failures import explain
from wheeldock.record import BuildRecord

if TYPE_CHECKING:
    from wheeldock.builder import Builder
    from wheeldock.request import BuildRequest


def run_errand(builder: Builder, request: BuildRequest, name: str, base_image: str) -> None:
    """Run the build of that name, which starts from an image; raises what a failed one raises."""
    record = BuildRecord()
    try:
        for event in builder.build(request):
            record.add(event)
    except BuildEndedError:
        raise explain(name, base_image, record) from None
