"""
A base image that the engine has never built on.

It is the base image with one file more, of random content: no step on it can come from the
engine's cache, and nothing has to be pruned to make a build cold. What was built on it can be
told from what others built, and goes with it.
"""

from __future__ import annotations

import contextlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from benchmarks.command import CommandError, run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class FreshImage:
    """A base image, and a word that nothing before it contains."""

    nonce: str = field(default_factory=lambda: secrets.token_hex(6))
    since: str = field(default_factory=lambda: f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M:%S}")
    """When it was made, as Buildx writes a time."""

    @property
    def reference(self) -> str:
        """Its name in the engine."""
        return f"wheeldock-benchmark:{self.nonce}"

    @property
    def prefix(self) -> str:
        """What the ids of cache mounts that go with it begin with."""
        return f"wheeldock-benchmark-{self.nonce}-"


@contextlib.contextmanager
def fresh_image(base: str) -> Iterator[FreshImage]:
    """Make a fresh image of the base image; take it and all that was built on it away again."""
    image = FreshImage()
    step = f"RUN echo {image.nonce} > /nonce\n"
    _build(f"FROM {base}\n{step}", f"--tag={image.reference}")
    try:
        yield image
    finally:
        forget(image)
        run("docker", "image", "rm", "--force", image.reference)


def _build(dockerfile: str, output: str) -> None:
    command = ("docker", "buildx", "build", "--builder=default", "--provenance=false", output, "-")
    run(*command, text=dockerfile)


def forget(image: FreshImage) -> None:
    """Let the engine forget all that was built on the image, as if it had just come to it."""
    # The record of the image bears no name, and is the parent of a step's that has one.
    _build(f"FROM {image.reference}\nRUN true {image.nonce}\n", "--output=type=cacheonly")
    usage = run("docker", "buildx", "du", "--builder=default", "--verbose")
    # Whatever the engine says, what is older than the image does not stand on it.
    records = [record for record in parse_records(usage) if record.created >= image.since]
    young = {record.id for record in records}
    roots = {record.id for record in records if image.nonce in record.description}
    roots |= {parent for record in records if record.id in roots for parent in record.parents}
    for record_id in with_descendants(records, roots & young):
        # One that is in use, or gone already, is the engine's to collect.
        with contextlib.suppress(CommandError):
            command = ("docker", "buildx", "prune", "--builder=default", "--force")
            run(*command, f"--filter=id={record_id}")


@dataclass(frozen=True)
class Record:
    """An entry of the engine's build cache."""

    id: str
    parents: tuple[str, ...]
    created: str
    description: str


def parse_records(usage: str) -> list[Record]:
    """Read what `docker buildx du --verbose` writes: blocks of `Name: value`."""
    records = []
    for block in usage.split("\n\n"):
        pairs = (line.partition(":")[::2] for line in block.splitlines())
        fields = {name.strip(): value.strip() for name, value in pairs}
        if "ID" in fields:
            parents = fields.get("Parent") or fields.get("Parents") or ""
            named = tuple(filter(None, map(str.strip, parents.split(","))))
            created, description = fields.get("Created at", ""), fields.get("Description", "")
            records.append(Record(fields["ID"], named, created, description))
    return records


def with_descendants(records: Iterable[Record], roots: Iterable[str]) -> list[str]:
    """The ids of the roots and of all that stands on them, children before their parents."""
    children: dict[str, list[str]] = {}
    for record in records:
        for parent in record.parents:
            children.setdefault(parent, []).append(record.id)
    order: dict[str, None] = {}

    def visit(record: str) -> None:
        if record not in order:
            for child in children.get(record, ()):
                visit(child)
            order[record] = None

    for root in sorted(roots):
        visit(root)
    return list(order)
