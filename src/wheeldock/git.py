"""Git as a program: it is asked about checkouts, whoever owns them, and changes none."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import IO


class GitError(Exception):
    """Git failed, or is not there; the message is the last line that it printed."""


def git(
    *arguments: str | Path,
    at: Path,
    given: bytes = b"",
    into: IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """
    Run Git in a folder and return what it prints, or print it `into` a file.

    Raises GitError.
    """
    # Git refuses a checkout of another user, since its configuration may name programs to run.
    # What is done here runs one alone, the file system monitor.
    command = ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(at)]
    # In a hook Git's variables name another repository.
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            [*command, *arguments],
            env={**inherited, "GIT_OPTIONAL_LOCKS": "0", **(environment or {})},
            input=given,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=True,
        )
    except OSError as error:
        raise GitError(str(error)) from None
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip()
        raise GitError(said.rpartition("\n")[2]) from None
    return done.stdout or b""
