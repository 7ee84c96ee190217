"""`invoke plan`: what would be built, on which image, and where each setting came from."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from wheeldock import planning, planview
from wheeldock.builder import Buildx
from wheeldock.cache import BASE_IMAGES
from wheeldock.errors import BuildxMissingError, EngineUnreachableError
from wheeldock.imagechoice import Images
from wheeldock.state import State

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.plan import Plan
    from wheeldock.planning import Asked, Inputs


def run(asked: Asked, *, as_json: bool, say: Callable[[str], None]) -> None:
    """
    Show the plan: as JSON on one line of the standard output, or with `say` for people.

    Nothing is built and nothing fetched. Raises WheeldockError as a build would.
    """
    state = State.here()
    if not as_json:
        show(asked, state, say)
        return
    inputs = planning.read(asked, state)
    document = planview.as_json(_plan(inputs, say_nothing), inputs)
    sys.stdout.write(json.dumps(document) + "\n")


def show(asked: Asked, state: State, say: Callable[[str], None]) -> None:
    """Show the plan to people. Raises WheeldockError as a build would."""
    inputs = planning.read(asked, state)
    for remark in inputs.remarks:
        say(remark)
    for line in planview.lines(_plan(inputs, say), inputs):
        say(line)


def at_hand(inputs: Inputs, say: Callable[[str], None]) -> Plan:
    """
    Plan on the images that are here. Raises what `Buildx.info` and `planning.make` raise.

    `say` is told of images that stand in for others.
    """
    buildx, notes = Buildx(), inputs.settings.cache_dir / BASE_IMAGES
    builder = buildx.info(inputs.settings.builder or None)
    images = Images(buildx=buildx, builder=builder, say=say, notes=notes, fetch=False)
    return planning.make(inputs, images)


def _plan(inputs: Inputs, say: Callable[[str], None]) -> Plan:
    try:
        return at_hand(inputs, say)
    except (EngineUnreachableError, BuildxMissingError) as error:
        # Which wheels there will be is known without an engine, as long as images have them all.
        say(f"{error.message}: planning without a look at the images")
        return planning.without_engine(inputs)


def say_nothing(_: str) -> None:
    """Leave the standard output to others; `invoke plan` has the remarks."""
