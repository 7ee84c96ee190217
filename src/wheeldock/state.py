"""Where a project's `.wheeldock` folder keeps what: the lock, the report, caches, scratch space."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wheeldock.errors import DISK_FULL, LockedError, OutputError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOCK_SECONDS = 3600.0
"""How long a second build of the same project waits for the first."""


@dataclass(frozen=True)
class State:
    """The `.wheeldock` folder of the place where wheeldock is run."""

    root: Path

    @classmethod
    def here(cls) -> State:
        """That of the working directory."""
        return cls(Path.cwd() / ".wheeldock")

    @property
    def report(self) -> Path:
        """The report of the last build."""
        return self.root / "report.json"

    @property
    def made(self) -> Path:
        """What the last build was made from, and what it made."""
        return self.root / "made.json"

    @property
    def deployed(self) -> Path:
        """The record of the last deployment."""
        return self.root / "deploy.json"

    @property
    def tested(self) -> Path:
        """Which wheels passed which tests."""
        return self.root / "tested.json"

    @property
    def released(self) -> Path:
        """The record of the last release."""
        return self.root / "release.json"

    @property
    def downloads(self) -> Path:
        """Sdists that came from an index."""
        return self.root / "downloads"

    @property
    def wheelhouse(self) -> Path:
        """Wheels of a run in which others failed: kept, since they are good."""
        return self.root / "wheelhouse"

    @property
    def unaudited(self) -> Path:
        """Wheels that did not pass an audit."""
        return self.root / "unaudited"

    def unpacked(self, project: str) -> Path:
        """The project's unpacked sdist, alone in its folder: what wheels are built from."""
        return self.root / "sdist" / project / "src"

    def foresight(self, project: str) -> Path:
        """What there is to know of the project's sdist, for the next one to be foretold."""
        return self.root / "foresight" / f"{project}.json"

    def history(self, project: str) -> Path:
        """The project's history, where its checkout's Git directory is outside of its folder."""
        return self.root / "git" / project

    def create(self) -> None:
        """Make the folder, kept out of git and out of backups."""
        self.root.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (".gitignore", "*\n"),
            ("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"),
        ):
            if not (self.root / name).exists():
                (self.root / name).write_text(text, encoding="utf-8")

    @contextlib.contextmanager
    def locked(self, say: Callable[[str], None], seconds: float = LOCK_SECONDS) -> Iterator[None]:
        """
        Let one build at a time into the folder; a second one says that it waits.

        Raises LockedError after that many seconds, OutputError when the folder cannot be
        written, or OSError when the disk is full.
        """
        lock = FileLock(self.root / "lock")
        try:
            self.create()
            self._acquire(lock, say, seconds)
        except OSError as error:
            if error.errno in DISK_FULL:
                raise
            raise OutputError(
                f"the folder {self.root} cannot be written: {error.strerror or error}",
                cure="Mend that, or run wheeldock in a folder of your own, and name this one by "
                "--source.",
            ) from None
        owner = self.root / "lock.pid"
        try:
            # It only serves to say who builds.
            with contextlib.suppress(OSError):
                owner.write_text(str(os.getpid()), encoding="ascii")
            yield
        finally:
            with contextlib.suppress(OSError):
                owner.unlink()
            lock.release()

    def _acquire(self, lock: FileLock, say: Callable[[str], None], seconds: float) -> None:
        with contextlib.suppress(Timeout):
            lock.acquire(blocking=False)
            return
        say(f"Another build of this project is running{self._owner()}; waiting for it.")
        try:
            lock.acquire(timeout=seconds)
        except Timeout:
            raise LockedError(
                f"another build of this project{self._owner()} did not end in {seconds:.0f} s",
                cure="Wait for it or end it, then build again.",
            ) from None

    def _owner(self) -> str:
        with contextlib.suppress(OSError, ValueError):
            return f" (process {int((self.root / 'lock.pid').read_text(encoding='ascii'))})"
        return ""

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for one run. It goes with the run, and so does what a killed run left."""
        home = self.root / "tmp"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(exist_ok=True)
        try:
            yield Path(tempfile.mkdtemp(dir=home))
        finally:
            shutil.rmtree(home, ignore_errors=True)
