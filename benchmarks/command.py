"""Programs that the benchmarks run."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_TAIL = 4000


class CommandError(Exception):
    """A program ended badly."""


def run(
    *command: str | Path,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
) -> str:
    """
    Run a program, with `text` as its input, and return what it wrote.

    Raises CommandError with the end of that when it ends badly.
    """
    done = subprocess.run(
        command,
        cwd=cwd,
        env=environment,
        input=text or "",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    if done.returncode:
        words = " ".join(map(str, command))
        raise CommandError(f"exit code {done.returncode}: {words}\n{done.stdout[-_TAIL:]}")
    return done.stdout
