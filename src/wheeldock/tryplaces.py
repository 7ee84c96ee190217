"""The images that wheels are tried in, and their interpreters."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from wheeldock.tags import Policy
from wheeldock.trials import Place, fits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheeldock.plan import Plan
    from wheeldock.selection import Selection


_NAME = "base image"


def fitting(selection: Selection, wheels: Iterable[str]) -> Selection:
    """
    What is selected and runs one of the wheels of those names; all of it where nothing does.

    No image is fetched, or told to be missing, for what nobody has built.
    """
    names = list(wheels)
    found = tuple(
        identifier
        for identifier in selection.identifiers
        if any(fits(name, identifier, Policy(identifier.libc, sys.maxsize, 0)) for name in names)
    )
    return replace(selection, identifiers=found) if found else selection


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
