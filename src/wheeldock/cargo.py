"""What is in a folder for a package index, in which order it goes there, and what is against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import findings, planning, publicsecrets
from wheeldock.archive import SUFFIXES
from wheeldock.errors import NotAPythonProjectError, WheeldockError
from wheeldock.findings import Severity
from wheeldock.phrases import counted
from wheeldock.state import State
from wheeldock.verify import verify
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from wheeldock.wheelhouse import Distribution

_WHEEL = ".whl"


@dataclass(frozen=True)
class Cargo:
    """What a folder has for an index."""

    files: tuple[Distribution, ...]
    """In the order in which they are sent."""
    nameless: tuple[Path, ...] = ()
    """What has the suffix of a wheel or an sdist, and is none by its name."""
    problems: tuple[str, ...] = ()
    """Why nothing of it can be sent."""
    left: tuple[str, ...] = ()
    """The names of what is none of an index's business."""

    @property
    def paths(self) -> list[Path]:
        """All that is, or should be, a distribution."""
        return [*(file.path for file in self.files), *self.nameless]


def read(folder: Path) -> Cargo:
    """What is in the folder."""
    if not folder.is_dir():
        return Cargo((), problems=(f"{folder}: there is no such folder: `invoke build` makes it",))
    paths = [path for path in sorted(folder.iterdir()) if path.name.endswith((_WHEEL, *SUFFIXES))]
    left = tuple(path.name for path in sorted(folder.iterdir()) if path not in paths)
    if odd := [f"{path}: it is no file" for path in paths if not path.is_file()]:
        return Cargo((), problems=tuple(odd), left=left)
    read = {path: read_distribution(path) for path in paths}
    # The sdist comes last: until the wheels are there, pip would build it.
    files = sorted(filter(None, read.values()), key=lambda file: file.path.suffix != _WHEEL)
    nothing = f"{folder}: there is no wheel and no sdist in it: `invoke build` makes them"
    return Cargo(
        tuple(files),
        nameless=tuple(path for path in paths if read[path] is None),
        problems=() if paths else (nothing,),
        left=left,
    )


def errors(cargo: Cargo, largest: int, say: Callable[[str], None]) -> list[str]:
    """What `invoke verify` has against the files, a line each; how many warnings more is said."""
    public = _public_secrets(cargo.paths, say)
    found = verify(cargo.paths, largest=largest, public_secrets=public) if cargo.paths else []
    if warnings := sum(finding.severity is Severity.WARNING for finding in found):
        say(f"{counted(warnings, 'warning')}, which `invoke verify` shows")
    return [finding.said for finding in findings.errors(found)]


def _public_secrets(paths: Sequence[Path], say: Callable[[str], None]) -> tuple[str, ...]:
    """The option of that name; a folder of files may be without the project."""
    try:
        inputs = planning.read(planning.Asked(options={}), State.here())
    except NotAPythonProjectError:
        inputs = None
    except WheeldockError as error:
        say(f"note: the project's configuration is not heeded: {error.problems[0]}")
        inputs = None
    return publicsecrets.of(inputs, paths)
