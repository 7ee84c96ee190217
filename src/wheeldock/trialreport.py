"""What became of each wheel's trials: for people, for programs, and as JUnit XML."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar
from xml.etree import ElementTree as ET

from rich.text import Text

from wheeldock import report as reports
from wheeldock import reportview
from wheeldock.console import columns
from wheeldock.phrases import counted
from wheeldock.report import TargetReport

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from wheeldock.trials import Untried


@dataclass(frozen=True, kw_only=True)
class TrialReport(TargetReport):
    """What became of one trial. It is cached when what passed before was not run again."""

    made: ClassVar[str] = "passed"

    wheel: str
    """The wheel's file name."""
    identifier: str
    """The interpreter's build identifier."""
    image: str
    """As people call it."""
    tests: float = 0.0
    """Seconds that its tests took, now or when they ran."""
    python: str = ""
    """The interpreter's version, e.g. `3.13.5`."""
    log: tuple[str, ...] = ()
    """The last lines that it printed."""


@dataclass(frozen=True, kw_only=True)
class TestingReport:
    """What became of all wheels' trials."""

    __test__ = False  # pytest takes what is called so for tests

    trials: tuple[TrialReport, ...]
    untried: tuple[Untried, ...]
    seconds: float


def as_json(report: TestingReport) -> dict[str, Any]:
    """The report as JSON's own types."""
    trials = [{**asdict(each), "outcome": reports.outcome(each)} for each in report.trials]
    return {**asdict(report), "trials": trials}


def show(report: TestingReport, console: Console) -> None:
    """Print a row for each trial, and a line for all."""
    table = columns("wheel", "interpreter", "image", "result", "time", "tests", whole="wheel")
    for trial in report.trials:
        outcome = reports.outcome(trial)
        times = [reportview.seconds(trial.seconds), reportview.seconds(trial.tests)]
        times = times if not trial.error else [times[0], ""]
        result = Text(outcome, style=reportview.STYLES[outcome])
        table.add_row(trial.wheel, trial.identifier, trial.image, result, *times)
    for each in filter(_has_row, report.untried):
        table.add_row(each.wheel, each.identifier, each.image, Text("skipped", style="yellow"))
    console.print()
    console.print(table)
    console.print()
    for line in (*remarks(report), closing_line(report)):
        wrap = not console.is_terminal
        console.print(line, markup=False, highlight=False, soft_wrap=wrap)


def _has_row(untried: Untried) -> bool:
    """Whether it is worth a row: that images lack most interpreters is not."""
    return bool(untried.identifier) or not untried.image


def remarks(report: TestingReport) -> list[str]:
    """What the table has no room for: why something was not tried, and what is odd."""
    why: dict[tuple[str, str], list[str]] = {}
    for each in report.untried:
        python, abi = each.wheel.split("-")[-3:-1]
        why.setdefault((each.image, each.why), []).append(f"{python}-{abi}")
    lines = [
        f"Not tested{f' on {image}' if image else ''}: {', '.join(dict.fromkeys(abis))} ({reason})"
        for (image, reason), abis in why.items()
    ]
    return [*lines, *(each.warning for each in report.trials if each.warning)]


def closing_line(report: TestingReport) -> str:
    """All of it in a line, e.g. `6 of 7 tests of 3 wheels passed, 2 not tested again, 12.3 s`."""
    total = len(report.trials)
    passed = sum(not each.error for each in report.trials)
    cached = sum(each.cached for each in report.trials)
    wheels = len({each.wheel for each in report.trials})
    count = f"{counted(total, 'test')} of {counted(wheels, 'wheel')}"
    parts = [f"{count} passed" if passed == total else f"{passed} of {count} passed"]
    if cached:
        parts.append(f"{'none tested' if cached == total else f'{cached} not tested'} again")
    return ", ".join([*parts, reportview.seconds(report.seconds)])


def write_junit(report: TestingReport, path: Path) -> None:
    """
    Write the report in the form that CI systems read (JUnit's): a test case for each trial.

    A case's class is the wheel, its name the interpreter and the image, its time the seconds by
    the clock. Raises OSError.
    """
    failed = sum(bool(each.error) for each in report.trials)
    count = {
        "tests": f"{len(report.trials) + len(report.untried)}",
        "failures": f"{failed}",
        "errors": "0",
        "skipped": f"{len(report.untried)}",
        "time": f"{report.seconds:.3f}",
    }
    root = ET.Element("testsuites", count)
    suite = ET.SubElement(root, "testsuite", {"name": "wheeldock test", **count})
    for trial in report.trials:
        case = _case(suite, trial.wheel, trial.name, trial.seconds)
        if trial.error:
            failure = ET.SubElement(case, "failure", message=_xml(reportview.reason(trial)))
            failure.text = _xml(trial.error)
        ET.SubElement(case, "system-out").text = _xml("\n".join(trial.log))
    for each in report.untried:
        where = " on ".join(filter(None, [each.identifier, each.image]))
        ET.SubElement(_case(suite, each.wheel, where, 0.0), "skipped", message=each.why)
    ET.indent(root)
    path.parent.mkdir(parents=True, exist_ok=True)
    ET.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)


def _case(suite: ET.Element, wheel: str, name: str, seconds: float) -> ET.Element:
    attributes = {"classname": wheel, "name": name, "time": f"{seconds:.3f}"}
    return ET.SubElement(suite, "testcase", attributes)


def _xml(text: str) -> str:
    """A text without the characters that XML 1.0 has no form for."""
    return "".join(char for char in text if char.isprintable() or char in "\n\t")
