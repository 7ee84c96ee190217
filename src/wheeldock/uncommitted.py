"""What an sdist leaves out where the build backend packs what is committed, as Meson does."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from wheeldock.git import GitError, git
from wheeldock.phrases import some

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

_MESON = re.compile(r"\s*meson[-_.]python\b", re.IGNORECASE)


def tell(tree: Path, build_requires: Sequence[str], say: Callable[[str], None]) -> None:
    """
    Say which files of a source tree were changed and will be in its sdist as they were.

    A new file that is lacking ends the build, which tells of it; a changed one does not.
    """
    if not any(map(_MESON.match, build_requires)):
        return
    try:
        told = git("diff", "--name-only", "-z", "--relative", "HEAD", "--", ".", at=tree)
    except GitError:  # no checkout, or no commit
        return
    names = [name for name in os.fsdecode(told).split("\0") if name]
    if names:
        say(
            f"{some(names)}: what was changed since the last commit is not in the sdist, as Meson "
            'packs what is committed. Commit it, or set build-from = "tree".'
        )
