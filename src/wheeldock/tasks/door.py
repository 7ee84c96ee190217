"""What every task does at the door: to ask, to say, and to explain a failure."""

from __future__ import annotations

import atexit
import contextlib
import errno
import gc
import os
import select
import signal
import sys
from typing import TYPE_CHECKING

from invoke import Exit

from wheeldock.errors import (
    DISK_FULL,
    AccessDeniedError,
    StoppedError,
    UsageError,
    WheeldockError,
)
from wheeldock.tokens import refuse_in_arguments, withheld

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from rich.console import RenderableType

_SELDOM = 100_000
"""How many more objects there have to be before Python looks for some that nobody misses."""


def show() -> Callable[[RenderableType], None]:
    """What shows a table, or whatever rich knows, on the terminal."""
    from wheeldock.console import open_output, printer

    return printer(open_output())


def agree(question: str) -> bool:
    """Ask before something is removed; where nobody can be asked, that is an error."""
    if not _is_anybody_here():
        raise UsageError(f"{question} Nobody is here to ask", cure="`--yes` answers for scripts.")
    return confirm(question)


def say(text: str) -> None:
    """Say a line of text."""
    print(text, flush=True)  # noqa: T201 - a task speaks to the person who typed it


def confirm(question: str) -> bool:
    """Ask; where nobody can be asked, the answer is yes."""
    if not _is_anybody_here():
        return True
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except EOFError:  # Ctrl-D
        say("")
        return False
    except KeyboardInterrupt:
        say("")
        raise


def asker() -> Callable[[str], bool] | None:
    """What asks, or None where nobody can be asked."""
    return confirm if _is_anybody_here() else None


def _is_anybody_here() -> bool:
    """Whether there is a terminal to ask at; standard input may be closed, too."""
    return sys.stdin is not None and sys.stdin.isatty()


def operand(given: str, task: str) -> str:
    """
    The word behind a task's name. Invoke takes an option for it, too, as in `cache.save --help`.

    Raises UsageError for an option.
    """
    if given.startswith("-"):
        message = f"{task}: {given} is an option, and something else is due behind the task's name"
        raise UsageError(message, cure=f"`wheeldock --help {task}` says what.")
    return given


def check_arguments() -> None:
    """End before Invoke reads a command line that has a token in it, and repeats it."""
    try:
        refuse_in_arguments(sys.argv)
    except WheeldockError as error:
        # Tasks are imported before there is anybody to catch Invoke's Exit.
        sys.stderr.write(f"{_text(error)}\n")
        sys.exit(error.code)


@contextlib.contextmanager
def explained() -> Iterator[Mapping[str, str]]:
    """
    Turn wheeldock's errors, and what the system refuses, into a message and an exit code.

    What it gives is the environment with the tokens of package indexes, which nothing else has
    meanwhile.
    """
    # What a task loads stays. Python would look through it for what nobody misses, again and again
    # meanwhile, and once more before it ends.
    often = gc.get_threshold()
    gc.set_threshold(_SELDOM)
    atexit.register(gc.freeze)
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ended_unread(), withheld(os.environ) as environ:
            yield environ
    except WheeldockError as error:
        raise _exit(error) from None
    except KeyboardInterrupt:
        raise _exit(StoppedError("stopped")) from None
    except OSError as error:
        refusal = _refusal(error)
        if refusal is None:
            raise
        raise _exit(refusal) from None
    finally:
        signal.signal(signal.SIGTERM, previous)
        gc.set_threshold(*often)


@contextlib.contextmanager
def ended_unread() -> Iterator[None]:
    """End quietly, as other programs do, where nobody reads on: `wheeldock plan | head`."""
    try:
        yield
    except BrokenPipeError:
        if not _is_unread():  # a pipe of ours to another program
            raise
        # Python would complain at its end of what is not written yet.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _is_unread() -> bool:
    """Whether the standard output is a pipe whose other end is closed."""
    poll = select.poll()
    poll.register(sys.stdout.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _refusal(error: OSError) -> WheeldockError | None:
    """What the system's refusal means, or None for one that is a bug of ours."""
    from wheeldock.refusals import disk_full

    place = error.filename2 or error.filename
    said = f"{error.strerror}: {place}" if place else str(error.strerror)
    if error.errno in DISK_FULL:
        return disk_full(said)
    if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return AccessDeniedError(said, cure="Mend its rights, or be a user who has them.")
    if error.errno in {errno.EEXIST, errno.ENOTDIR, errno.EISDIR}:
        return AccessDeniedError(said, cure="It is in the way: move it elsewhere.")
    return None


def _exit(error: WheeldockError) -> Exit:
    return Exit(_text(error), code=error.code)


def _text(error: WheeldockError) -> str:
    text = f"error: {error.message}"
    return f"{text}\n{error.cure}" if error.cure else text
