"""`invoke verify`: from a folder of distributions to what is told of them, and the exit code."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import dryrun, findingsview, planning, publicsecrets
from wheeldock.errors import (
    DistributionsUnfitError,
    NotReproducibleError,
    UsageError,
    WheeldockError,
)
from wheeldock.findings import Finding, Problem, errors
from wheeldock.phrases import counted
from wheeldock.planning import Inputs
from wheeldock.progress import ProgressMode, open_console
from wheeldock.rebuild import rebuild
from wheeldock.rules import NOT_CHECKED, REBUILD
from wheeldock.state import State
from wheeldock.verify import distributions, verify

if TYPE_CHECKING:
    from collections.abc import Sequence

    from wheeldock.plan import BuildTarget
    from wheeldock.planning import Asked


def run(asked: Asked, *, folder: str, largest: int, as_json: bool, again: bool = False) -> None:
    """
    Show what is wrong with the distributions of a folder; `again` builds them once more.

    Raises DistributionsUnfitError where something is, NotReproducibleError where it is only that
    a second build gives something else, and UsageError where the folder has none.
    """
    inputs = _inputs(asked)
    output = inputs.settings.output_dir if isinstance(inputs, Inputs) else Path("dist")
    paths = _distributions(Path(folder) if folder else output)
    targets = _targets(inputs, paths)
    findings = verify(
        paths,
        targets=None if isinstance(targets, Finding) else targets,
        largest=largest,
        public_secrets=publicsecrets.of(inputs if isinstance(inputs, Inputs) else None, paths),
    )
    if isinstance(targets, Finding):
        findings.append(targets)
    if again:
        if isinstance(inputs, Inputs) and (other := publicsecrets.of_another(inputs, paths)):
            raise UsageError(f"--rebuild: {other}", cure="--source names what they are of.")
        progress = "quiet" if as_json else "auto"
        findings += rebuild(asked, paths, State.here(), progress)
    if as_json:
        sys.stdout.write(json.dumps(findingsview.as_json(paths, findings)) + "\n")
    else:
        findingsview.show(paths, findings, open_console(ProgressMode.AUTO))
    if found := errors(findings):
        message = f"{counted(len(found), 'error')} in {paths[0].parent}"
        kind = NotReproducibleError if _only_differ(found) else DistributionsUnfitError
        raise kind(message, cure="Each is listed with what mends it.")


def _only_differ(found: Sequence[Finding]) -> bool:
    return all(finding.rule == REBUILD.name for finding in found)


def _distributions(folder: Path) -> list[Path]:
    paths = distributions(folder) if folder.is_dir() else []
    if not paths:
        message = f"there is no wheel and no sdist in {folder}"
        raise UsageError(message, cure="`invoke build` makes some; --dist names another folder.")
    return paths


def _inputs(asked: Asked) -> Inputs | Finding:
    """What a plan is made from, or a note that there is none where nobody asked for one."""
    try:
        return planning.read(asked, State.here())
    except WheeldockError as error:
        if asked.source or asked.only or asked.config_file:
            raise
        return _no_plan(error.message)


def _targets(inputs: Inputs | Finding, paths: Sequence[Path]) -> Sequence[BuildTarget] | Finding:
    """What the plan has, or a note why that is not known here."""
    if isinstance(inputs, Finding):
        return inputs
    if other := publicsecrets.of_another(inputs, paths):
        return _no_plan(other)
    try:
        return dryrun.at_hand(inputs, dryrun.say_nothing).targets
    except WheeldockError as error:
        return _no_plan(error.message)


def _no_plan(why: str) -> Finding:
    first = why.partition("\n")[0]
    return NOT_CHECKED.finding(Problem("", f"whether the plan's wheels are all here: {first}"), "")
