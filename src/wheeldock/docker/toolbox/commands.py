"""
Commands of the configuration (before-all, before-build, …), as their options mean them.

This needs nothing but the standard library: before-all runs before anything is installed.
"""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from ending import fail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

COMMAND_FAILED = 35


def run(
    option: str,
    command: str,
    places: Mapping[str, Path | str],
    cwd: Path,
    *,
    code: int = COMMAND_FAILED,
) -> None:
    """
    Run the command of that option in a folder, with the placeholders filled in.

    Bash runs it: that is what `sh` is in the manylinux images. When it fails, the program ends
    with that exit code, and with the command and its status named.
    """
    done = subprocess.run(
        ["bash", "-c", filled(command, places)],
        check=False,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        fail(code, f"{option} {how_it_ended(done.returncode)}: {command}", "Its log ends:")


def filled(command: str, places: Mapping[str, Path | str]) -> str:
    """The command with what stands for `{name}` in it; `#{name}` is `{name}` as it stands."""
    known = {"python": "python", "pip": "pip", **places}

    def value(match: re.Match[str]) -> str:
        if match["escape"]:
            return match[0][1:]
        return str(known[match["name"]])

    return re.sub(rf"(?P<escape>#?)\{{(?P<name>{'|'.join(known)})\}}", value, command)


def how_it_ended(status: int) -> str:
    """In words, what a status of `subprocess` means."""
    return f"ended with exit code {status}" if status > 0 else f"was ended by signal {-status}"
