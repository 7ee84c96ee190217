"""`deploy`: what goes to a package index."""

from __future__ import annotations

from invoke import Context, task

from wheeldock.tasks.door import asker, explained


@task(
    help={
        "repository": "pypi, testpypi, or a section of .pypirc (default: pypi).",
        "repository-url": "The upload URL of another; its token is WHEELDOCK_REPOSITORY_TOKEN.",
        "index-url": "The URL of its Simple API, where it is not found by itself.",
        "dist": "The folder of the files (default: dist).",
        "timeout": "Seconds that a file may take (default: by its size).",
        "max-size": "The most that a file may have, e.g. 500MB (default: PyPI's 100 MiB).",
        "yes": "Ask nothing.",
        "dry-run": "Do everything but send.",
    },
)
def deploy(
    _: Context,
    repository: str = "",
    repository_url: str = "",
    index_url: str = "",
    dist: str = "dist",
    timeout: str = "",
    max_size: str = "",
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """
    Upload dist/ with twine, and prove by sha256 that the index has it.

    The token is PYPI_TOKEN in the environment.

    Example: invoke deploy --dry-run
    """
    with explained() as environ:
        from wheeldock import deploy as deploying
        from wheeldock.console import open_output
        from wheeldock.deployview import View

        order = deploying.Order(
            dist=dist,
            repository=repository,
            repository_url=repository_url,
            index_url=index_url,
            timeout=timeout,
            max_size=max_size,
            yes=yes,
            dry_run=dry_run,
        )
        deploying.run(order, environ=environ, view=View(open_output()), ask=asker())
