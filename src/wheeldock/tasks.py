"""
The Invoke tasks: wheeldock's commands, for `invoke`, for `wheeldock` and for other projects.

`ns` is the collection. A project with tasks of its own adds it to theirs:
`ns.add_collection(wheeldock.ns, name="wheels")`.
"""

from __future__ import annotations

import contextlib
import errno
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Collection, Context, Exit, task

from wheeldock.errors import AccessDeniedError, StoppedError, UsageError, WheeldockError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import RenderableType

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
    dry_run: bool = False,
    progress: str = "auto",
) -> None:
    """
    Build repaired wheels and the sdist.

    Example: invoke build --source pyovf==0.3.0 --only cp313-manylinux_x86_64
    """
    with _explained():
        from wheeldock import build as building

        selection = _selected(build, skip, archs, enable, allow_empty=allow_empty)
        options = {**selection, "output-dir": output_dir, "jobs": jobs, "builder": builder}
        asked = _asked(source, only, config_file, options)
        building.run(asked, dry_run=dry_run, progress=progress, cold=cold)


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
    with _explained():
        from wheeldock import dryrun

        selection = _selected(build, skip, archs, enable, allow_empty=allow_empty)
        asked = _asked(source, only, config_file, {**selection, "builder": builder})
        dryrun.run(asked, as_json=json, say=_say)


def _selected(
    build: str, skip: str, archs: str, enable: str, *, allow_empty: bool
) -> dict[str, str]:
    """The options that `build` and `plan` have in common, as the configuration takes them."""
    flag = "true" if allow_empty else ""
    named = {"build": build, "skip": skip, "archs": archs, "enable": enable}
    return {**named, "allow-empty": flag}


def _asked(
    source: str, only: Sequence[str] | None, config_file: str, options: Mapping[str, str]
) -> Asked:
    from wheeldock.planning import Asked

    return Asked(
        source=source,
        only=tuple(only or ()),
        options={name: value for name, value in options.items() if value},
        config_file=config_file,
    )


@task(
    help={
        "yes": "Ask nothing.",
        "undo": "Take away what set-up added to this machine.",
        "free-threaded": "Compile a free-threaded CPython into a stand-in base image (minutes).",
    },
)
def setup(
    _: Context,
    yes: bool = False,
    undo: bool = False,
    free_threaded: bool = False,
) -> None:
    """
    Make this machine ready: engine, Buildx, base image.

    Example: invoke setup --yes
    """
    with _explained():
        from wheeldock import setup as setting_up

        if undo:
            setting_up.undo(yes=yes, say=_say, confirm=_confirm)
        else:
            setting_up.run(yes=yes, say=_say, confirm=_confirm, free_threaded=free_threaded)


@task(
    help={
        "yes": "Ask nothing.",
        "overwrite": "Replace a tasks.py, a Makefile and a workflow that are there.",
    },
)
def init(_: Context, yes: bool = False, overwrite: bool = False) -> None:
    """
    Make this folder's project one that wheeldock builds; from cibuildwheel's configuration, too.

    Example: invoke init
    """
    with _explained():
        from wheeldock import init as starting

        starting.run(Path.cwd(), yes=yes, overwrite=overwrite, say=_say, confirm=_agree)


@task
def start(_: Context) -> None:
    """
    Start the Docker engine on a machine without an init system.

    Example: invoke engine.start
    """
    with _explained():
        from wheeldock import engine

        engine.start(_say)


@task
def stop(_: Context) -> None:
    """
    Stop the engine that `engine.start` or `setup` started, and no other.

    Example: invoke engine.stop
    """
    with _explained():
        from wheeldock import engine

        engine.stop(_say)


@task
def status(_: Context) -> None:
    """
    Say whether an engine answers, and whose it is.

    Example: invoke engine.status
    """
    with _explained():
        from wheeldock import engine

        _say(str(engine.status()))


@task(name="status")
def cache_status(_: Context) -> None:
    """
    Show what the cache folder has for each project and target.

    Example: invoke cache.status
    """
    with _explained():
        from wheeldock import housekeeping

        housekeeping.status(_show())


@task(name="verify")
def cache_verify(_: Context) -> None:
    """
    Read the whole cache folder and say what is damaged.

    Example: invoke cache.verify
    """
    with _explained():
        from wheeldock import housekeeping

        housekeeping.verify(_show())


@task(
    name="clear",
    help={"mounts": "The engine's cache mounts, too: all projects'.", "yes": "Ask nothing."},
)
def cache_clear(_: Context, mounts: bool = False, yes: bool = False) -> None:
    """
    Empty the cache folder: the next build on a fresh engine does everything.

    Example: invoke cache.clear --yes
    """
    with _explained():
        from wheeldock import housekeeping

        housekeeping.clear(yes=yes, show=_show(), confirm=_agree)
        if mounts:
            from wheeldock import diskspace

            diskspace.clear_mounts(yes=yes, show=_show(), confirm=_agree)


