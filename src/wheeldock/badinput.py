"""
What is wrong with what is asked for, as far as that is known without an engine, in one report.

What could not be read leaves other things unknown, and of those nothing is said: for a `build`
that is no glob nobody knows which images are wanted.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheeldock import constraints, epoch, groups, imagechoice, wishes
from wheeldock.epoch import Epochs
from wheeldock.errors import (
    ConfigurationError,
    NothingSelectedError,
    UnknownIdentifierError,
)
from wheeldock.together import joined, noted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from wheeldock.config import Reading
    from wheeldock.constraints import Constraints
    from wheeldock.errors import WheeldockError
    from wheeldock.project import Project
    from wheeldock.selection import Selection

SELECTING = frozenset({"build", "skip", "archs", "enable", "project-requires-python"})
"""The options that say which identifiers are built."""


@dataclass(kw_only=True)
class Checked:
    """What was read in passing."""

    warnings: tuple[str, ...] = ()
    """What is asked for in vain, a line each."""
    constraints: Mapping[str, Constraints] = field(default_factory=dict)
    """As `constraints.read` returns them."""
    epochs: Epochs = field(default_factory=Epochs)
    """As `epoch.chosen` returns it."""


def check(
    reading: Reading,
    project: Project,
    selection: Selection,
    folder: Path,
    environ: Mapping[str, str],
) -> Checked:
    """
    Check all of it; `folder` is the project's.

    Raises WheeldockError with everything that is wrong: of its own kind where all is of one, else
    a ConfigurationError. That nothing is selected is an error only beside others.
    """
    errors, checked = list(reading.errors), Checked()
    settings, selector = reading.config, selection.selector
    known = () if reading.unread & SELECTING else selection.identifiers
    with noted(errors):
        places = {option: settings.origin(option) for option in ("build", "skip")}
        untested = wishes.in_vain(settings.test_skip, settings.origin("test-skip"))
        checked.warnings = (*wishes.check(selector, places), *untested)
    if errors and not settings.allow_empty:
        errors += _emptiness(selection, reading.unread, errors)
    with noted(errors):
        imagechoice.check(settings, known)
    with noted(errors):
        checked.constraints, in_vain = constraints.read(settings, known, folder)
        checked.warnings += in_vain
    with noted(errors):
        groups.check(settings, known, project)
    with noted(errors):
        checked.epochs = epoch.chosen(environ)
    if errors:
        raise joined(errors, ConfigurationError)
    return checked


def _emptiness(
    selection: Selection, unread: frozenset[str], errors: Iterable[WheeldockError]
) -> Iterator[WheeldockError]:
    """That nothing is selected, where no other error is the cause of that."""
    if selection.identifiers or any(isinstance(each, UnknownIdentifierError) for each in errors):
        return
    if not unread & SELECTING:
        yield wishes.nothing_selected(selection.selector)
    elif not unread & {"build", "skip"} and (why := wishes.contradicting(selection.selector)):
        yield NothingSelectedError(why)
