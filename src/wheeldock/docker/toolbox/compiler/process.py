"""Run programs as the one who called us would have."""

# pathlib takes longer to import than a link from the cache takes.
# ruff: noqa: PTH123
from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType

_IGNORED_BY_PYTHON = (13, 25)
"""SIGPIPE and SIGXFSZ, which Python ignores, and which programs that it starts must not."""


def restore_locale() -> None:
    """
    Give LC_CTYPE back the value that it had.

    Python sets it where the locale is C (PEP 538), and compilers would speak differently.
    """
    with open("/proc/self/environ", "rb") as file:
        variables = file.read().split(b"\0")
    before = next((v for v in variables if v.startswith(b"LC_CTYPE=")), None)
    if before is not None:
        os.environb[b"LC_CTYPE"] = before.partition(b"=")[2]
    else:
        os.environb.pop(b"LC_CTYPE", None)


def run(command: list[str], *, forward_signals: bool = False) -> tuple[int, bytes, bytes]:
    """
    Run a program, and return its exit code, its output and its errors.

    The exit code is negative when a signal ended it. Standard input and every other open file
    (make's job server) are the program's, too.
    """
    outputs = [os.memfd_create("stdout"), os.memfd_create("stderr")]
    try:
        process = os.posix_spawn(
            command[0],
            command,
            os.environ,
            file_actions=[(os.POSIX_SPAWN_DUP2, file, to) for to, file in enumerate(outputs, 1)],
            setsigdef=_IGNORED_BY_PYTHON,
        )
        if forward_signals:
            _forward_signals(process)
        code = os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
        said, complaints = map(_content, outputs)
    finally:
        for file in outputs:
            os.close(file)
    return code, said, complaints


def _forward_signals(process: int) -> None:
    import signal  # noqa: PLC0415 - 5 ms that only a real link pays

    def forward(number: int, _: FrameType | None) -> None:
        os.kill(process, number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, forward)


def _content(descriptor: int) -> bytes:
    os.lseek(descriptor, 0, os.SEEK_SET)
    with open(descriptor, "rb", closefd=False) as file:
        return file.read()


def become(command: list[str]) -> None:
    """Replace this program by another."""
    import signal  # noqa: PLC0415 - as above

    for number in _IGNORED_BY_PYTHON:
        signal.signal(number, signal.SIG_DFL)
    os.execv(command[0], command)  # noqa: S606 - no shell is wanted


def end_as(code: int) -> None:
    """End this program as the one that ended with that code, by the same signal if it was one."""
    if code < 0:
        import signal  # noqa: PLC0415 - as above

        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)
