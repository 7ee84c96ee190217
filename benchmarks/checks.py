"""Whether a build made what it was to make: a fast way to nothing is no result."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from benchmarks.projects import Edit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from benchmarks.projects import Project
    from benchmarks.scenarios import Scenario
    from wheeldock.report import TargetReport


class WrongResultError(Exception):
    """A build ended well and did not do what it was measured for."""


def check_wheels(
    folder: Path, project: Project, pythons: Sequence[str], markers: Mapping[Edit, str]
) -> None:
    """
    Check that the folder has one repaired wheel per interpreter, with every edit in it.

    `markers` are those of the edits so far. Raises WrongResultError.
    """
    found: dict[str, Path] = {}
    for wheel in sorted(folder.glob("*.whl")):
        tags = parse_wheel_filename(wheel.name)[3]
        if not all(tag.platform.startswith("manylinux") for tag in tags):
            raise WrongResultError(f"{wheel.name} is no manylinux wheel")
        found.update((tag.interpreter, wheel) for tag in tags)
    if set(found) != set(pythons):
        raise WrongResultError(f"wheels for {sorted(found)}, due were {sorted(pythons)}")
    for wheel in found.values():
        _check_wheel(wheel, project, markers)


def _check_wheel(wheel: Path, project: Project, markers: Mapping[Edit, str]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        extensions = [
            name
            for name in archive.namelist()
            if name.startswith(project.extension) and name.endswith(".so")
        ]
        if len(extensions) != 1:
            raise WrongResultError(f"{wheel.name} has {len(extensions)} {project.extension}*.so")
        compiled = dict.fromkeys([Edit.LIBRARY, Edit.NATIVE], extensions[0])
        places = {Edit.PYTHON: project.python_file, **compiled}
        for edit, place in places.items():
            if edit in markers and markers[edit].encode() not in archive.read(place):
                raise WrongResultError(f"{wheel.name}: {place} is not of the edited source")


def check_cached(
    targets: Iterable[TargetReport], scenario: Scenario, pythons_before: Sequence[str]
) -> None:
    """
    Check that wheeldock took from its cache what it should, and nothing else.

    `pythons_before` are the interpreters of the build before. Raises WrongResultError.
    """
    for target in targets:
        added = target.name.partition("-")[0] not in pythons_before
        due = scenario.is_cached(target.name, added=added)
        if due is not None and target.cached is not due:
            was = "built" if due else "cached"
            raise WrongResultError(f"{scenario.title}: {target.name} was {was}")
