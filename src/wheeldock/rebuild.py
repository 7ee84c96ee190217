"""
`invoke verify --rebuild`: whether a second build gives the same bytes.

It is a cold one, into a folder of its own, with the times that the first build wrote and the
versions of build requirements that it had. What these were is taken from the report of that build.
"""

from __future__ import annotations

import tarfile
import tempfile
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import build, report
from wheeldock.difference import differences
from wheeldock.epoch import Epochs
from wheeldock.findings import Problem
from wheeldock.rules import NOT_CHECKED, REBUILD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from wheeldock.findings import Finding
    from wheeldock.planning import Asked
    from wheeldock.report import RunReport
    from wheeldock.state import State


def rebuild(asked: Asked, paths: Sequence[Path], state: State, progress: str) -> list[Finding]:
    """
    Build distributions again, and say of each how the new one differs.

    Raises WheeldockError where that build fails.
    """
    last = _last(state)
    if last is None:
        why = "what they were built with: there is no report of a build here"
        return [NOT_CHECKED.finding(Problem("", why), "")]
    ours = {path.name: path for path in paths}
    targets = [target for target in last.targets if target.file in ours]
    wheels = tuple(target.name for target in targets if target.name != report.SDIST)
    with tempfile.TemporaryDirectory(prefix=".wheeldock-", dir=Path.cwd()) as folder:
        kept = state.report.read_bytes()
        options = {**asked.options, "output-dir": folder}
        order = replace(asked, only=wheels, options=options, pins=_pins(last), epochs=_epochs(last))
        try:
            build.run(order, dry_run=False, progress=progress, cold=True)
        finally:
            state.report.write_bytes(kept)  # it tells of what lies in the output folder
        return [each for name in ours for each in _of(ours[name], Path(folder, name))]


def _last(state: State) -> RunReport | None:
    try:
        return report.read(state.report)
    except (OSError, ValueError):
        return None


def _pins(last: RunReport) -> Mapping[str, tuple[str, ...]]:
    """The versions that each build environment had, as constraints."""
    return {
        target.name: tuple(
            f"{name}=={found['version']}" for name, found in target.build_requirements.items()
        )
        for target in last.targets
    }


def _epochs(last: RunReport) -> Epochs:
    """The times that its distributions were given."""
    told = {target.name: target.epoch for target in last.targets if target.epoch is not None}
    sdist = told.pop(report.SDIST, "")
    return Epochs(f"{sdist}", f"{next(iter(told.values()), '')}")


def _of(ours: Path, again: Path) -> Iterator[Finding]:
    if not again.is_file():
        yield REBUILD.finding(Problem("", "the second build made no such file"), ours.name)
        return
    try:
        problems = list(differences(ours, again))
    except (OSError, ValueError, zipfile.BadZipFile, tarfile.TarError) as error:
        problems = [Problem("", f"it cannot be compared: {error}")]
    yield from REBUILD.findings(problems, ours.name)
