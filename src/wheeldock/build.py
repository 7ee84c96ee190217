"""
`invoke build`: from a source to repaired wheels in the output folder.

The steps hand one value forward: source and configuration, plan, sdist, wheels,
output folder, report. Nothing reaches the output folder before everything is built.
"""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import baseimage, digests, dryrun, ingredients, made, planning, report
from wheeldock.builder import Buildx
from wheeldock.failures import cache_export_unsupported
from wheeldock.made import Made
from wheeldock.progress import ProgressMode, open_console, open_progress
from wheeldock.run import Run
from wheeldock.scheduler import default_jobs
from wheeldock.sources import DirectorySource
from wheeldock.state import State
from wheeldock.wheelhouse import check_apart, check_writable
from wheeldock.workshop import Workshop

if TYPE_CHECKING:
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
        _build(asked, state, display, clock, cold=cold, test=test, attest=attest)


def _build(
    asked: Asked,
    state: State,
    display: Progress,
    clock: float,
    *,
    cold: bool,
    test: bool,
    attest: bool,
) -> None:
    """Build, unless all is as the last run left it; `clock` is when this one began."""
    inputs = planning.read(asked, state)
    for remark in inputs.remarks:
        display.say(remark)
    source, settings = inputs.source, inputs.settings
    trees = [source.project] if isinstance(source, DirectorySource) else []
    keep_out = [Path.cwd(), *trees]
    check_apart(settings.output_dir, keep_out, settings.origin("output-dir"))
    buildx = Buildx()
    last = None if cold or attest else made.read(state.made)
    whole = not asked.only
    now = ingredients.of_run(inputs, state, whole=whole)
    if last and last.inputs == now and last.is_whole() and last.same_images(buildx.image_id):
        _show_again(last, settings, state, display, time.monotonic() - clock)
        if test:
            from wheeldock.testing import check_built  # noqa: PLC0415 - few builds test

            check_built(inputs, buildx, display, state, asked.only)
        return
    builder = _builder(settings, buildx)
    plan = planning.fetched(inputs, buildx, builder, display.say, cold=cold)
    if not plan.targets:
        display.say(planning.emptiness(inputs).message)
        return
    answers = dict(buildx.asked)
    with_what = ingredients.of_wheels(inputs, plan, answers, now.tree)
    check_writable(settings.output_dir, keep_out=keep_out)
    with state.scratch() as scratch:
        shop = Workshop(
            buildx=buildx,
            display=display,
            state=state,
            settings=settings,
            plan=plan,
            project=inputs.project,
            constraints=inputs.constraints,
            scratch=scratch,
            epochs=inputs.epochs,
            cold=f"-cold-{secrets.token_hex(6)}" if cold else "",
            attest=attest,
            jobs=settings.jobs or default_jobs(builder.capacity),
            sees_local_images=builder.sees_local_images,
        )
        tester = _tester(inputs, plan, shop, builder) if test else None
        run = Run(shop, last.where_same(now.software, with_what) if last else None, tester)
        done = run.build(source, whole=whole)
        if builder.sees_local_images:
            for image, architecture in run.images_used(done).items():
                baseimage.keep(image, architecture, buildx)
    if not cold:
        has_sdist = any(target.name == report.SDIST for target in done.targets)
        sdist = digests.of_folder(state.sdist(done.project) / "src") if has_sdist else ""
        files = made.stamps(run.results(done))
        made.write(Made(now, answers, sdist, done, files, with_what), state.made)


def _tester(inputs: Inputs, plan: Plan, shop: Workshop, builder: BuilderInfo) -> Tester:
    from wheeldock.tester import Tester  # noqa: PLC0415 - few builds test

    return Tester(
        buildx=shop.buildx,
        display=shop.display,
        state=shop.state,
        inputs=inputs,
        plan=plan,
        builder=builder,
        scratch=shop.scratch / "tests",
        again=bool(shop.cold),
    )


def _show_again(
    last: Made, settings: Config, state: State, display: Progress, seconds: float
) -> None:
    """Tell of a run that finds all as the last one left it."""
    done = last.again(seconds)
    report.write(done, state.report)
    for target in done.targets:
        display.started(target.name)
        display.finished(target)
    display.summary(done, settings.output_dir)


def _builder(settings: Config, buildx: Buildx) -> BuilderInfo:
    builder = buildx.info(settings.builder or None)
    if not builder.can_export_cache:
        raise cache_export_unsupported(f"the builder {builder.name!r} ({builder.driver})")
    return builder
