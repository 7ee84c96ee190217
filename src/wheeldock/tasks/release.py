"""`tag` and `release`: from a commit to a version that the world has."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from invoke import Context, Task, task

from wheeldock.tasks.door import explained, say

if TYPE_CHECKING:
    from invoke.parser import Argument


class _MayNameVersion(Task):  # type: ignore[type-arg]
    """
    A task whose version may stand behind its name, `invoke tag 1.0`, and may be left out.

    Invoke's positional arguments cannot be left out: this one is positional where it is there.
    """

    def get_arguments(self, ignore_unknown_help: bool | None = None) -> list[Argument]:
        arguments: list[Argument] = super().get_arguments(ignore_unknown_help)
        named = re.search(rf"(^|\s)([\w.-]+\.)?{self.name}(\s-\S+)*\s+v?\d", " ".join(sys.argv))
        for argument in arguments:
            if argument.name == "version":
                argument.positional = bool(named)
                argument.default = None if named else ""
        return arguments


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
