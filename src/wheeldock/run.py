"""One run: from the sdist and the wheels of a plan to the output folder and the report."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import time
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import __version__, attestation, delivered, report
from wheeldock.archive import unpack
from wheeldock.audit import Auditor, commands_for
from wheeldock.beside import Idle, ahead, beside
from wheeldock.choices import BuildFrom
from wheeldock.constraints import EVERYWHERE
from wheeldock.context import TreeContext, sdist_context, tree_context
from wheeldock.errors import BuildFailedError, NotAPythonProjectError, WheeldockError
from wheeldock.keeping import Keeping
from wheeldock.made import content
from wheeldock.recipe import (
    Recipe,
    audit_request,
    environment_request,
    sdist_request,
    seed_request,
    wheel_request,
)
from wheeldock.record import BuildRecord
from wheeldock.report import RunReport
from wheeldock.scheduler import run_all
from wheeldock.seeds import Seeder, Seeds, ca_bundle
from wheeldock.served import make_all
from wheeldock.sources import DirectorySource, SdistSource
from wheeldock.targets import TargetMaker, TargetResult
from wheeldock.wheelhouse import Distribution, publish, read_distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.builder import Buildx
    from wheeldock.config import Config
    from wheeldock.made import Made
    from wheeldock.plan import Batch, BuildTarget, Plan
    from wheeldock.progress import Progress
    from wheeldock.project import Project
    from wheeldock.report import TargetReport
    from wheeldock.request import BuildRequest
    from wheeldock.sources import Source
    from wheeldock.state import State
    from wheeldock.tags import Architecture
    from wheeldock.testing import Tester
    from wheeldock.tools import ToolsKeeper


@dataclass(frozen=True)
class Run:
    """One run's targets, from the sdist to the output folder."""

    buildx: Buildx
    display: Progress
    state: State
    settings: Config
    plan: Plan
    project: Project
    constraints: Mapping[str, Sequence[str]]
    """The versions of what is installed for a build, by build identifier."""
    scratch: Path
    epoch: str
    """The time that is written into what is built; "" for the default."""
    cold: str
    """A suffix for cache mounts that go with the run; "" to use what is cached."""
    jobs: int
    """How many wheels to build at once."""
    sees_local_images: bool = True
    """Whether the builder's images are the engine's."""
    last: Made | None = None
    """What the last run made with the same setup and the same images, if there was one."""
    tester: Tester | None = None
    """What tests the wheels before they get into the output folder, if they are to be tested."""

    attest: bool = False
    """Whether what is attested of the wheels goes beside them."""

    def build(self, source: Source, *, whole: bool) -> RunReport:
        """Build everything; `whole` says that the plan is all that the project has."""
        try:
            return self._build(source, whole=whole)
        finally:
            if self.cold:
                self.buildx.remove_cache_mounts(self.cold, self.settings.builder or None)

    def _build(self, source: Source, *, whole: bool) -> RunReport:
        started, clock = datetime.now(timezone.utc), time.monotonic()
        if self.settings.build_from is BuildFrom.TREE and isinstance(source, DirectorySource):
            tree = self._tree(source)
            results = self._wheels(self._project_name(source), tree, tree)
        else:
            results = self._by_sdist(source)
        run_report = self._report(results, started, time.monotonic() - clock)
        report.write(run_report, self.state.report)
        built = [result.distribution for result in results if result.distribution]
        errors = [result.error for result in results if result.error]
        if self.tester and not errors:
            errors += self.tester.check([each.path for each in built if each.path.suffix == ".whl"])
        if not errors:
            publish(built, self.settings.output_dir, whole=whole)
            if self.attest:
                attestation.write(results, self.plan, self.settings.output_dir)
        if built and not self.cold:
            recipe = self._recipe(built[0].name, self.plan.main)
            made = [result.report for result in results]
            keeping = self._keeping(built[0].name)
            keeping.keep_compiler_cache(recipe, self.buildx, made, self.display.say)
        self.display.summary(run_report, self.settings.output_dir)
        if errors:
            raise _joined(errors, self._keep(built))
        return run_report

    def _by_sdist(self, source: Source) -> list[TargetResult]:
        """Make the sdist, and the wheels from what is in it."""
        tree = None if isinstance(source, SdistSource) else self._tree(source)
        with ExitStack() as stack:
            if tree is None:
                first = self._given(source.path)
            else:
                recipe = self._recipe(self._project_name(source), self.plan.main, tree)
                seeder = self._seeder(recipe)
                stack.enter_context(ahead(self.buildx, seeder, self._environments(recipe)))
                first = self._sdist(recipe, seeder, tree)
            if (sdist := first.distribution) is None:
                self.buildx.stop()
                return [first]
            context = self.state.sdist(sdist.name)
            unpack(sdist.path, context / "src")
            tree = tree or sdist_context(context / "src", self.scratch / "tree")
            return [first, *self._wheels(sdist.name, context, tree, first.report)]

    def _environments(self, recipe: Recipe) -> list[BuildRequest]:
        """
        What makes the environments of the first wheels beside the sdist, which needs one of them.

        None where the last run made them: an engine is unlikely to lack them, then.
        """
        main, soon = self.plan.main, self.plan.targets[: self.jobs]
        return [
            environment_request(self._its_own(recipe, target), target)
            for target in (() if self.last else main.targets)
            if target in soon and target.identifier.interpreter != main.tools_interpreter
        ]

    def _its_own(self, recipe: Recipe, target: BuildTarget) -> Recipe:
        """The recipe with what holds for one target."""
        options = self.settings.for_target(target.identifier)
        return replace(recipe, options=options, constraints=self.constraints[str(target)])

    def images_used(self, made: RunReport) -> dict[str, Architecture]:
        """The images on which a step ran, and their architectures."""
        built = {target.name for target in made.targets if report.outcome(target) == "built"}
        users = [(batch, [*map(str, batch.targets)]) for batch in self.plan.batches]
        users.append((self.plan.main, [report.SDIST]))
        return {
            batch.offer.image: batch.wish.platform.architecture
            for batch, names in users
            if built.intersection(names)
        }

    def results(self, done: RunReport) -> dict[str, list[Path]]:
        """What each target leaves, for people and for the next run, which looks for it there."""
        exports = self.settings.cache_dir / _folder_name(done.project)
        return {
            target.name: [
                self.settings.output_dir / target.file,
                *exports.glob(f"{target.name}/index.json"),
            ]
            for target in done.targets
            if target.file
        }

    def _recipe(self, project: str, batch: Batch, tree: TreeContext | None = None) -> Recipe:
        return Recipe(
            base_image=batch.offer.image,
            architecture=batch.wish.platform.architecture,
            tools_interpreter=batch.tools_interpreter,
            build_requires=self.project.build_system.requires,
            options=self.settings.everywhere,
            constraints=self.constraints[EVERYWHERE],
            preparation=batch.preparation,
            files=tree.used_by(batch.preparation) if tree else None,
            builder=self.settings.builder or None,
            project=_folder_name(project),
            seeds=Seeds(ca_bundle(os.environ))
            if self.cold
            else self._keeping(project, tree).seeds(batch, self.plan.batches),
            epoch=self.epoch,
            cold=self.cold,
        )

    def _sdist(self, recipe: Recipe, seeder: Seeder, tree: TreeContext) -> TargetResult:
        request = sdist_request(recipe, tree, output := self.scratch / "sdist")
        return self._maker(recipe, seeder).make(report.SDIST, request, output)

    def _tree(self, source: DirectorySource) -> TreeContext:
        return tree_context(
            source,
            self.scratch / "tree",
            outputs=[self.settings.output_dir, self.state.root],
            history_folder=self.state.history(_folder_name(self._project_name(source))),
            build_requires=self.project.build_system.requires,
            say=self.display.say,
        )

    def _project_name(self, source: Source) -> str:
        """The project's name as far as it is known before anything is built."""
        return self.project.normalized_name or source.path.name

    def _given(self, path: Path) -> TargetResult:
        distribution = read_distribution(path)
        if distribution is None:
            raise NotAPythonProjectError(
                f"{path.name} is no sdist's file name", cure="One looks like name-1.0.tar.gz."
            )
        return TargetResult.made("sdist", distribution, BuildRecord(), 0.0)

    def _wheels(
        self,
        project: str,
        origin: Path | TreeContext,
        tree: TreeContext,
        made: TargetReport | None = None,
    ) -> list[TargetResult]:
        """Build them of the tree, or of an sdist in `origin/src`, which `made` tells of."""
        kept: Mapping[str, TargetReport] = {}
        if self.last and isinstance(origin, Path):
            kept = self.last.wheels_of(content(origin / "src"))
        recipes = {batch: self._recipe(project, batch, tree) for batch in self.plan.batches}
        # An engine's cache mounts are the same for every image.
        seeder = self._seeder(recipes[self.plan.main])
        makers = {batch: self._maker(recipe, seeder) for batch, recipe in recipes.items()}
        keepers = self._keepers(recipes, tree, seeder)
        auditor = Auditor(
            builder=self.buildx,
            display=self.display,
            base_image=self.plan.main.offer.image,
            seeder=seeder,
            aside=self.state.unaudited,
        )

        # One build more than there are processors runs at once, as `default_jobs` has it.
        idle = Idle(len(self.plan.targets), processors=self.jobs - 1)

        def wheel(target: BuildTarget) -> TargetResult:
            try:
                before = kept.get(str(target))
                return self._still(before) if before else build(target)
            finally:
                idle.one_ended()

        def build(target: BuildTarget) -> TargetResult:
            batch = self.plan.batch(target)
            recipe, maker = recipes[batch], makers[batch]
            output = self.scratch / str(target)
            request = wheel_request(self._its_own(recipe, target), target, origin, output)

            def check(wheel: Distribution) -> None:
                options = self.settings.for_target(target.identifier)
                repaired = bool(options.repair_wheel_command)
                delivered.check(target, made.file if made else None, wheel, repaired=repaired)
                if commands := commands_for(options.audit_command, wheel.path.name):
                    there = self._its_own(recipes[self.plan.main], target)
                    audit = audit_request(there, commands, wheel.path, origin)
                    auditor.audit(str(target), wheel.path, audit)

            return maker.make(str(target), request, output, check)

        def at_once(targets: Sequence[BuildTarget]) -> Sequence[TargetResult]:
            return run_all(targets, wheel, at_once=self.jobs, stop=self.buildx.stop)

        # A batch that ran no step needs no tools, which an engine may well lack.
        main = keepers.get(self.plan.main)
        outcome = report.outcome(made) if made else ""
        is_due = main and (outcome == "built" or (outcome == "given" and main.is_file_old))
        with beside(main.keep, "tools", when=idle) if main and is_due else nullcontext():
            results = make_all(self.plan, at_once, self.display)
        if is_due:
            del keepers[self.plan.main]
        ran = {each.report.name for each in results if report.outcome(each.report) == "built"}
        for batch, keeper in keepers.items():
            if ran.intersection(map(str, batch.targets)):
                keeper.keep()
        return results

    def _still(self, before: TargetReport) -> TargetResult:
        """The result of a wheel that is in the output folder already."""
        self.display.started(before.name)
        self.display.finished(before)
        wheel = read_distribution(self.settings.output_dir / f"{before.file}")
        return TargetResult(before, distribution=wheel)

    def _keepers(
        self, recipes: Mapping[Batch, Recipe], tree: TreeContext, seeder: Seeder
    ) -> dict[Batch, ToolsKeeper]:
        """What keeps the tools, unless no cache is to be left; the sdist's come first."""
        if self.cold:
            return {}
        main = self.plan.main
        keeping = self._keeping(recipes[main].project, tree)
        first = {main: recipes[main], **recipes}
        local = self.sees_local_images
        return keeping.tools_keepers(first, self.buildx, seeder, self.display.say, as_images=local)

    def _keeping(self, project: str, tree: TreeContext | None = None) -> Keeping:
        return Keeping(self.settings.cache_dir / _folder_name(project), tree)

    def _seeder(self, recipe: Recipe) -> Seeder:
        seeding = seed_request(recipe, Path(tempfile.mkdtemp(prefix="seeds-", dir=self.scratch)))
        return Seeder(self.buildx, recipe.base_image, recipe.seeds, seeding)

    def _maker(self, recipe: Recipe, seeder: Seeder) -> TargetMaker:
        return TargetMaker(
            builder=self.buildx,
            display=self.display,
            base_image=recipe.base_image,
            seeder=seeder,
            cache=None if self.cold else self.settings.cache_dir / recipe.project,
            attest=self.attest,
        )

    def _report(
        self, results: Sequence[TargetResult], started: datetime, seconds: float
    ) -> RunReport:
        made = next(filter(None, (result.distribution for result in results)), None)
        return RunReport(
            wheeldock=__version__,
            project=made.name if made else self.project.name or "",
            version=str(made.version) if made else self.project.version or "",
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            base_image=self.plan.main.offer.image,
            stand_in=self.plan.main.offer.is_stand_in,
            base_images={
                str(target): batch.offer.image
                for batch in self.plan.batches
                for target in batch.targets
            },
            targets=tuple(result.report for result in results),
        )

    def _keep(self, built: Sequence[Distribution]) -> str:
        """Put what was built aside and say where it is."""
        shutil.rmtree(self.state.wheelhouse, ignore_errors=True)
        if not built:
            return ""
        self.state.wheelhouse.mkdir(parents=True)
        for distribution in built:
            shutil.copy2(distribution.path, self.state.wheelhouse)
        return f"What was built is kept in {self.state.wheelhouse}. "


def _folder_name(project: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", project)


def _joined(errors: Sequence[WheeldockError], kept: str) -> WheeldockError:
    """One error for all: of their own kind when they are of one, else a failed build."""
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else BuildFailedError
    message = "\n".join(error.message for error in errors)
    cures = dict.fromkeys(error.cure for error in errors if error.cure)
    return kind(message, cure=" ".join([f"{kept}The output folder is as it was.", *cures]))
