"""The rounds: one way after the other goes through all scenarios, and each build is checked."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.checks import check_wheels
from benchmarks.freshimage import forget, fresh_image
from benchmarks.ours import Wheeldock
from benchmarks.place import KEPT, Place
from benchmarks.results import Sample
from benchmarks.settle import settle
from benchmarks.ways import FLOOR, OURS, WAYS
from wheeldock.seeds import ca_bundle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.freshimage import FreshImage
    from benchmarks.projects import Edit, Project
    from benchmarks.scenarios import Scenario
    from benchmarks.ways import Way


@dataclass
class _Contender:
    """A way in one round, with its own copy of the project."""

    name: str
    way: Way
    place: Place
    project: Project
    pythons: tuple[str, ...] = ()
    """Those of the build before."""
    markers: dict[Edit, str] = field(default_factory=dict)

    def go_through(self, scenario: Scenario, number: int) -> Sample:
        """Let the scenario happen in the round of that number, build, and check."""
        if scenario.edit:
            self.markers[scenario.edit] = secrets.token_hex(8)
            self.project.edit(scenario.edit, self.place.tree, self.markers[scenario.edit])
        added = (self.project.added_python,) if scenario.adds_python else ()
        pythons = (*self.project.pythons, *added)
        if scenario.fresh_machine:
            pythons = self.pythons
            self.way.move()
            forget(self.place.image)
            for wheel in self.place.output.iterdir():
                wheel.unlink()
        load, clock = os.getloadavg()[0], time.perf_counter()
        self.way.build(pythons)
        seconds = time.perf_counter() - clock
        check_wheels(self.place.output, self.project, pythons, self.markers)
        way = self.way
        stages = way.check(scenario, self.pythons) if isinstance(way, Wheeldock) else {}
        self.pythons = pythons
        return Sample(self.name, scenario.title, number, seconds, load, stages)


def round_plan(ways: Sequence[str], rounds: int, peer_rounds: int) -> list[list[str]]:
    """The ways of each round: wheeldock and the floor in `rounds`, others in `peer_rounds`."""
    plan = [
        [way for way in ways if number < (rounds if way in {OURS, FLOOR} else peer_rounds)]
        for number in range(max(rounds, peer_rounds))
    ]
    return [names for names in plan if names]


def measure(
    project: Project,
    scenarios: Sequence[Scenario],
    rounds: Sequence[Sequence[str]],
    base_image: str,
    say: Callable[[str], None],
) -> Iterator[Sample]:
    """
    Measure the ways of each round in every scenario.

    Every round is cold in the beginning, for each way. Raises CommandError when a build fails,
    and WrongResultError when it made something else than it should.
    """
    for number, names in enumerate(rounds, 1):
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="wheeldock-benchmark-"))
            contenders = []
            for name in names:
                image = stack.enter_context(fresh_image(base_image))
                place = _place(project, Path(folder, name.replace(" ", "-")), image)
                way = WAYS[name](place)
                stack.callback(way.close)
                contenders.append(_Contender(name, way, place, project))
            # Who comes first changes, so that no way has the machine always fresh.
            first = number % len(contenders)
            for contender in (*contenders[first:], *contenders[:first]):
                settle()
                for scenario in scenarios:
                    if contender.name == FLOOR and not scenario.has_work:
                        continue
                    sample = contender.go_through(scenario, number)
                    say(f"round {number}, {sample.scenario}, {sample.way}: {sample.seconds:.1f} s")
                    yield sample


def _place(project: Project, folder: Path, image: FreshImage) -> Place:
    home, output = folder / "home", folder / "output"
    home.mkdir(parents=True)
    output.mkdir()
    return Place(
        tree=project.tree(KEPT / "downloads", folder / "tree"),
        output=output,
        home=home,
        image=image,
        ca=ca_bundle(os.environ),
    )
