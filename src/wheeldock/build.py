"""
`invoke build`: from a source to repaired wheels in the output folder.

The steps hand one value forward: source and configuration, base image, plan, sdist, wheels,
output folder, report. Nothing reaches the output folder before everything is built.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from wheeldock import abi, baseimage, config, limited_api, pyproject, report, sources
from wheeldock.builder import Buildx
from wheeldock.cache import BASE_IMAGES
from wheeldock.errors import UsageError
from wheeldock.failures import cache_export_unsupported
from wheeldock.identifier import Selector
from wheeldock.plan import Offer, Plan, make_plan
from wheeldock.progress import Progress, ProgressMode, open_progress
from wheeldock.project import Project, read_project
from wheeldock.run import Run
from wheeldock.scheduler import default_jobs
from wheeldock.state import State
from wheeldock.tags import Architecture
from wheeldock.wheelhouse import check_writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.baseimage import BaseImage
    from wheeldock.builder import BuilderInfo
    from wheeldock.config import Config
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
    config_file: str = "",
) -> None:
    """
    Build a source's sdist and wheels, and show what became of each.

    `options` are the command line's, by the names of the configuration. `cold` uses no cache and
    leaves those that are there as they are. `config_file`, with `{package}` for the source, takes
    pyproject.toml's place. Raises WheeldockError; the output folder is then as it was.
    """
    mode = _progress_mode(progress)
    console = _console(mode)
    state = State(Path.cwd() / ".wheeldock")
    with open_progress(mode, console) as display, state.locked(display.say):
        source, project, settings = _open(source_text, options, config_file, state)
        for remark in (*settings.remarks, *config.check_supported(settings)):
            display.say(remark)
        buildx = Buildx()
        builder = _builder(settings, buildx)
        settings = replace(settings, jobs=settings.jobs or default_jobs(builder.capacity))
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
            abis=_likely_abis(project, settings, state),
        )
        if dry_run:
            _show(plan, base, source, settings, display)
            return
        trees = [source.path] if source.path.is_dir() else []
        check_writable(settings.output_dir, keep_out=[Path.cwd(), *trees])
        with state.scratch() as scratch:
            suffix = f"-cold-{secrets.token_hex(6)}" if cold else ""
            images = builder.sees_local_images
            run = Run(buildx, display, state, settings, base, plan, project, scratch, suffix, images)
            made = run.build(source, whole=not only)
            if images and "built" in map(report.outcome, made.targets):
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
    source_text: str, options: Mapping[str, str], config_file: str, state: State
) -> tuple[Source, Project, Config]:
    text = config.source_text(os.environ, source_text or None)
    source = sources.open_source(text, cwd=Path.cwd(), download_dir=state.downloads)
    project = read_project(source)
    tools, place = project.tool, project.pyproject_place
    if config_file:
        place = config_file.replace("{package}", str(source.path))
        tools = pyproject.tools_of_file(Path(place))
    settings = config.load(
        tools,
        path=place,
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
    led = abi.led(plan.targets, plan.abis)
    for target in plan.targets:
        unless = f", unless the wheel of {led[target]} serves it" if target in led else ""
        display.say(f"would build {target}{unless}")


def _likely_abis(project: Project, settings: Config, state: State) -> frozenset[str]:
    stated = project.abis | limited_api.of_settings(settings.config_settings)
    try:
        last = report.read(state.report)
        ours = project.normalized_name in (None, last.project)
        return abi.expected(stated, last if ours else None)
    except (OSError, ValueError, LookupError):  # an older wheeldock's, or somebody's
        return stated
