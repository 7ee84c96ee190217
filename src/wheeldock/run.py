"""One run: from the sdist and the wheels of a plan to the output folder and the report."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from wheeldock import (
    __version__,
    attestation,
    epoch,
    imagelacks,
    report,
    unrequired,
    unshipped,
)
from wheeldock.archive import files_below
from wheeldock.bysdist import ByTree, of_sdist
from wheeldock.choices import BuildFrom
from wheeldock.context import TreeContext, tree_context
from wheeldock.errors import BuildFailedError
from wheeldock.report import RunReport
from wheeldock.sources import DirectorySource, SdistSource
from wheeldock.together import joined
from wheeldock.wheelhouse import Distribution, publish
from wheeldock.wheels import Wheels
from wheeldock.workshop import folder_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from wheeldock.made import Made
    from wheeldock.sources import Source
    from wheeldock.tags import Architecture
    from wheeldock.targets import TargetResult
    from wheeldock.tester import Tester
    from wheeldock.workshop import Workshop


@dataclass(frozen=True)
class Run:
    """One run's targets, from the sdist to the output folder."""

    shop: Workshop
    last: Made | None = None
    """What the last run made, with the wheels that would be made with the same now."""
    tester: Tester | None = None
    """What tests the wheels before they get into the output folder, if they are to be tested."""

    def build(self, source: Source, *, whole: bool) -> RunReport:
        """Build everything; `whole` says that the plan is all that the project has."""
        shop = self.shop
        try:
            return self._build(source, whole=whole)
        finally:
            if shop.cold:
                shop.forget()

    def _build(self, source: Source, *, whole: bool) -> RunReport:
        started, clock = datetime.now(timezone.utc), time.monotonic()
        if self.shop.settings.build_from is BuildFrom.TREE and isinstance(source, DirectorySource):
            tree = self._tree(source)
            shop = self.shop.of(self._name(source), tree).dated(epoch.of_wheels(source, None))
            results = Wheels(shop, tree, self.last).make()
            _tell_of_files(results, tree.files, tree.files)
        else:
            results = self._by_sdist(source)
        run_report = self._report(results, started, time.monotonic() - clock)
        report.write(run_report, self.shop.state.report)
        built = [result.distribution for result in results if result.distribution]
        errors = [result.error for result in results if result.error]
        output = self.shop.settings.output_dir
        if self.tester and not errors:
            errors += self.tester.check([each.path for each in built if each.path.suffix == ".whl"])
        if not errors:
            attested = attestation.attested(output)
            publish(built, output, whole=whole)
            attestation.retract(attested, output)
            if self.shop.attest:
                attestation.write(results, self.shop.plan, output)
        where = self.shop.state.wheelhouse if errors else output
        self.shop.display.summary(run_report, where)
        if errors:
            for error in errors:
                unrequired.tell(error)
            kept = f"{self._keep(built)}The output folder is as it was."
            raise joined(errors, BuildFailedError, kept)
        return run_report

    def _by_sdist(self, source: Source) -> list[TargetResult]:
        """Make the sdist, and the wheels from what is in it."""
        if isinstance(source, SdistSource):
            tree, results = None, of_sdist(source, self.shop, self.last)
        else:
            tree = self._tree(source)
            results = ByTree(self.shop.of(self._name(source), tree), tree, self.last).make()
        if results[0].distribution and any(result.error for result in results):
            shipped = files_below(self.shop.state.unpacked(results[0].distribution.name))
            _tell_of_files(results, tree.files if tree else shipped, shipped)
        return results

    def images_used(self, made: RunReport) -> dict[str, Architecture]:
        """The images on which a step ran, and their architectures."""
        built = {target.name for target in made.targets if report.outcome(target) == "built"}
        users = [(batch, [*map(str, batch.targets)]) for batch in self.shop.plan.batches]
        users.append((self.shop.plan.main, [report.SDIST]))
        return {
            batch.offer.image: batch.wish.platform.architecture
            for batch, names in users
            if built.intersection(names)
        }

    def results(self, done: RunReport) -> dict[str, list[Path]]:
        """What each target leaves, for people and for the next run, which looks for it there."""
        exports = self.shop.settings.cache_dir / folder_name(done.project)
        return {
            target.name: [
                self.shop.settings.output_dir / target.file,
                *exports.glob(f"{target.name}/index.json"),
            ]
            for target in done.targets
            if target.file
        }

    def _tree(self, source: DirectorySource) -> TreeContext:
        return tree_context(
            source,
            self.shop.scratch / "tree",
            outputs=[self.shop.settings.output_dir, self.shop.state.root],
            history_folder=self.shop.state.history(folder_name(self._name(source))),
            build_requires=self.shop.project.build_system.requires,
            say=self.shop.display.say,
        )

    def _name(self, source: Source) -> str:
        """The project's name as far as it is known before anything is built."""
        return self.shop.project.normalized_name or source.path.name

    def _report(
        self, results: Sequence[TargetResult], started: datetime, seconds: float
    ) -> RunReport:
        made = next(filter(None, (result.distribution for result in results)), None)
        return RunReport(
            wheeldock=__version__,
            project=made.name if made else self.shop.project.name or "",
            version=str(made.version) if made else self.shop.project.version or "",
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            base_image=self.shop.plan.main.offer.image,
            stand_in=self.shop.plan.main.offer.is_stand_in,
            base_images={
                str(target): batch.offer.image
                for batch in self.shop.plan.batches
                for target in batch.targets
            },
            targets=tuple(result.report for result in results),
        )

    def _keep(self, built: Sequence[Distribution]) -> str:
        """Put what was built aside and say where it is."""
        shutil.rmtree(self.shop.state.wheelhouse, ignore_errors=True)
        if not built:
            return ""
        self.shop.state.wheelhouse.mkdir(parents=True)
        for distribution in built:
            shutil.copy2(distribution.path, self.shop.state.wheelhouse)
        return f"What was built is kept in {self.shop.state.wheelhouse}. "


def _tell_of_files(
    results: Iterable[TargetResult], project: Iterable[str], shipped: Iterable[str]
) -> None:
    """Tell in the cures of failed builds of the files that they miss."""
    files, lacking = {*project, *shipped}, {*project}.difference(shipped)
    for error in [result.error for result in results if result.error]:
        unshipped.tell(error, lacking)
        imagelacks.tell_of_header(error, files)
