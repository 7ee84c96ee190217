"""`tag` and `release`: from a commit to a version that the world has."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from invoke import Context, Task, task
from invoke.parser.context import to_flag

from wheeldock.tasks.door import agree, explained, say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.parser import Argument


class _MayNameVersion(Task):  # type: ignore[type-arg]
    """
    A task whose version may stand behind its name, `invoke tag 1.0`, and may be left out.

    Invoke's positional arguments cannot be left out: this one is positional where it is there.
    """

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        arguments: list[Argument] = super().get_arguments(ignore_unknown_help)
        named = self._is_named(arguments)
        for argument in arguments:
            if argument.name == "version":
                argument.positional = named
                argument.default = None if named else ""
        return arguments

    def _is_named(self, arguments: Sequence[Argument]) -> bool:
        """Whether the first word after the task that is neither option nor value is a version."""
        words = iter(sys.argv[1:])
        if not any(word.rpartition(".")[2] == self.name for word in words):
            return False
        taking = {to_flag(name) for each in arguments if each.takes_value for name in each.names}
        for word in words:
            if word in taking:
                next(words, None)
            elif not word.startswith("-"):
                return re.match(r"v?\d", word) is not None
        return False


@task(
    klass=_MayNameVersion,
    help={
        "version": "Which version it is (default: the one in pyproject.toml).",
        "sign": "Sign the tag, as `git tag --sign` does.",
        "push": "Push the tag, and nothing else, to the remote.",
        "dry-run": "Check everything, and tag nothing.",
    },
)
def tag(
    _: Context,
    version: str = "",
    sign: bool = False,
    push: bool = True,
    dry_run: bool = False,
) -> None:
    """
    Tag this commit as a version, after every release check passed, and push the tag.

    Example: invoke tag 1.0.0
    """
    with explained():
        from wheeldock import tagging

        tagging.run(
            tagging.Asked(version=version or "", sign=sign, push=push, dry_run=dry_run), say
        )


@task(
    klass=_MayNameVersion,
    help={
        "version": "Which version it is (default: the one in pyproject.toml).",
        "sign": "Sign the tag, as `git tag --sign` does.",
        "repository": "pypi, testpypi, or a section of .pypirc (default: pypi).",
        "repository-url": "The upload URL of another; its token is WHEELDOCK_REPOSITORY_TOKEN.",
        "index-url": "The URL of its Simple API, where it is not found by itself.",
        "progress": "auto, plain or quiet.",
        "yes": "Ask nothing.",
        "dry-run": "Check everything and show the steps, and do none.",
    },
)
def release(
    _: Context,
    version: str = "",
    sign: bool = False,
    repository: str = "",
    repository_url: str = "",
    index_url: str = "",
    progress: str = "auto",
    yes: bool = False,
    dry_run: bool = False,
) -> None:
    """
    Tag, build without caches, test, verify and deploy; a second run goes on where one stopped.

    Example: invoke release 1.0.0
    """
    with explained() as environ:
        from wheeldock import release as releasing
        from wheeldock import releasework
        from wheeldock.releasestart import Asked

        asked = Asked(
            version=version or "",
            sign=sign,
            yes=yes,
            dry_run=dry_run,
            repository=repository,
            repository_url=repository_url,
            index_url=index_url,
        )
        works = releasework.works(asked, environ, progress)
        releasing.run(asked, works, environ=environ, say=say, ask=agree)
