"""What is in a folder for a package index, and what of it may not go there; nothing is sent yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename
from rich.filesize import decimal

from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from wheeldock.wheelhouse import Distribution

PYPI_LARGEST = 100 * 1024**2
"""Bytes that a file on PyPI may have, unless the project was granted more."""

_WHEEL = ".whl"
_SUFFIXES = (_WHEEL, ".tar.gz", ".zip")


@dataclass(frozen=True)
class Cargo:
    """What a folder has for an index."""

    files: tuple[Distribution, ...]
    """In the order in which they are sent."""
    problems: tuple[str, ...]
    """Why it may not be sent, as far as names and sizes tell."""
    left: tuple[str, ...]
    """The names of what is none of an index's business."""


def read(folder: Path, largest: int) -> Cargo:
    """What is in the folder; files may have no more than that many bytes."""
    if not folder.is_dir():
        return Cargo((), (f"{folder}: there is no such folder: `invoke build` makes it",), ())
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(_SUFFIXES))
    read = {path: read_distribution(path) if path.is_file() else None for path in paths}
    # The sdist comes last: until the wheels are there, pip would build it.
    files = sorted(filter(None, read.values()), key=lambda file: file.path.suffix != _WHEEL)
    nameless = [f"{path}: no file name of a wheel or an sdist" for path in paths if not read[path]]
    left = sorted(path.name for path in folder.iterdir() if path not in read)
    problems = [*nameless, *_of_set(folder, files), *_of_each(files, largest)]
    return Cargo(tuple(files), tuple(problems), tuple(left))


def _of_set(folder: Path, files: Sequence[Distribution]) -> Iterator[str]:
    if not files:
        yield f"{folder}: there is no wheel and no sdist in it: `invoke build` makes them"
    for what, values in {
        "project": {file.name for file in files},
        "version": {str(file.version) for file in files},
    }.items():
        if len(values) > 1:
            yield f"{folder}: more than one {what}: {', '.join(sorted(values))}"


def _of_each(files: Iterable[Distribution], largest: int) -> Iterator[str]:
    for file in files:
        place = file.path
        if file.version.local:
            yield f"{place}: the version {file.version} has a local part, which stays at home"
        if tag := _bare_linux_tag(file):
            yield f"{place}: the tag {tag} says on no index where it runs: it is not repaired"
        if file.size > largest:
            yield f"{place}: {decimal(file.size)}, and {decimal(largest)} is the most (--max-size)"


def _bare_linux_tag(file: Distribution) -> str:
    if file.path.suffix != _WHEEL:
        return ""
    platforms = {tag.platform for tag in parse_wheel_filename(file.path.name)[3]}
    return next((name for name in sorted(platforms) if name.startswith("linux_")), "")
