"""
`invoke build`: from a source to repaired wheels in the output folder.

The steps hand one value forward: source and configuration, base image, plan, sdist, wheels,
output folder, report. Nothing reaches the output folder before everything is built.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wheeldock import __version__, baseimage, config, report, sources
from wheeldock.archive import unpack
from wheeldock.builder import Buildx
from wheeldock.cache import BASE_IMAGES
from wheeldock.errors import (
    BuildFailedError,
    NotAPythonProjectError,
    UsageError,
    WheeldockError,
)
from wheeldock.failures import cache_export_unsupported
from wheeldock.identifier import Selector
from wheeldock.ignore import ignored
from wheeldock.plan import Offer, Plan, make_plan
from wheeldock.progress import Progress, ProgressMode, open_progress
from wheeldock.project import Project, read_project
from wheeldock.recipe import DOCKER, Recipe, network_secrets, sdist_request, wheel_request
from wheeldock.record import BuildRecord
from wheeldock.report import RunReport
from wheeldock.scheduler import default_jobs, run_all
from wheeldock.sources import SdistSource
from wheeldock.state import State
from wheeldock.tags import Architecture
from wheeldock.targets import TargetMaker, TargetResult
from wheeldock.wheelhouse import Distribution, check_writable, publish, read_distribution

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import BuilderInfo
    from wheeldock.config import Config
    from wheeldock.plan import BuildTarget
    from wheeldock.sources import Source

ARCHITECTURE = Architecture.X86_64

LOG_WIDTH = 140
"""Columns of a log, which no terminal's width limits: a wheel's name stays in one piece."""


def run(
    source_text: str,
    *,
    only: Sequence[str],
    options: Mapping[str, str],
    dry_run: bool,
    progress: str,
    cold: bool = False,
) -> None:
    """
    Build a source's sdist and wheels, and show what became of each.

    `options` are the command line's, by the names of the configuration. `cold` uses no cache and
    leaves those that are there as they are. Raises WheeldockError; the output folder is then as
    it was.
    """
    mode = _progress_mode(progress)
    console = _console(mode)
    state = State(Path.cwd() / ".wheeldock")
    with open_progress(mode, console) as display, state.locked(display.say):
        source, project, settings = _open(source_text, options, state)
        buildx = Buildx()
        builder = _builder(settings, buildx)
        base = baseimage.resolve(
            settings.manylinux_x86_64_image,
            ARCHITECTURE,
            buildx,
            say=display.say,
            builder=builder,
            notes=None if cold else settings.cache_dir / BASE_IMAGES,
        )
        plan = make_plan(
            _offer(base),
            Selector(settings.build, settings.skip),
            only=only,
            requires_python=project.requires_python,
        )
        if dry_run:
            _show(plan, base, source, settings, display)
            return
        trees = [source.path] if source.path.is_dir() else []
        check_writable(settings.output_dir, keep_out=[Path.cwd(), *trees])
        with state.scratch() as scratch:
            suffix = f"-cold-{secrets.token_hex(6)}" if cold else ""
            build = _Build(buildx, display, state, settings, base, plan, project, scratch, suffix)
            made = build.run(source, whole=not only)
            if builder.sees_local_images and "built" in map(report.outcome, made.targets):
                baseimage.keep(base, buildx)


def _progress_mode(name: str) -> ProgressMode:
    try:
        return ProgressMode(name)
    except ValueError:
        allowed = ", ".join(mode.value for mode in ProgressMode)
        message = f"--progress: {name!r} is not one of {allowed}"
        raise UsageError(message) from None


def _console(mode: ProgressMode) -> Console:
    # In JSON mode the standard output is for programs, and people read the other one.
    console = Console(stderr=mode is ProgressMode.JSON)
    if not console.is_terminal:
        console.width = LOG_WIDTH
    return console


def _open(
    source_text: str, options: Mapping[str, str], state: State
) -> tuple[Source, Project, Config]:
    text = config.source_text(os.environ, source_text or None)
    source = sources.open_source(text, cwd=Path.cwd(), download_dir=state.downloads)
    project = read_project(source)
    settings = config.load(
        project.tool_table,
        path=project.pyproject_place,
        environ=os.environ,
        overrides=options,
    )
    return source, project, settings


def _builder(settings: Config, buildx: Buildx) -> BuilderInfo:
    builder = buildx.info(settings.builder or None)
    if not builder.can_export_cache:
        raise cache_export_unsupported(f"the builder {builder.name!r} ({builder.driver})")
    return builder


def _offer(base: BaseImage) -> Offer:
    return Offer(
        image=base.reference,
        interpreters=base.interpreters,
        libc=base.policy.libc,
        architecture=ARCHITECTURE,
        platform_tag=base.policy.platform_tag(ARCHITECTURE),
    )


def _show(plan: Plan, base: BaseImage, source: Source, settings: Config, display: Progress) -> None:
    display.say(f"source      {source.path}")
    display.say(f"base image  {base.reference}")
    display.say(f"policy      {base.policy.platform_tag(ARCHITECTURE)}")
    display.say(f"output      {settings.output_dir}")
    for target in plan.targets:
        display.say(f"would build {target}")


@dataclass(frozen=True)
class _Build:
    """One run's targets, from the sdist to the output folder."""

    buildx: Buildx
    display: Progress
    state: State
    settings: Config
    base: BaseImage
    plan: Plan
    project: Project
    scratch: Path
    cold: str
    """A suffix for cache mounts that go with the run; "" to use what is cached."""

    def run(self, source: Source, *, whole: bool) -> RunReport:
        """Build everything; `whole` says that the plan is all that the project has."""
        try:
            return self._run(source, whole=whole)
        finally:
            if self.cold:
                self.buildx.remove_cache_mounts(self.cold, self.settings.builder or None)

    def _run(self, source: Source, *, whole: bool) -> RunReport:
        started, clock = datetime.now(timezone.utc), time.monotonic()
        results = [self._sdist(source)]
        if sdist := results[0].distribution:
            context = self.state.sdist(sdist.name)
            unpack(sdist.path, context / "src")
            results += run_all(
                self.plan.targets,
                lambda target: self._wheel(target, context),
                at_once=self.settings.jobs or default_jobs(),
                stop=self.buildx.stop,
            )
        run_report = self._report(results, started, time.monotonic() - clock)
        report.write(run_report, self.state.report)
        built = [result.distribution for result in results if result.distribution]
        errors = [result.error for result in results if result.error]
        if not errors:
            publish(built, self.settings.output_dir, whole=whole)
        self.display.summary(run_report, self.settings.output_dir)
        if errors:
            raise _joined(errors, self._keep(built))
        return run_report

    @cached_property
    def _recipe(self) -> Recipe:
        return Recipe(
            base_image=self.base.reference,
            tools_interpreter=self.plan.tools_interpreter,
            build_requires=self.project.build_system.requires,
            config_settings=self.settings.config_settings,
            builder=self.settings.builder or None,
            secrets=network_secrets(os.environ),
            cold=self.cold,
        )

    def _sdist(self, source: Source) -> TargetResult:
        if isinstance(source, SdistSource):
            return self._given(source.path)
        folder = self.scratch / "sdist"
        folder.mkdir()
        dockerfile = folder / "Dockerfile"
        shutil.copy(DOCKER / "Dockerfile", dockerfile)
        patterns = ignored(source.path, outputs=[self.settings.output_dir, self.state.root])
        dockerfile.with_name("Dockerfile.dockerignore").write_text(
            "".join(f"{pattern}\n" for pattern in patterns), encoding="utf-8"
        )
        request = sdist_request(self._recipe, source.path, dockerfile, folder / "out")
        project = self.project.normalized_name or source.path.name
        return self._maker(project).make("sdist", request, folder / "out")

    def _given(self, path: Path) -> TargetResult:
        distribution = read_distribution(path)
        if distribution is None:
            raise NotAPythonProjectError(
                f"{path.name} is no sdist's file name", cure="One looks like name-1.0.tar.gz."
            )
        return TargetResult.made("sdist", distribution, BuildRecord(), 0.0)

    def _wheel(self, target: BuildTarget, sdist: Path) -> TargetResult:
        output = self.scratch / str(target)
        request = wheel_request(self._recipe, target, sdist, output)
        return self._maker(sdist.name).make(str(target), request, output)

    def _maker(self, project: str) -> TargetMaker:
        folder = self.settings.cache_dir / re.sub(r"[^A-Za-z0-9._-]+", "_", project)
        return TargetMaker(
            builder=self.buildx,
            display=self.display,
            base_image=self.base.reference,
            cache=None if self.cold else folder,
        )

    def _report(
        self, results: Sequence[TargetResult], started: datetime, seconds: float
    ) -> RunReport:
        sdist = results[0].distribution
        return RunReport(
            wheeldock=__version__,
            project=sdist.name if sdist else self.project.name or "",
            version=str(sdist.version) if sdist else self.project.version or "",
            started=started.isoformat(timespec="seconds"),
            seconds=round(seconds, 3),
            base_image=self.base.reference,
            stand_in=self.base.is_stand_in,
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


def _joined(errors: Sequence[WheeldockError], kept: str) -> WheeldockError:
    """One error for all: of their own kind when they are of one, else a failed build."""
    kinds = {type(error) for error in errors}
    kind = kinds.pop() if len(kinds) == 1 else BuildFailedError
    message = "\n".join(error.message for error in errors)
    cures = dict.fromkeys(error.cure for error in errors if error.cure)
    return kind(message, cure=" ".join([f"{kept}The output folder is as it was.", *cures]))
