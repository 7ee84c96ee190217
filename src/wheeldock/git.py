"""Git as a program: asked about checkouts, whoever owns them; and, for a release, as the user."""

from __future__ import annotations

import os
import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping
    from pathlib import Path
    from typing import IO

_REPOSITORY_VARIABLES = frozenset(
    [
        *("GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE"),
        *("GIT_IMPLICIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_NO_REPLACE_OBJECTS"),
        *("GIT_OBJECT_DIRECTORY", "GIT_PREFIX", "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE"),
        "GIT_WORK_TREE",
    ]
)
"""Variables that name a repository, as Git sets them for hooks."""

_TIME = b"//"
"""What comes before a commit's time, and begins no path."""

_CHANGES = (
    # Whoever asks has settings of their own.
    *("-c", "log.follow=false", "-c", "log.showRoot=true", "--literal-pathspecs"),
    *("log", "-z", "-m", "--first-parent", f"--format={_TIME.decode()}%ct", "--name-only"),
    *("--relative", "--no-renames", "--ignore-submodules=none", "--no-show-signature"),
)
"""To list commits of HEAD's line with their times and what each changed."""

_REFUSAL = re.compile(r"^\s*(?P<cure>git config --global --add safe\.directory .+)$", re.MULTILINE)
"""What Git says to do, in any language, once it refuses a checkout for its owner."""


class GitError(Exception):
    """Git failed, or is not there; the message is the last line that it printed."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said or message
        """All that it printed."""


class RefusedOwnerError(GitError):
    """Git refuses a checkout, since it belongs to another user."""

    def __init__(self, cure: str) -> None:
        super().__init__("Git refuses this checkout, which belongs to another user")
        self.cure = f"`{cure}` lets Git trust it."


def git(
    *arguments: str | Path,
    at: Path,
    given: bytes = b"",
    into: IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> bytes:
    """
    Ask Git about a folder and return what it prints, or print it `into` a file.

    Raises GitError.
    """
    variables = {**_variables(), **(environment or {})}
    return _run([*_asking(at), *arguments], variables, given=given, into=into)


def refused_owner(folder: Path) -> RefusedOwnerError | None:
    """
    How Git refuses the checkout that a folder is in; None where it does not.

    Before Git 2.38 nothing on its command line keeps it from that.
    """
    try:
        git("rev-parse", "--git-dir", at=folder)
    except RefusedOwnerError as error:
        return error
    except GitError:
        return None
    return None


def succeeds(*question: str, at: Path) -> bool:
    """Whether Git says yes to a question about a folder, by ending well."""
    try:
        git(*question, at=at)
    except GitError:
        return False
    return True


def changes(folder: str, *, at: Path, commits: int) -> Generator[tuple[int, str], None, None]:
    """
    Each path in a folder that a commit changed, with that commit's time; the newest come first.

    The commits are those of HEAD's own line, so many at most: a merge changes what it brings in.
    Paths are relative to `at`; a submodule is one. Git is stopped when no more is asked for.
    Raises GitError.
    """
    command = [*_asking(at), *_CHANGES, f"--max-count={commits}", "--", folder]
    try:
        process = subprocess.Popen(
            command,
            # What a clone lacks is not fetched in passing, whatever its configuration allows.
            env={**_variables(), "GIT_ALLOW_PROTOCOL": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError as error:
        raise GitError(str(error)) from None
    with process:
        try:
            yield from _read_changes(process.stdout)
            code = process.wait()
        finally:
            process.kill()
    if code:
        raise GitError(f"git log ended with {code}")


def _read_changes(output: IO[bytes] | None) -> Iterator[tuple[int, str]]:
    seconds, is_first, rest = 0, False, b""
    while output and (chunk := os.read(output.fileno(), 1 << 16)):
        *entries, rest = (rest + chunk).split(b"\0")
        for entry in filter(None, entries):
            if entry.startswith(_TIME):
                seconds, is_first = int(entry.removeprefix(_TIME)), True
                continue
            yield seconds, os.fsdecode(entry[is_first:])
            is_first = False


def _asking(at: Path) -> list[str | Path]:
    """The beginning of a command that asks about a folder."""
    # Git refuses a checkout of another user, since its configuration may name programs to run.
    # What is asked here runs one alone, the file system monitor.
    return ["git", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-C", str(at)]


def _variables() -> dict[str, str]:
    """What Git is to see of the environment: in a hook its variables name another repository."""
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {**inherited, "GIT_OPTIONAL_LOCKS": "0"}


def git_as_user(
    *arguments: str | Path, at: Path, seconds: float | None = None, given: bytes = b""
) -> bytes:
    """
    Let Git do something in a folder with the user's identity, credentials, keys and hooks.

    Raises GitError, also when it takes longer than `seconds`.
    """
    inherited = {
        key: value for key, value in os.environ.items() if key not in _REPOSITORY_VARIABLES
    }
    command = ["git", "-C", str(at), *arguments]
    try:
        return _run(command, inherited, given=given, seconds=seconds)
    except subprocess.TimeoutExpired:
        raise GitError(f"no answer in {seconds:.0f} s") from None


def _run(
    command: list[str | Path],
    variables: Mapping[str, str],
    *,
    given: bytes,
    into: IO[bytes] | None = None,
    seconds: float | None = None,
) -> bytes:
    try:
        done = subprocess.run(
            command,
            env=variables,
            input=given,
            stdout=into or subprocess.PIPE,
            stderr=subprocess.PIPE,
            check=True,
            timeout=seconds,
        )
    except OSError as error:
        raise GitError(str(error)) from None
    except subprocess.CalledProcessError as error:
        said = os.fsdecode(error.stderr).strip()
        if refused := _REFUSAL.search(said):
            raise RefusedOwnerError(refused["cure"]) from None
        raise GitError(said.rpartition("\n")[2], said) from None
    return done.stdout or b""
