"""What was found of distributions, as people and programs are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from itertools import groupby
from typing import TYPE_CHECKING, Any

from rich.filesize import decimal
from rich.text import Text

from wheeldock.console import columns
from wheeldock.findings import Finding, Severity
from wheeldock.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console
    from rich.table import Table

SCHEMA = 1
"""The version of the JSON's format; it grows when a reader must know."""

_STYLES = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.NOTE: "cyan"}
_WORST_FIRST = tuple(Severity)


def as_json(paths: Sequence[Path], findings: Sequence[Finding]) -> dict[str, Any]:
    """The files that were looked at and what was found, as JSON's own types."""
    return {
        "schema": SCHEMA,
        "files": [path.name for path in paths],
        "findings": [{**asdict(each), "severity": str(each.severity)} for each in findings],
    }


def show(paths: Sequence[Path], findings: Sequence[Finding], console: Console) -> None:
    """Print a table of the files, what was found of each, and the sum."""
    console.print()
    console.print(_table(paths, findings))
    for name in (*(path.name for path in paths), ""):
        for line in _of(name, findings):
            console.print(line, soft_wrap=not console.is_terminal)
    console.print()
    found = _counts(findings) or "nothing found"
    console.print(f"{counted(len(paths), 'file')}: {found}", highlight=False)


def _table(paths: Sequence[Path], findings: Sequence[Finding]) -> Table:
    table = columns("file", "size", "result")
    for path in paths:
        ours = [each for each in findings if each.file == path.name]
        result = Text(_counts(ours) or "good", style=_style(ours))
        table.add_row(Text(path.name), decimal(path.stat().st_size), result)
    return table


def _style(findings: Iterable[Finding]) -> str:
    found = {each.severity for each in findings}
    return next((_STYLES[one] for one in _WORST_FIRST if one in found), "green")


def _of(file: str, findings: Sequence[Finding]) -> Iterator[Text]:
    """A file's name and its findings, the worst first; nothing where there are none."""
    ours = [each for each in findings if each.file == file]
    if ours:
        yield Text("")
        yield Text(file or "all of them together", style="bold")
    ours.sort(key=lambda each: _WORST_FIRST.index(each.severity))
    for cure, alike in groupby(ours, key=lambda each: each.cure):
        for each in alike:
            style = _STYLES[each.severity]
            place = f"{each.place}: " if each.place else ""
            yield Text.assemble((f"  {each.severity} {each.rule}: ", style), place, each.what)
        if cure:
            yield Text(f"    {cure}", style="dim")


def _counts(findings: Iterable[Finding]) -> str:
    counts = Counter(each.severity for each in findings)
    return ", ".join(counted(counts[one], one) for one in _WORST_FIRST if counts[one])
