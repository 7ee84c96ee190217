"""`setup`, `init` and `engine.*`: making a machine and a project ready."""

from __future__ import annotations

from pathlib import Path

from invoke import Context, task

from wheeldock.tasks.door import agree, confirm, explained, say


@task(
    help={
        "yes": "Ask nothing.",
        "undo": "Take away what set-up added to this machine.",
        "archs": "Be ready for these architectures, too, through QEMU, e.g. aarch64.",
        "free-threaded": "Compile a free-threaded CPython into a stand-in base image (minutes).",
    },
)
def setup(
    _: Context,
    yes: bool = False,
    undo: bool = False,
    archs: str = "",
    free_threaded: bool = False,
) -> None:
    """
    Make this machine ready: engine, Buildx, base image.

    Example: invoke setup --yes
    """
    with explained():
        from wheeldock import setup as setting_up

        if undo:
            setting_up.undo(yes=yes, say=say, confirm=confirm)
        else:
            setting_up.run(
                yes=yes, say=say, confirm=confirm, archs=archs, free_threaded=free_threaded
            )


@task(
    help={
        "ci": "auto, github, gitlab, both or none (default: auto, by the remote).",
        "yes": "Ask nothing.",
        "overwrite": "Replace a tasks.py, a Makefile and a CI's files that are there.",
    },
)
def init(_: Context, ci: str = "auto", yes: bool = False, overwrite: bool = False) -> None:
    """
    Make this folder's project one that wheeldock builds; from cibuildwheel's configuration, too.

    Example: invoke init
    """
    with explained():
        from wheeldock import init as starting

        starting.run(Path.cwd(), ci=ci, yes=yes, overwrite=overwrite, say=say, confirm=agree)


@task
def start(_: Context) -> None:
    """
    Start the Docker engine on a machine without an init system.

    Example: invoke engine.start
    """
    with explained():
        from wheeldock import engine

        engine.start(say)


@task
def stop(_: Context) -> None:
    """
    Stop the engine that `engine.start` or `setup` started, and no other.

    Example: invoke engine.stop
    """
    with explained():
        from wheeldock import engine

        engine.stop(say)


@task
def status(_: Context) -> None:
    """
    Say whether an engine answers, and whose it is.

    Example: invoke engine.status
    """
    with explained():
        from wheeldock import engine

        say(str(engine.status()))
