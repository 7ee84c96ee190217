"""
`invoke test`: each wheel installed and tested in clean containers, side by side.

No container is the one that built the wheel, and none sees the source tree but for what the test
command names of it. A failure is that of its wheel: the others' results stand.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import planning, trialreport
from wheeldock.builder import Buildx
from wheeldock.errors import FailedTestError, NothingToTestError, UsageError
from wheeldock.progress import ProgressMode, open_console, open_progress
from wheeldock.state import State
from wheeldock.tester import Tester
from wheeldock.together import joined
from wheeldock.tryplaces import fitting
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from wheeldock.planning import Asked, Inputs
    from wheeldock.progress import Progress


def run(asked: Asked, *, wheels: Sequence[str], again: bool, junit: str, progress: str) -> None:
    """
    Test the wheels of the output folder, or those files, and show what became of each.

    Raises WheeldockError.
    """
    mode, place = ProgressMode.named(progress), _junit_place(junit)
    state = State.here()
    with open_progress(mode, open_console(mode)) as display, state.locked(display.say):
        inputs = planning.read(asked, state)
        for remark in inputs.remarks:
            display.say(remark)
        found = _wheels(wheels, inputs)
        with _tester(inputs, found, Buildx(), display, state) as tester:
            report, errors = replace(tester, again=again, only=asked.only).test(found)
        display.tested(report)
        if place:
            trialreport.write_junit(report, place)
        if errors:
            raise joined(errors, FailedTestError)


def _junit_place(junit: str) -> Path | None:
    """The file to write; that it can be one is known before minutes of tests."""
    if not junit:
        return None
    place = Path(junit)
    above = next(folder for folder in place.absolute().parents if folder.exists())
    if place.is_dir() or not above.is_dir():
        message = f"--junit: {place} is no place for a file"
        raise UsageError(message, cure="Name a file, e.g. tests.xml.")
    return place


def check_built(
    inputs: Inputs, buildx: Buildx, display: Progress, state: State, only: Sequence[str]
) -> None:
    """Test what a build has left in the output folder. Raises WheeldockError."""
    found = _wheels((), inputs)
    with _tester(inputs, found, buildx, display, state) as tester:
        errors = replace(tester, only=only).check(found)
    if errors:
        raise joined(errors, FailedTestError)


@contextlib.contextmanager
def _tester(
    inputs: Inputs, wheels: Sequence[Path], buildx: Buildx, display: Progress, state: State
) -> Iterator[Tester]:
    """What tests the wheels on the images that are planned for them."""
    selection = fitting(inputs.selection, [path.name for path in wheels])
    inputs = replace(inputs, selection=selection)
    builder = buildx.info(inputs.settings.builder or None)
    plan = planning.fetched(inputs, buildx, builder, display.say)
    with state.scratch() as scratch:
        yield Tester(
            buildx=buildx,
            display=display,
            state=state,
            inputs=inputs,
            plan=plan,
            builder=builder,
            scratch=scratch,
        )


def _wheels(named: Sequence[str], inputs: Inputs) -> list[Path]:
    """The wheels to test: those that are named, or the project's in the output folder."""
    if named:
        return list({path.resolve(): path for path in map(_named, map(Path, named))}.values())
    folder = inputs.settings.output_dir
    found = sorted(folder.glob("*.whl")) if folder.is_dir() else []
    name = inputs.project.normalized_name
    ours = [
        path for path in found if (wheel := read_distribution(path)) and name in {None, wheel.name}
    ]
    if not ours:
        whose = f" of {name}" if name else ""
        raise NothingToTestError(
            f"there is no wheel{whose} in {folder}",
            cure="`invoke build` makes them; --dist or --wheel name others.",
        )
    return ours


def _named(path: Path) -> Path:
    if path.suffix != ".whl" or read_distribution(path) is None:
        message = f"--wheel: {path.name!r} is no wheel's file name"
        cure = "One looks like name-1.0-cp313-cp313-manylinux_2_28_x86_64.whl."
        raise NothingToTestError(message, cure=cure)
    if not path.is_file():
        raise NothingToTestError(f"--wheel: {path} is missing", cure="`invoke build` makes wheels.")
    return path
