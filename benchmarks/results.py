"""What was measured: every figure, what it was measured on, and the medians."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.command import run
from benchmarks.peers import Cibuildwheel
from benchmarks.ways import WAYS
from wheeldock import __version__

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from benchmarks.ours import Stages


@dataclass(frozen=True)
class Sample:
    """One build."""

    way: str
    scenario: str
    """The scenario's title."""
    round: int
    seconds: float
    load: float
    """The machine's load average of the minute before, which other work raises, too."""
    stages: Stages = field(default_factory=dict)
    """Where the time went, if the way tells."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What the figures hold for."""

    cores: int
    base_image: str
    versions: Mapping[str, str]

    @classmethod
    def this(cls, base_image: str) -> Machine:
        """The machine that this runs on, and its engine."""
        return cls(
            cores=len(os.sched_getaffinity(0)),
            base_image=base_image,
            versions={
                "wheeldock": __version__,
                "cibuildwheel": Cibuildwheel.version,
                "engine": run("docker", "version", "--format={{.Server.Version}}").strip(),
                "buildx": run("docker", "buildx", "version").split()[1],
                "python": platform.python_version(),
                "kernel": platform.release(),
            },
        )


@dataclass(frozen=True, kw_only=True)
class Results:
    """All figures of one project."""

    project: str
    """As a requirement, e.g. `pyovf==0.3.0`."""
    wheels: int
    started: str
    """When, in UTC, as ISO 8601 writes it."""
    machine: Machine
    samples: tuple[Sample, ...]

    @property
    def ways(self) -> list[str]:
        """The ways, in the order of tables."""
        taken = {sample.way for sample in self.samples}
        return [way for way in WAYS if way in taken]

    @property
    def scenarios(self) -> list[str]:
        """The scenarios' titles, in order."""
        return list(dict.fromkeys(sample.scenario for sample in self.samples))

    def seconds(self, way: str, scenario: str) -> list[float]:
        """What the way took in each round."""
        return [
            sample.seconds
            for sample in self.samples
            if (sample.way, sample.scenario) == (way, scenario)
        ]

    def median(self, way: str, scenario: str) -> float | None:
        """The median of the rounds, or None if there was none."""
        seconds = self.seconds(way, scenario)
        return median(seconds) if seconds else None

    def ratio(self, way: str, scenario: str, *, against: str) -> float | None:
        """How many times as fast as another way it is, by the medians."""
        own, other = self.median(way, scenario), self.median(against, scenario)
        return other / own if own and other else None

    def rounds(self, way: str) -> int:
        """In how many rounds the way was taken."""
        return len({sample.round for sample in self.samples if sample.way == way})

    def caption(self) -> str:
        """What was built, on what, and how often, in a sentence."""
        versions = self.machine.versions
        rounds = ", ".join(f"{way} {self.rounds(way)}" for way in self.ways)
        return (
            f"{self.project}, {self.wheels} wheels, {self.machine.cores} cores, "
            f"{self.started[:10]}: wheeldock {versions['wheeldock']}, "
            f"cibuildwheel {versions['cibuildwheel']}, Docker {versions['engine']}; "
            f"median seconds of the rounds ({rounds})"
        )


def now() -> str:
    """The time, for `Results.started`."""
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def write(results: Results, path: Path) -> None:
    """Write all figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1) + "\n", encoding="utf-8")


def read(path: Path) -> Results:
    """Read what `write` wrote."""
    fields = json.loads(path.read_text(encoding="utf-8"))
    machine = Machine(**fields.pop("machine"))
    samples = tuple(Sample(**sample) for sample in fields.pop("samples"))
    return Results(machine=machine, samples=samples, **fields)
