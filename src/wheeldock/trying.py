"""One trial: from a request to a report, with what a trial that passed told."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock.errand import explained
from wheeldock.errors import WheeldockError
from wheeldock.record import BuildRecord
from wheeldock.tested import Passed
from wheeldock.trialreport import TrialReport

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.progress import Progress
    from wheeldock.request import BuildRequest
    from wheeldock.seeds import Seeder
    from wheeldock.trials import Trial


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """A trial that can be run."""

    trial: Trial
    request: BuildRequest
    """But for where the wheel is and the outcome goes."""
    key: str
    """By what it is known once it has passed; "" for nothing."""


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """What became of a trial."""

    report: TrialReport
    key: str = ""
    passed: Passed | None = None
    """What to remember of it."""
    error: WheeldockError | None = None


@dataclass(frozen=True, kw_only=True)
class Trier:
    """Runs trials; safe to use from several threads."""

    display: Progress
    seeder: Seeder
    before: Mapping[str, Passed]
    """What has passed, and is not to be run again."""
    scratch: Path
    """A folder for this run alone."""

    def run(self, prepared: Prepared) -> TrialResult:
        """Run a trial, unless it has passed before; its failure is in the result."""
        trial, clock, record = prepared.trial, time.monotonic(), BuildRecord()
        self.display.started(trial.name)
        passed, error = self.before.get(prepared.key), None
        is_known = passed is not None
        if passed is None:
            try:
                passed = self._outcome(prepared, record)
            except WheeldockError as failure:
                error = failure
        seconds = round(time.monotonic() - clock, 3)
        report = _report(trial, passed, error, record, seconds, cached=is_known or record.cached)
        self.display.finished(report)
        return TrialResult(report=report, key=prepared.key, passed=passed, error=error)

    def _outcome(self, prepared: Prepared, record: BuildRecord) -> Passed:
        """Run it. Raises what a failed build raises."""
        trial = prepared.trial
        home, wheel = self.scratch / trial.slug, trial.wheel
        (home / "wheel").mkdir(parents=True)
        # By a second name the next build would not know its wheel again.
        shutil.copyfile(wheel, home / "wheel" / wheel.name)
        contexts = {**prepared.request.contexts, "wheel": home / "wheel"}
        request = replace(prepared.request, contexts=contexts, output=home / "out")
        with explained(trial.title, trial.place.image, record):
            self.seeder.build(
                request, record, lambda event: self.display.event(trial.name, event, record)
            )
        told = json.loads((home / "out" / "outcome.json").read_text(encoding="utf-8"))
        shutil.rmtree(home)
        return Passed(**told, log=tuple(record.log("test")))


def _report(
    trial: Trial,
    passed: Passed | None,
    error: WheeldockError | None,
    record: BuildRecord,
    seconds: float,
    *,
    cached: bool,
) -> TrialReport:
    warning = f"{trial.title}: {passed.warning}" if passed and passed.warning else ""
    return TrialReport(
        name=trial.name,
        wheel=trial.wheel.name,
        identifier=str(trial.identifier),
        image=trial.place.name,
        stages=record.seconds,
        seconds=seconds,
        cached=cached and error is None,
        warning=warning,
        error=error.message if error else "",
        exit_code=error.code if error else 0,
        tests=passed.seconds if passed else 0.0,
        python=passed.python if passed else "",
        log=passed.log if passed else tuple(record.log("test")),
    )
