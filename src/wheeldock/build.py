"""
`invoke build`: from a source to repaired wheels in the output folder.

The steps hand one value forward: source and configuration, plan, sdist, wheels,
output folder, report. Nothing reaches the output folder before everything is built.
"""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import baseimage, digests, dryrun, ingredients, made, planning, report
from wheeldock.builder import Buildx
from wheeldock.made import Made
from wheeldock.progress import ProgressMode, open_console, open_progress
from wheeldock.refusals import cache_export_unsupported
from wheeldock.run import Run
from wheeldock.scheduler import default_jobs
from wheeldock.sources import DirectorySource
from wheeldock.state import State
from wheeldock.wheelhouse import check_apart, check_writable
from wheeldock.workshop import Workshop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.config import Config
    from wheeldock.plan import Plan
    from wheeldock.planning import Asked, Inputs
    from wheeldock.progress import Progress
    from wheeldock.tester import Tester


def run(
    asked: Asked,
    *,
    dry_run: bool,
    progress: str,
    cold: bool = False,
    test: bool = False,
    attest: bool = False,
) -> None:
    """
    Build a source's sdist and wheels, and show what became of each.

    `cold` uses no cache and leaves those that are there as they are. With `test` nothing gets into
    the output folder unless each wheel passes its tests. With `attest` bills of materials and
    BuildKit's provenance go beside them. Raises WheeldockError; the output folder
    is then as it was.
    """
    clock = time.monotonic()
    mode = ProgressMode.named(progress)
    console = open_console(mode)
    state = State.here()
    if dry_run:
        with open_progress(mode, console) as display:
            dryrun.show(asked, state, display.say)
        return
    with open_progress(mode, console) as display, state.locked(display.say):
        inputs = planning.read(asked, state)
        for remark in inputs.remarks:
            display.say(remark)
        build = _Build(
            inputs=inputs,
            only=asked.only,
            state=state,
            display=display,
            buildx=Buildx(),
            cold=cold,
            test=test,
            attest=attest,
        )
        build.run(clock)


@dataclass(frozen=True, kw_only=True)
class _Build:
    """What is asked of one run, and its means."""

    inputs: Inputs
    only: Sequence[str]
    """Build identifiers, if nothing else is to be built."""
    state: State
    display: Progress
    buildx: Buildx
    cold: bool
    test: bool
    attest: bool

    def run(self, clock: float) -> None:
        """Build, unless all is as the last run left it; `clock` is when this one began."""
        settings = self.inputs.settings
        check_apart(settings.output_dir, self._keep_out(), settings.origin("output-dir"))
        last = None if self.cold or self.attest else made.read(self.state.made)
        now = ingredients.of_run(self.inputs, self.state, whole=not self.only)
        same = last is not None and last.inputs == now and last.is_whole()
        if last and same and last.same_images(self.buildx.image_id):
            self._show_again(last, time.monotonic() - clock)
        else:
            self._make(now, last)

    def _keep_out(self) -> list[Path]:
        """Folders that are no place for distributions."""
        source = self.inputs.source
        return [Path.cwd(), *([source.project] if isinstance(source, DirectorySource) else [])]

    def _show_again(self, last: Made, seconds: float) -> None:
        """Tell of a run that finds all as the last one left it, and test that if need be."""
        done = last.again(seconds)
        report.write(done, self.state.report)
        for target in done.targets:
            self.display.started(target.name)
            self.display.finished(target)
        self.display.summary(done, self.inputs.settings.output_dir)
        if self.test:
            from wheeldock.testing import check_built  # noqa: PLC0415 - few builds test

            check_built(self.inputs, self.buildx, self.display, self.state, self.only)

    def _make(self, now: made.Inputs, last: Made | None) -> None:
        """Build what the last run did not make from the same, and remember what this one made."""
        inputs, settings, buildx = self.inputs, self.inputs.settings, self.buildx
        builder = _builder(settings, buildx)
        plan = planning.fetched(inputs, buildx, builder, self.display.say, cold=self.cold)
        if not plan.targets:
            self.display.say(planning.emptiness(inputs).message)
            return
        answers = dict(buildx.asked)
        made_with = ingredients.of_wheels(inputs, plan, answers, now.tree)
        check_writable(settings.output_dir, keep_out=self._keep_out())
        with self.state.scratch() as scratch:
            shop = self._workshop(plan, builder, scratch)
            tester = self._tester(shop, builder) if self.test else None
            run = Run(shop, last.where_same(now.software, made_with) if last else None, tester)
            done = run.build(inputs.source, whole=not self.only)
            if builder.sees_local_images:
                for image, architecture in run.images_used(done).items():
                    baseimage.keep(image, architecture, buildx)
        if not self.cold:
            has_sdist = any(target.name == report.SDIST for target in done.targets)
            unpacked = self.state.unpacked(done.project)
            sdist = digests.of_folder(unpacked) if has_sdist else ""
            files = made.stamps(run.results(done))
            this = Made(now, answers, sdist, done, files, made_with)
            made.write(this.with_others(last), self.state.made)

    def _workshop(self, plan: Plan, builder: BuilderInfo, scratch: Path) -> Workshop:
        settings = self.inputs.settings
        return Workshop(
            buildx=self.buildx,
            display=self.display,
            state=self.state,
            settings=settings,
            plan=plan,
            project=self.inputs.project,
            constraints=self.inputs.constraints,
            scratch=scratch,
            epochs=self.inputs.epochs,
            cold=f"-cold-{secrets.token_hex(6)}" if self.cold else "",
            attest=self.attest,
            jobs=settings.jobs or default_jobs(builder.capacity),
            sees_local_images=builder.sees_local_images,
        )

    def _tester(self, shop: Workshop, builder: BuilderInfo) -> Tester:
        from wheeldock.tester import Tester  # noqa: PLC0415 - few builds test

        return Tester(
            buildx=self.buildx,
            display=self.display,
            state=self.state,
            inputs=self.inputs,
            plan=shop.plan,
            builder=builder,
            scratch=shop.scratch / "tests",
            again=self.cold,
        )


def _builder(settings: Config, buildx: Buildx) -> BuilderInfo:
    builder = buildx.info(settings.builder or None)
    if not builder.can_export_cache:
        raise cache_export_unsupported(f"the builder {builder.name!r} ({builder.driver})")
    return builder
