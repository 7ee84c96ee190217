"""What a check of distributions finds, as data, and the rules that find it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import Enum
from itertools import islice
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_OF_A_KIND = 20
"""How many findings of one rule are told of one file; what is left is counted."""

T = TypeVar("T")


class Severity(str, Enum):
    """What a finding means for a release."""

    ERROR = "error"
    """An index refuses the file, or it does not work for those who install it."""
    WARNING = "warning"
    """It works, and is probably not what was meant."""
    NOTE = "note"
    """Worth knowing; what could not be checked is one, too."""

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Problem:
    """What a rule finds wrong: where in the file, what, and the next step."""

    place: str
    """A member of the archive, or a field as `METADATA: Version`; "" for the file as a whole."""
    what: str
    cure: str = ""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A problem of a file, by the rule that found it."""

    severity: Severity
    rule: str
    file: str
    """The file's name; "" for the set of files as a whole."""
    place: str
    what: str
    cure: str

    def __str__(self) -> str:
        return f"{self.severity} {self.said}"

    @property
    def said(self) -> str:
        """The rule, the place and what is wrong there, without how bad it is."""
        where = ": ".join(part for part in (self.file, self.place) if part)
        return f"{self.rule}: {where + ': ' if where else ''}{self.what}"


@dataclass(frozen=True)
class Rule(Generic[T]):
    """A rule by its name; the first line of `check`'s docstring says what has to be so."""

    name: str
    severity: Severity
    check: Callable[[T], Iterable[Problem]]

    @property
    def meaning(self) -> str:
        """What has to be so, in a line."""
        return (self.check.__doc__ or "").strip().partition("\n")[0]

    def findings(self, subject: T, file: str) -> Iterator[Finding]:
        """What it finds wrong with a subject, no more than `MOST_OF_A_KIND` and a count."""
        problems = iter(self.check(subject))
        for problem in islice(problems, MOST_OF_A_KIND):
            yield self.finding(problem, file)
        if more := sum(1 for _ in problems):
            yield self.finding(Problem("", f"and {more} more like these"), file)

    def finding(self, problem: Problem, file: str) -> Finding:
        """A problem that somebody else found, as this rule's."""
        return Finding(severity=self.severity, rule=self.name, file=file, **asdict(problem))


def errors(findings: Iterable[Finding]) -> list[Finding]:
    """The findings that forbid a release."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]
