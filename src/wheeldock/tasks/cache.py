"""`cache.*`: what is kept from build to build, as files."""

from __future__ import annotations

from pathlib import Path

from invoke import Collection, Context, task

from wheeldock.tasks.door import agree, explained, operand, say, show


@task
def status(_: Context) -> None:
    """
    Show what the cache folder has for each project and target.

    Example: invoke cache.status
    """
    with explained():
        from wheeldock import housekeeping

        housekeeping.status(show())


@task
def verify(_: Context) -> None:
    """
    Read the whole cache folder and say what is damaged.

    Example: invoke cache.verify
    """
    with explained():
        from wheeldock import housekeeping

        housekeeping.verify(show())


@task(
    help={"mounts": "The engine's cache mounts, too: all projects'.", "yes": "Ask nothing."},
)
def clear(_: Context, mounts: bool = False, yes: bool = False) -> None:
    """
    Empty the cache folder: the next build on a fresh engine does everything.

    Example: invoke cache.clear --yes
    """
    with explained():
        from wheeldock import housekeeping

        housekeeping.clear(yes=yes, show=show(), confirm=agree)
        if mounts:
            from wheeldock import diskspace

            diskspace.clear_mounts(yes=yes, show=show(), confirm=agree)


@task(
    help={"keep": "How much may stay, e.g. 500MB or 2GiB.", "yes": "Ask nothing."},
)
def prune(_: Context, keep: str, yes: bool = False) -> None:
    """
    Take the oldest out of the cache folder until no more than SIZE stays.

    Example: invoke cache.prune --keep 500MB
    """
    with explained():
        from wheeldock import housekeeping

        housekeeping.prune(operand(keep, "cache.prune"), yes=yes, show=show(), confirm=agree)


@task(
    help={
        "directory": "Where to, e.g. a folder that a CI's cache action keeps.",
        "max-size": "How much to save, the newest first (default: 2GB).",
    },
)
def save(_: Context, directory: str, max_size: str = "2GB") -> None:
    """
    Save the cache folder to a directory, for a machine that is thrown away.

    Example: invoke cache.save ~/ci-cache --max-size 500MB
    """
    with explained():
        from wheeldock import transfer
        from wheeldock.sizes import bytes_of

        folder = Path(operand(directory, "cache.save"))
        transfer.save(folder, bytes_of(max_size, "--max-size"), say)


@task(help={"directory": "Where `cache.save` saved to."})
def restore(_: Context, directory: str) -> None:
    """
    Restore the cache folder from a directory, as far as there is something.

    Example: invoke cache.restore ~/ci-cache
    """
    with explained():
        from wheeldock import transfer

        transfer.restore(Path(operand(directory, "cache.restore")), say)


ns = Collection("cache", status, verify, clear, prune, save, restore)
