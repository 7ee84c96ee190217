"""The images that wheels are tried in, and their interpreters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock.tags import Policy
from wheeldock.trials import Place

if TYPE_CHECKING:
    from wheeldock.plan import Plan


_NAME = "base image"


def base_places(plan: Plan) -> list[Place]:
    """The base images of a plan, with the interpreters that are planned."""
    places = []
    for batch in plan.batches:
        offer, platform = batch.offer, batch.wish.platform
        paths = {
            target.identifier: f"/opt/python/{target.identifier.interpreter}/bin/python"
            for target in batch.targets
        }
        places.append(
            Place(
                image=offer.image,
                name=_NAME,
                digest=offer.digest,
                ceiling=Policy.of_tag(offer.platform_tag, platform.architecture),
                pythons=paths,
                installer_image=offer.image,
                tools_interpreter=batch.tools_interpreter,
                is_base=True,
            )
        )
    return places