@task(
    name="prune",
    help={"keep": "How much may stay, e.g. 500MB or 2GiB.", "yes": "Ask nothing."},
)
def cache_prune(_: Context, keep: str, yes: bool = False) -> None:
    """
    Take the oldest out of the cache folder until no more than SIZE stays.

    Example: invoke cache.prune --keep 500MB
    """
    with _explained():
        from wheeldock import housekeeping

        housekeeping.prune(keep, yes=yes, show=_show(), confirm=_agree)


@task(
    name="save",
    help={
        "directory": "Where to, e.g. a folder that a CI's cache action keeps.",
        "max-size": "How much to save, the newest first (default: 2GB).",
    },
)
def cache_save(_: Context, directory: str, max_size: str = "2GB") -> None:
    """
    Save the cache folder to a directory, for a machine that is thrown away.

    Example: invoke cache.save ~/ci-cache --max-size 500MB
    """
    with _explained():
        from wheeldock import exports, transfer

        transfer.save(Path(directory), exports.bytes_of(max_size, "--max-size"), _say)


@task(name="restore", help={"directory": "Where `cache.save` saved to."})
def cache_restore(_: Context, directory: str) -> None:
    """
    Restore the cache folder from a directory, as far as there is something.

    Example: invoke cache.restore ~/ci-cache
    """
    with _explained():
        from wheeldock import transfer

        transfer.restore(Path(directory), _say)


@task(name="list", help={"json": "For programs."})
def image_list(_: Context, json: bool = False) -> None:
    """
    Show the images that wheeldock keeps in the engine.

    Example: invoke image.list
    """
    with _explained():
        from wheeldock import imagekeeping

        imagekeeping.listing(_show(), as_json=json)


@task(name="size")
def image_size(_: Context) -> None:
    """
    Say what the images that wheeldock keeps take.

    Example: invoke image.size
    """
    with _explained():
        from wheeldock import imagekeeping

        imagekeeping.size(_show())


@task(
    name="remove",
    help={"name": "An image that `image.list` shows.", "yes": "Ask nothing."},
)
def image_remove(_: Context, name: str, yes: bool = False) -> None:
    """
    Remove an image of wheeldock's, and no other.

    Example: invoke image.remove pyovf-builder
    """
    with _explained():
        from wheeldock import imagekeeping

        imagekeeping.remove(name, yes=yes, show=_show(), confirm=_agree)


@task(
    name="prune",
    help={
        "everyone": "Of all projects, not only of those that are built here.",
        "days": "Remove what was not used for so many days, too (default: 30).",
        "yes": "Ask nothing.",
    },
)
def image_prune(_: Context, everyone: bool = False, days: str = "30", yes: bool = False) -> None:
    """
    Remove tools images that are out of date.

    Example: invoke image.prune --everyone
    """
    with _explained():
        from wheeldock import imagekeeping

        imagekeeping.prune(everyone=everyone, days=days, yes=yes, show=_show(), confirm=_agree)


@task(help={"json": "For programs."})
def df(_: Context, json: bool = False) -> None:
    """
    Show who takes how much of the disk, and what frees it.

    Example: invoke df
    """
    with _explained():
        from wheeldock import diskspace

        diskspace.show_all(_show(), as_json=json)


def _show() -> Callable[[RenderableType], None]:
    from rich.console import Console

    from wheeldock import housekeeping

    return housekeeping.printer(Console())


def _agree(question: str) -> bool:
    """Ask before something is removed; where nobody can be asked, that is an error."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is here to ask", cure="`--yes` answers for scripts.")
    return _confirm(question)


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - a task speaks to the person who typed it


def _confirm(question: str) -> bool:
    if not sys.stdin.isatty():
        return True
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    """Turn wheeldock's errors, and what the system refuses, into a message and an exit code."""
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    except WheeldockError as error:
        raise _exit(error) from None
    except KeyboardInterrupt:
        raise _exit(StoppedError("stopped")) from None
    except OSError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise _exit(refusal) from None
    finally:
        signal.signal(signal.SIGTERM, previous)


def _refusal(error: OSError) -> WheeldockError | None:
    """What the system's refusal means, or None for one that is a bug of ours."""
    from wheeldock.failures import disk_full

    place = error.filename2 or error.filename
    said = f"{error.strerror}: {place}" if place else str(error.strerror)
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return disk_full(said)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return AccessDeniedError(said, cure="Mend its rights, or be a user who has them.")
    return None


def _exit(error: WheeldockError) -> Exit:
    text = f"error: {error.message}"
    return Exit(f"{text}\n{error.cure}" if error.cure else text, code=error.code)


ns = Collection(build, plan, init, setup, df)
ns.add_collection(Collection("engine", start, stop, status))
ns.add_collection(
    Collection(
        "cache",
        *(cache_status, cache_verify, cache_clear, cache_prune),
        *(cache_save, cache_restore),
    )
)
ns.add_collection(Collection("image", image_list, image_size, image_remove, image_prune))
