"""A folder in which the real command runs, and what it must leave alone there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.integration import projects

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wheeldock.errors import WheeldockError

COMMAND = Path(sys.executable).with_name("wheeldock")
ONE = ("--only", "cp313-manylinux_x86_64")
"""One wheel, on the interpreter that the tools run on, too."""


@dataclass(frozen=True)
class Ended:
    """A command that has run."""

    code: int
    out: str
    err: str


class Workplace:
    """A project in a folder of its own, with a `dist` that has an old wheel and a foreign file."""

    def __init__(self, folder: Path, temporary: Path, note: Callable[[str, object], None]) -> None:
        self.folder = folder
        self.dist = folder / "dist"
        self._temporary = temporary
        self._note = note
        temporary.mkdir(parents=True)
        projects.write_tiny(folder)
        self.dist.mkdir()
        (self.dist / "tiny-0.9-cp313-cp313-manylinux_2_28_x86_64.whl").write_bytes(b"an old wheel")
        (self.dist / "notes.txt").write_text("of the user")
        self._before = self.seen()

    @property
    def state(self) -> Path:
        """Where wheeldock keeps what it needs for later."""
        return self.folder / ".wheeldock"

    def seen(self) -> dict[str, object]:
        """All that a user sees of `dist`, and what else is in the folder."""
        files = {
            f"dist/{path.name}": (path.read_bytes(), path.stat().st_mtime_ns)
            for path in self.dist.iterdir()
        }
        others = {path.name: path.is_dir() for path in self.folder.iterdir() if path != self.state}
        return {**files, **others}

    def give_to(self, user: int) -> None:
        """Let another user work here."""
        for path in (self.folder, self._temporary, *self.folder.rglob("*")):
            os.chown(path, user, user)

    def start(
        self,
        *arguments: str,
        inside: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> subprocess.Popen[str]:
        """Start `wheeldock build`, as a shell would; `inside` is a command that runs it."""
        own = {"TMPDIR": str(self._temporary)}
        return subprocess.Popen(
            [*inside, COMMAND, "build", *arguments],
            cwd=cwd or self.folder,
            env={**os.environ, **own, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def build(
        self,
        *arguments: str,
        inside: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Ended:
        """Run `wheeldock build` to its end."""
        return wait(self.start(*arguments, inside=inside, environment=environment, cwd=cwd))

    def run(self, *arguments: str) -> Ended:
        """Run another of wheeldock's commands, where nobody can be asked."""
        done = subprocess.run(
            [COMMAND, *arguments],
            check=False,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def refused(self, ended: Ended, error: type[WheeldockError], *said: str) -> None:
        """Check the exit code, what was said, and that nothing was touched or left behind."""
        self._note("exit code", ended.code)
        self._note("message", ended.err)
        assert re.search("^Traceback", ended.out + ended.err, re.MULTILINE) is None, ended.err
        assert ended.code == error.code, (ended.out, ended.err)
        for text in said:
            assert text in ended.err, ended.err
        assert self.seen() == self._before
        self.is_tidy()

    def report(self) -> dict[str, dict[str, Any]]:
        """What the report says of each target."""
        report = json.loads((self.state / "report.json").read_text())
        return {target["name"]: target for target in report["targets"]}

    def forget_temporary_files(self) -> None:
        """Empty the folder of temporary files, as the system does in its time."""
        for folder in self._temporary.iterdir():
            shutil.rmtree(folder)

    def is_tidy(self) -> None:
        """Check that no temporary folder is left."""
        assert list(self._temporary.iterdir()) == []
        assert not (self.state / "tmp").exists()
        assert list(self.state.rglob("*.new")) == []

    def built(self, ended: Ended) -> None:
        """Check that the build went well, and that `dist` has what was built."""
        assert ended.code == 0, (ended.out, ended.err)
        names = {path.name for path in self.dist.iterdir()}
        assert projects.WHEEL in names
        assert {"tiny-1.0.tar.gz", "notes.txt"} < names
        self.is_tidy()


def wait(process: subprocess.Popen[str], seconds: float = 300) -> Ended:
    """Wait for a command's end."""
    out, err = process.communicate(timeout=seconds)
    return Ended(process.returncode, out, err)
