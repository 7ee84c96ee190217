"""What the user sees of a deployment: what is to be sent, how far it is, where it is then."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)
from rich.text import Text

from wheeldock.console import columns
from wheeldock.deployment import Stage
from wheeldock.phrases import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console
    from rich.table import Table

    from wheeldock.deployment import Deployment, FileRecord
    from wheeldock.uploading import Answer

_STYLES = {
    Stage.WAITING: "bold",
    Stage.FAILED: "red",
    Stage.SENT: "yellow",
    Stage.LISTED: "green",
    Stage.THERE: "cyan",
}
_DIGITS = 12
"""Of a sha256, that people compare."""


class View:
    """A deployment on a console: a bar on a terminal, lines elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def say(self, text: str) -> None:
        """Say a line, which is not broken in two."""
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)

    def plan(self, planned: Deployment, left: Sequence[str], *, in_clear: bool) -> None:
        """Show what is to be sent, and where to."""
        waiting = [file for file in planned.files if file.stage is Stage.WAITING]
        self.say(f"{planned.project} {planned.version} to {planned.repository}")
        self.say(f"  sent to    {planned.upload_url}")
        self.say(f"  listed at  {planned.index_url}")
        if in_clear:
            self.say("  The token goes there without encryption: anyone on the way can read it.")
        self._console.print(_table(planned.files))
        if left:
            self.say(f"Left alone: {', '.join(left)}")
        there = len(planned.files) - len(waiting)
        known = f"; {there} already there" if there else ""
        size = decimal(sum(file.size for file in waiting))
        self.say(f"{counted(len(waiting), 'file')} to send, {size}{known}")

    @contextlib.contextmanager
    def sending(self) -> Iterator[None]:
        """While files are sent."""
        with self._bar:
            yield

    @contextlib.contextmanager
    def file(self, name: str, size: int) -> Iterator[Callable[[int, int], None]]:
        """While a file is sent; what is given is told how far it is."""
        if not self._console.is_terminal:
            self.say(f"Sending {name} ({decimal(size)})")
        task = self._bar.add_task(name, total=size)
        try:
            yield lambda sent, of: self._bar.update(task, completed=sent, total=of)
        finally:
            self._bar.remove_task(task)

    def again(self, answer: Answer, seconds: float) -> None:
        """Say why a file is sent again, and when."""
        self.say(f"  {answer.said}: not on the index; once more in {seconds:.0f} s")

    @contextlib.contextmanager
    def proving(self, index_url: str) -> Iterator[None]:
        """While the index is asked for what was sent."""
        if self._console.is_terminal:
            with self._console.status(f"Waiting for {index_url} to list it"):
                yield
        else:
            self.say(f"Waiting for {index_url} to list it")
            yield

    def result(self, done: Deployment) -> None:
        """Show where everything is."""
        self._console.print()
        self._console.print(_table(done.files))
        for file in done.files:
            self.say(file.url)
        self._console.print()
        fresh = sum(file.stage is Stage.LISTED for file in done.files)
        where = done.release_url or done.index_url
        self.say(
            f"{counted(fresh, 'file')} deployed, {len(done.files)} proven by sha256 at {where}"
        )


def _table(files: Sequence[FileRecord]) -> Table:
    made = columns("file", "size", "sha256", "state")
    for file in files:
        made.add_row(
            Text(file.file, style=f"link {file.url}" if file.url else ""),
            Text(decimal(file.size)),
            Text(file.sha256[:_DIGITS]),
            Text(file.stage.value, style=_STYLES[file.stage]),
        )
    return made
