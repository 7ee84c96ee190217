"""
Which trials have passed, so that they are not run again.

A trial is known by all that it is made from: the wheel, the image, the commands, the files that
they name and what runs them. BuildKit keeps the same in the engine; asking it takes a second each.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from wheeldock import __version__
from wheeldock.request import DOCKER
from wheeldock.swap import write_whole
from wheeldock.trialfiles import DOCKERFILE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.request import BuildRequest

SCHEMA = 1
"""The version of the file's format."""

MOST = 1000
"""How many trials are remembered, the newest."""


@dataclass(frozen=True, kw_only=True)
class Passed:
    """What a trial that passed told."""

    seconds: float
    """What its tests took."""
    python: str
    """The interpreter's version, e.g. `3.13.5`."""
    warning: str = ""
    log: tuple[str, ...] = field(default=(), repr=False)
    """The last lines that it printed."""


def key(request: BuildRequest, wheel: Path, image_digest: str, files_digest: str) -> str:
    """By what a trial is known; "" where nothing tells which image it is."""
    if not image_digest:
        return ""
    told = [dict(request.build_args), {name: list(each) for name, each in request.passed.items()}]
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode())
    digest.update(f"\0{__version__}\0{image_digest}\0{files_digest}\0{wheel.name}\0".encode())
    digest.update(wheel.read_bytes())
    for path in (DOCKERFILE, *sorted((DOCKER / "toolbox" / "trial").glob("*.py"))):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read(path: Path) -> dict[str, Passed]:
    """The trials that passed, by key; none where the file is none that is understood."""
    try:
        found = json.loads(path.read_bytes())
        if found["schema"] != SCHEMA:
            return {}
        return {
            key: Passed(**{**fields, "log": tuple(fields["log"])})
            for key, fields in found["passed"].items()
        }
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def write(path: Path, passed: Mapping[str, Passed]) -> None:
    """Remember them, the last ones; raises OSError."""
    newest = list(passed.items())[-MOST:]
    text = json.dumps({"schema": SCHEMA, "passed": {key: asdict(each) for key, each in newest}})
    write_whole(path, text)
