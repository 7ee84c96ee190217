"""
What a thread of this process opens: the audit events of PEP 578.

A hook stays for as long as the process lives, so there is one, and it looks at what is recorded.
"""

# pathlib is more than this needs.
# ruff: noqa: PTH100, PTH119, PTH120
from __future__ import annotations

import os
import sys
from contextlib import contextmanager
from threading import get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_HARD_TO_FOLLOW = frozenset(
    [
        *("os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "os.system"),
        *(
            "os.link",
            "os.rename",
            "os.symlink",
            "os.truncate",
            "socket.connect",
            "subprocess.Popen",
        ),
    ]
)
"""What can read or change files without opening them here."""

_KNOWN_PROGRAM = "uname"
"""Python runs it to know the machine's processor."""

_recorded: dict[int, Opened] = {}
_hooked: list[bool] = []


class Opened:
    """What a thread opened."""

    def __init__(self) -> None:
        self.read: set[str] = set()
        """The absolute paths of files that were to be read, whether or not they were there."""
        self.written: set[str] = set()
        """Those of files that were written, or read and written."""
        self.is_in_doubt = False
        """Whether something was done that might have touched others."""

    def note(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Take in what an event says."""
        if event in _HARD_TO_FOLLOW:
            harmless = _is_bytecode(arguments[0]) or arguments[0] == _KNOWN_PROGRAM
            self.is_in_doubt = self.is_in_doubt or not harmless
        elif event == "open" and not isinstance(arguments[0], int):
            path = os.path.abspath(os.fsdecode(arguments[0]))
            if path != os.devnull and not _is_bytecode(path):
                (self.written if arguments[2] & _WRITES else self.read).add(path)


def _is_bytecode(path: object) -> bool:
    """Whether that is what Python keeps of a module that it imports."""
    return isinstance(path, str) and os.path.basename(os.path.dirname(path)) == "__pycache__"


@contextmanager
def recorded() -> Iterator[Opened]:
    """Record what this thread opens while the context lasts."""
    if not _hooked:
        sys.addaudithook(_hook)
        _hooked.append(True)
    opened = _recorded[get_ident()] = Opened()
    try:
        yield opened
    finally:
        del _recorded[get_ident()]


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _recorded and (opened := _recorded.get(get_ident())):
        try:
            opened.note(event, arguments)
        except Exception:  # noqa: BLE001 - it would be raised by who opened the file
            opened.is_in_doubt = True
