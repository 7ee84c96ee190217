"""What a failed build misses that the project has and its sdist has not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from wheeldock.errors import BuildFailedError, CommandFailedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from wheeldock.errors import WheeldockError

_ABSENT = re.compile(
    r"no such file( or directory)?|does not (name an existing file|exist)|not an existing \w+"
    r"|(cannot|can't|could not) (find|open)( file| source file| requested file)?"
    r"|(file )?not found|nonexistent( build)?( file)?",
    re.IGNORECASE,
)
"""How compilers, shells and build systems say that a file is missing."""

_MODULE = re.compile(r"No module named '(?P<name>[\w.]+)'")
_PATH = re.compile(r"[\w./+-]*\w")
_NEAR = 2
"""In how many lines the name is: CMake and GCC say it once more, or only then, in the next one."""


def tell(error: WheeldockError, lacking: Collection[str]) -> None:
    """Tell in the cure of a failed build if it misses one of the files that the sdist lacks."""
    if not isinstance(error, (BuildFailedError, CommandFailedError)):
        return
    file = missed(error.message, lacking)
    if file is not None:
        error.cure = (
            f"{file} is in the project and not in its sdist, which wheels are built from: let the "
            'build backend ship it (setuptools: by MANIFEST.in), or set build-from = "tree".'
        )


def missed(log: str, lacking: Collection[str]) -> str | None:
    """The first of the lacking files that a log says is missing; None where it says so of none."""
    for name in _names(log):
        for path in sorted(lacking):
            if f"/{path}".endswith(f"/{name}") or f"/{name}".endswith(f"/{path}"):
                return path
    return None


def _names(log: str) -> Iterator[str]:
    """What may be the paths of missing files, or their ends, without dots and slashes before."""
    lines = [line for line in log.splitlines() if line.strip()]
    for number, line in enumerate(lines):
        if match := _MODULE.search(line):
            module = match["name"].replace(".", "/")
            yield from (f"{module}.py", f"{module}/__init__.py")
        elif _ABSENT.search(line):
            for near in lines[number : number + _NEAR]:
                yield from (each.lstrip("./") for each in _PATH.findall(_ABSENT.sub(" ", near)))
