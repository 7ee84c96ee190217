"""`image.*` and `df`: what is kept in the engine, and who takes how much of the disk."""

from __future__ import annotations

from invoke import Collection, Context, task

from wheeldock.tasks.door import agree, explained, operand, show


@task(name="list", help={"json": "For programs."})
def listing(_: Context, json: bool = False) -> None:
    """
    Show the images that wheeldock keeps in the engine.

    Example: invoke image.list
    """
    with explained():
        from wheeldock import imagekeeping

        imagekeeping.listing(show(), as_json=json)


@task
def size(_: Context) -> None:
    """
    Say what the images that wheeldock keeps take.

    Example: invoke image.size
    """
    with explained():
        from wheeldock import imagekeeping

        imagekeeping.size(show())


@task(
    help={"name": "An image that `image.list` shows.", "yes": "Ask nothing."},
)
def remove(_: Context, name: str, yes: bool = False) -> None:
    """
    Remove an image of wheeldock's, and no other.

    Example: invoke image.remove pyovf-builder
    """
    with explained():
        from wheeldock import imagekeeping

        imagekeeping.remove(operand(name, "image.remove"), yes=yes, show=show(), confirm=agree)


@task(
    help={
        "everyone": "Of all projects, not only of those that are built here.",
        "days": "Remove what was not used for so many days, too (default: 30).",
        "yes": "Ask nothing.",
    },
)
def prune(_: Context, everyone: bool = False, days: str = "30", yes: bool = False) -> None:
    """
    Remove tools images that are out of date.

    Example: invoke image.prune --everyone
    """
    with explained():
        from wheeldock import imagekeeping

        imagekeeping.prune(everyone=everyone, days=days, yes=yes, show=show(), confirm=agree)


@task(help={"json": "For programs."})
def df(_: Context, json: bool = False) -> None:
    """
    Show who takes how much of the disk, and what frees it.

    Example: invoke df
    """
    with explained():
        from wheeldock import diskspace

        diskspace.show_all(show(), as_json=json)


ns = Collection("image", listing, size, remove, prune)
