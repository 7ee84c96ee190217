"""Secrets out of what builds say: commands print what they are told, errors quote it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from wheeldock.events import Event, Log, Notice

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"

_SHORTEST = 4
"""Characters: what is shorter is in any log."""


def masked(events: Iterable[Event], secrets: Iterable[str]) -> Iterator[Event]:
    """The events without these secrets, as far as each is said in one piece, or a line of it is."""
    lines = {part for secret in secrets for part in (secret, *secret.splitlines())}
    wanted = sorted((line for line in lines if len(line) >= _SHORTEST), key=len, reverse=True)
    if not wanted:
        yield from events
        return
    pattern = re.compile("|".join(map(re.escape, wanted)))
    for event in events:
        if isinstance(event, (Log, Notice)):
            yield replace(event, text=pattern.sub(MASK, event.text))
        elif event.error:
            yield replace(event, error=pattern.sub(MASK, event.error))
        else:
            yield event
