"""The repository's own front door: wheeldock's tasks, and `dev.*` for working on it."""

from __future__ import annotations

from invoke import Collection, Context, task

from wheeldock.tasks import ns


@task
def lint(c: Context) -> None:
    """
    Check style, types and shell scripts.

    Example: invoke dev.lint
    """
    c.run("ruff check && ruff format --check && mypy", pty=False)


ns.add_collection(Collection("dev", lint))
