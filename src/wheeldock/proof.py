"""What proves a deployment: the index lists each file with the sha256 that it has here."""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

from wheeldock.deployment import Stage
from wheeldock.errors import FileConflictError, IndexUnreachableError, NotListedError

if TYPE_CHECKING:
    from wheeldock.deployment import Ledger
    from wheeldock.simpleindex import SimpleIndex


def note_listed(ledger: Ledger, index: SimpleIndex) -> None:
    """
    Write down which files the index lists.

    Raises FileConflictError when it has some of them with another hash, or IndexUnreachableError.
    """
    files = [file for file in ledger.deployment.files if not file.is_proven]
    listed = index.files(ledger.deployment.project, [file.file for file in files])
    conflicts = []
    for file in files:
        there = listed.get(file.file)
        if there and there.sha256 == file.sha256:
            stage = Stage.LISTED if file.attempts else Stage.THERE
            ledger.note(file.file, stage, url=there.url)
        elif there:
            conflicts.append(f"{file.file}: sha256 {file.sha256} here, {there.sha256} there")
    if conflicts:
        raise FileConflictError(
            "\n".join([f"{index.url} has other files of the same name:", *conflicts]),
            cure="An index never forgets a name: raise the version, and build again.",
        )


def wait_for(ledger: Ledger, index: SimpleIndex, seconds: float, every: float) -> None:
    """
    Ask the index until it lists all that was sent, for so many seconds.

    Raises NotListedError, or FileConflictError when it lists something else.
    """
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(IndexUnreachableError):
            note_listed(ledger, index)
        if ledger.deployment.is_complete:
            return
        if time.monotonic() >= end:
            break
        time.sleep(every)
    missing = [file.file for file in ledger.deployment.files if not file.is_proven]
    raise NotListedError(
        f"{index.url} does not list {', '.join(missing)} with our sha256, "
        f"{seconds:.0f} s after the repository took it",
        cure="Deploy again: what is there by then is left alone, and the rest is sent.",
    )
