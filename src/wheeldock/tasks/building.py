"""`build` and `plan`: what comes out of a source, and what would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke import Context, task

from wheeldock.tasks.door import explained, say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.planning import Asked


_SELECTION = {
    "source": "A folder, an sdist, or a requirement as pyovf==0.3.0 (default: this folder).",
    "only": "This identifier and no other; may be given several times.",
    "build": "Globs of build identifiers, e.g. 'cp31?-*' (default: all).",
    "skip": "Globs of those to leave out.",
    "archs": "auto, native, all, auto64, auto32, or architectures (default: auto).",
    "enable": "Groups that are off by default, too: pypy, pypy-eol, graalpy, all.",
    "allow-empty": "That there is nothing to build is no error.",
}
"""The help of the options that `build` and `plan` have in common."""


@task(
    iterable=["only"],
    help={
        **_SELECTION,
        "output-dir": "Where the wheels and the sdist go (default: dist).",
        "jobs": "How many wheels to build at once (default: one a processor).",
        "builder": "The Buildx builder to use (default: the current one).",
        "config-file": "Read this TOML file's options; {package} is the source's folder.",
        "cold": "Use no cache at all, and leave those that are there as they are.",
        "test": "Test the wheels, and put them into the output folder only if they pass.",
        "attest": "Leave bills of materials and BuildKit's provenance in `attestations` there.",
        "dry-run": "Show what would be built, and build nothing.",
        "progress": "auto, plain, json or quiet.",
    },
)
def build(
    _: Context,
    source: str = "",
    only: Sequence[str] | None = None,
    build: str = "",
    skip: str = "",
    archs: str = "",
    enable: str = "",
    allow_empty: bool = False,
    output_dir: str = "",
    jobs: str = "",
    builder: str = "",
    config_file: str = "",
    cold: bool = False,
    test: bool = False,
    attest: bool = False,
    dry_run: bool = False,
    progress: str = "auto",
) -> None:
    """
    Build repaired wheels and the sdist.

    Example: invoke build --source pyovf==0.3.0 --only cp313-manylinux_x86_64
    """
    with explained():
        from wheeldock import build as building

        selection = _selected(build, skip, archs, enable, allow_empty=allow_empty)
        options = {**selection, "output-dir": output_dir, "jobs": jobs, "builder": builder}
        what = asked(source, only, config_file, options)
        building.run(what, dry_run=dry_run, progress=progress, cold=cold, test=test, attest=attest)


@task(
    iterable=["only"],
    help={
        **_SELECTION,
        "builder": "The Buildx builder to plan for (default: the current one).",
        "config-file": "Read this TOML file's options; {package} is the source's folder.",
        "json": "One line of JSON, whose `include` is a matrix for CI.",
    },
)
def plan(
    _: Context,
    source: str = "",
    only: Sequence[str] | None = None,
    build: str = "",
    skip: str = "",
    archs: str = "",
    enable: str = "",
    allow_empty: bool = False,
    builder: str = "",
    config_file: str = "",
    json: bool = False,
) -> None:
    """
    Show what would be built, on which images, and where each setting came from.

    Example: invoke plan --archs all --json
    """
    with explained():
        from wheeldock import dryrun

        selection = _selected(build, skip, archs, enable, allow_empty=allow_empty)
        what = asked(source, only, config_file, {**selection, "builder": builder})
        dryrun.run(what, as_json=json, say=say)


def _selected(
    build: str, skip: str, archs: str, enable: str, *, allow_empty: bool
) -> dict[str, str]:
    """The options that `build` and `plan` have in common, as the configuration takes them."""
    flag = "true" if allow_empty else ""
    named = {"build": build, "skip": skip, "archs": archs, "enable": enable}
    return {**named, "allow-empty": flag}


def asked(
    source: str, only: Sequence[str] | None, config_file: str, options: Mapping[str, str]
) -> Asked:
    """What a command line asks for; an option of "" is none."""
    from wheeldock.planning import Asked

    return Asked(
        source=source,
        only=tuple(only or ()),
        options={name: value for name, value in options.items() if value},
        config_file=config_file,
    )
