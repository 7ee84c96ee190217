"""The wheels of a plan, from their source: built, kept from the last run, checked, audited."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import delivered, digests, report
from wheeldock.audit import Auditor, commands_for
from wheeldock.beside import Remaining, beside
from wheeldock.recipe import audit_request, wheel_request
from wheeldock.scheduler import run_all
from wheeldock.served import make_all
from wheeldock.targets import TargetResult
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wheeldock.context import TreeContext
    from wheeldock.made import Made
    from wheeldock.plan import BuildTarget
    from wheeldock.report import TargetReport
    from wheeldock.reuse import Counts
    from wheeldock.wheelhouse import Distribution
    from wheeldock.workshop import Workshop


@dataclass(frozen=True)
class Wheels:
    """All wheels of a plan."""

    shop: Workshop
    origin: Path | TreeContext
    """A source tree, or a folder with an unpacked sdist in `src`."""
    last: Made | None
    """What the last run made, with the wheels that would be made with the same now."""
    sdist: TargetReport | None = None
    """Of the sdist that they are made from."""

    def make(self) -> list[TargetResult]:
        """Make them, so many at once, and keep what they were made with and what they compiled."""
        shop, plan = self.shop, self.shop.plan
        # With fewer left to compile, a processor has time for something else.
        few = Remaining(plan.targets, fewer_than=shop.processors)
        of_sdist = self.sdist.compiler_cache if self.sdist else None
        at_once = partial(self._at_once, few=few, unkept=[of_sdist] if of_sdist else [])
        # A batch that ran no step needs no tools, which an engine may well lack.
        keepers = shop.keepers()
        main = keepers.get(plan.main)
        outcome = report.outcome(self.sdist) if self.sdist else ""
        is_due = main and (outcome == "built" or (outcome == "given" and main.is_file_old))
        with beside(main.keep, "tools", when=few) if main and is_due else nullcontext():
            results = make_all(plan, at_once, shop.display)
        if is_due:
            del keepers[plan.main]
        ran = {each.report.name for each in results if report.outcome(each.report) == "built"}
        for batch, keeper in keepers.items():
            if ran.intersection(map(str, batch.targets)):
                keeper.keep()
        return results

    def _at_once(
        self, targets: Sequence[BuildTarget], few: Remaining, unkept: list[Counts]
    ) -> list[TargetResult]:
        """
        Make wheels, and keep what they compiled while the last of them are repaired.

        `unkept` is what was compiled before and not kept yet; it is kept with that.
        """
        shop = self.shop
        to_compile = Remaining(targets, fewer_than=1)
        gave: dict[str, Counts] = {}

        def is_compiled(target: BuildTarget) -> None:
            to_compile.done(target)
            few.done(target)

        def work(target: BuildTarget) -> TargetResult:
            def compiled(counts: Counts) -> None:
                gave[str(target)] = counts
                is_compiled(target)

            try:
                return self._wheel(target, compiled)
            finally:
                is_compiled(target)

        def keep() -> None:
            recipe, found = shop.recipes[shop.plan.main], [*unkept, *gave.values()]
            shop.keeping.keep_compiler_cache(recipe, shop.seeder, found, shop.display.say)
            unkept.clear()

        # From Python 3.12 on, threads that ask at once would each find these out for themselves.
        _ = self._kept, self._auditor, shop.seeder
        with beside(keep, "compiler cache", when=to_compile) if not shop.cold else nullcontext():
            return run_all(targets, work, at_once=shop.jobs, stop=shop.buildx.stop)

    @cached_property
    def _kept(self) -> Mapping[str, TargetReport]:
        """What the last run made of the same sdist of the same name, with the same time."""
        if self.last is None or self.sdist is None or not isinstance(self.origin, Path):
            return {}
        inside = digests.of_folder(self.origin / "src")
        return self.last.wheels_of(f"{self.sdist.file}", inside, self.shop.epochs.wheels)

    @cached_property
    def _auditor(self) -> Auditor:
        return Auditor(
            display=self.shop.display,
            base_image=self.shop.plan.main.offer.image,
            seeder=self.shop.seeder,
            aside=self.shop.state.unaudited,
        )

    def _wheel(self, target: BuildTarget, compiled: Callable[[Counts], None]) -> TargetResult:
        if before := self._kept.get(str(target)):
            return self._still(before)
        batch = self.shop.plan.batch(target)
        output = self.shop.scratch / str(target)
        recipe = self.shop.recipe_for(target, batch)
        request = wheel_request(recipe, target, self.origin, output)

        def check(wheel: Distribution) -> None:
            self._check(target, wheel)

        return self.shop.maker(batch).make(str(target), request, output, check, compiled)

    def _check(self, target: BuildTarget, wheel: Distribution) -> None:
        """Check that a wheel is the one that was due, and audit it. Raises WheeldockError."""
        recipe = self.shop.recipe_for(target, self.shop.plan.main)
        repaired = bool(recipe.options.repair_wheel_command)
        sdist = self.sdist.file if self.sdist else None
        delivered.check(target, sdist, wheel, repaired=repaired)
        if commands := commands_for(recipe.options.audit_command, wheel.path.name):
            request = audit_request(recipe, commands, wheel.path, self.origin)
            self._auditor.audit(str(target), wheel.path, request)

    def _still(self, before: TargetReport) -> TargetResult:
        """The result of a wheel that is in the output folder already."""
        self.shop.display.started(before.name)
        self.shop.display.finished(before)
        wheel = read_distribution(self.shop.settings.output_dir / f"{before.file}")
        return TargetResult(before, distribution=wheel)
