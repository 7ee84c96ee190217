"""What tests wheels of one project: all trials of a run, side by side."""

from __future__ import annotations

import os
import secrets
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock import groups, tested, trials
from wheeldock.archive import unpack
from wheeldock.context import by_products
from wheeldock.errors import ConfigurationError, NothingToTestError
from wheeldock.recipe import Recipe, seed_request
from wheeldock.scheduler import default_jobs, run_all
from wheeldock.seeds import Seeder, Seeds, ca_bundle
from wheeldock.sources import SdistSource
from wheeldock.testimages import Finder
from wheeldock.together import joined, noted
from wheeldock.trialfiles import Shelf
from wheeldock.trialreport import TestingReport
from wheeldock.trying import Prepared, Trier
from wheeldock.tryplaces import base_places

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.errors import WheeldockError
    from wheeldock.plan import Plan
    from wheeldock.planning import Inputs
    from wheeldock.progress import Progress
    from wheeldock.state import State
    from wheeldock.trials import Place, Trial
    from wheeldock.trying import TrialResult


@dataclass(frozen=True, kw_only=True)
class Tester:
    """Tests wheels of one project."""

    buildx: Buildx
    display: Progress
    state: State
    inputs: Inputs
    plan: Plan
    builder: BuilderInfo
    scratch: Path
    again: bool = False
    """Whether to test what has passed before, too."""
    only: Sequence[str] = ()
    """Build identifiers, if wheels are to be tested on no other."""

    def test(self, wheels: Sequence[Path]) -> tuple[TestingReport, list[WheeldockError]]:
        """
        Test the wheels; what became of each trial, and the errors of those that failed.

        Raises NothingToTestError when there is no trial, ConfigurationError or StoppedError.
        """
        clock = time.monotonic()
        settings, project = self.inputs.settings, self.inputs.project
        places = [*base_places(self.plan), *self._test_images()]
        planned, untried = trials.make_trials(
            wheels, places, settings, project.requires_python, self.only
        )
        if not planned and not any(each.identifier for each in untried):
            raise _nothing_fits(wheels, places)
        prepared = self._prepared(planned)
        remembered = tested.read(self.state.tested)
        trier = Trier(
            display=self.display,
            seeder=self._seeder(),
            before={} if self.again else remembered,
            scratch=self.scratch,
        )
        jobs = settings.jobs or default_jobs(self.builder.capacity)
        results = run_all(prepared, trier.run, at_once=jobs, stop=self.buildx.stop)
        self._remember(results, remembered)
        report = TestingReport(
            trials=tuple(result.report for result in results),
            untried=tuple(untried),
            seconds=round(time.monotonic() - clock, 3),
        )
        return report, [result.error for result in results if result.error]

    def _test_images(self) -> list[Place]:
        wanted = [
            (image, target.identifier.architecture)
            for target in self.plan.targets
            for image in self.inputs.settings.for_target(target.identifier).test_images
        ]
        finder = Finder(buildx=self.buildx, builder=self.builder, say=self.display.say)
        return finder.places(self.plan, wanted)

    def check(self, wheels: Sequence[Path]) -> list[WheeldockError]:
        """Test the wheels, show what became of each, and return the errors."""
        report, errors = self.test(wheels)
        self.display.tested(report)
        return errors

    def _prepared(self, planned: Sequence[Trial]) -> list[Prepared]:
        """The trials with all that they need. Raises ConfigurationError with what is missing."""
        shelf = self._shelf()
        again = secrets.token_hex(8) if self.again else ""
        hosts = Seeds(ca_bundle(os.environ)).hosts()
        prepared = []
        problems: list[WheeldockError] = []
        for trial in planned:
            with noted(problems):
                prepared.append(self._prepare(trial, shelf, hosts, again))
        if problems:
            raise joined(problems, ConfigurationError)
        return prepared

    def _prepare(self, trial: Trial, shelf: Shelf, hosts: dict[str, str], again: str) -> Prepared:
        files = shelf.files(trial.options)
        request = trials.request(
            trial,
            files,
            self._requires(trial),
            hosts=hosts,
            builder=self.inputs.settings.builder or None,
        )
        key = tested.key(request, trial.wheel, trial.place.digest, files.digest)
        if again:
            request = replace(request, build_args={**request.build_args, "AGAIN": again})
        return Prepared(trial=trial, request=request, key=key)

    def _shelf(self) -> Shelf:
        source, outputs = self.inputs.source, [self.inputs.settings.output_dir, self.state.root]
        folder = self.scratch / "files"
        folder.mkdir(parents=True)
        if isinstance(source, SdistSource):
            unpack(source.path, self.scratch / "project")
            return Shelf(self.scratch / "project", "", outputs, folder)
        outputs += by_products(source)
        return Shelf(source.project, source.subfolder, outputs, folder)

    def _requires(self, trial: Trial) -> list[str]:
        project = self.inputs.project
        of_groups = groups.requirements(
            project.dependency_groups, trial.options.test_groups, project.pyproject_place
        )
        return [*trial.options.test_requires, *of_groups]

    def _seeder(self) -> Seeder:
        batch = self.plan.main
        recipe = Recipe(
            base_image=batch.offer.image,
            architecture=batch.wish.platform.architecture,
            tools_interpreter=batch.tools_interpreter,
            build_requires=(),
            options=self.inputs.settings.everywhere,
            builder=self.inputs.settings.builder or None,
            seeds=Seeds(ca_bundle(os.environ)),
        )
        seeding = seed_request(recipe, self.scratch / "seeds")
        return Seeder(self.buildx, recipe.base_image, recipe.seeds, seeding)

    def _remember(
        self, results: Sequence[TrialResult], remembered: dict[str, tested.Passed]
    ) -> None:
        fresh = {each.key: each.passed for each in results if each.key and each.passed}
        old = {key: each for key, each in remembered.items() if key not in fresh}
        tested.write(self.state.tested, {**old, **fresh})


def _nothing_fits(wheels: Sequence[Path], places: Sequence[Place]) -> NothingToTestError:
    names = ", ".join(wheel.name for wheel in wheels)
    images = ", ".join(dict.fromkeys(place.image for place in places))
    return NothingToTestError(
        f"no interpreter that is planned fits {names}; the images are {images}",
        cure="`invoke plan` shows what is planned, and on which images.",
    )
