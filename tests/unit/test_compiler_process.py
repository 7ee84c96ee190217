from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import TOOLBOX, load

if TYPE_CHECKING:
    from collections.abc import Mapping

process = load("process")

SH = "/bin/sh"


def python(code: str, **more: object) -> subprocess.CompletedProcess[str]:
    """Run code that uses the module, as the link cache's program would."""
    text = f"import sys; sys.path.insert(0, {str(TOOLBOX)!r})\n{textwrap.dedent(code)}"
    command = [sys.executable, "-S", "-E", "-s", "-c", text]
    return subprocess.run(command, check=False, capture_output=True, text=True, **more)  # type: ignore[call-overload]


def test_what_a_program_says_and_how_it_ends() -> None:
    assert process.run([SH, "-c", "echo out; echo err >&2; exit 3"]) == (3, b"out\n", b"err\n")


def test_a_program_may_say_a_lot() -> None:
    code, said, _ = process.run([SH, "-c", "head -c 300000 /dev/zero"])
    assert (code, len(said)) == (0, 300_000)


def test_a_program_that_is_not_there() -> None:
    with pytest.raises(FileNotFoundError):
        process.run(["/no/such/program"])


def test_a_signal_that_ended_a_program_ends_this_one() -> None:
    done = python(f"""
        from compiler import process
        code, _, _ = process.run([{SH!r}, "-c", "kill -TERM $$"])
        assert code == -15
        process.end_as(code)
    """)
    assert done.returncode == -signal.SIGTERM


def test_a_signal_reaches_the_program() -> None:
    done = python(f"""
        import os, threading
        from compiler import process
        threading.Timer(0.3, os.kill, [os.getpid(), 15]).start()
        command = [{SH!r}, "-c", "trap 'echo caught; exit 4' TERM; while :; do sleep 0.05; done"]
        code, said, _ = process.run(command, forward_signals=True)
        assert said == b"caught\\n", said
        process.end_as(code)
    """)
    assert done.returncode == 4, done.stderr


@pytest.mark.parametrize("how", ["process.run(command)", "process.become(command)"])
def test_a_program_does_not_inherit_the_signals_that_python_ignores(how: str) -> None:
    done = python(f"""
        import os
        from compiler import process
        command = ["/bin/grep", "SigIgn", "/proc/self/status"]
        result = {how}
        os.write(1, result[1])
    """)
    ignored = int(done.stdout.split()[1], 16)
    both = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
    assert ignored & both == 0


def test_a_program_reads_our_standard_input() -> None:
    done = python(
        f"""
        import os
        from compiler import process
        os.write(1, process.run([{SH!r}, "-c", "cat"])[1])
        """,
        input="text",
    )
    assert done.stdout == "text"


@pytest.mark.parametrize(
    "environment", [{}, {"LC_CTYPE": "C"}, {"LC_CTYPE": "en_US.UTF-8"}, {"LC_ALL": "C"}]
)
def test_a_program_has_the_locale_that_we_were_given(environment: Mapping[str, str]) -> None:
    done = python(
        """
        import os
        from compiler import process
        process.restore_locale()
        os.write(1, process.run(["/usr/bin/env"])[1])
        """,
        env=environment,
    )
    seen = dict(line.split("=", 1) for line in done.stdout.splitlines())
    assert {name: seen.get(name) for name in ("LC_CTYPE", "LC_ALL")} == {
        name: environment.get(name) for name in ("LC_CTYPE", "LC_ALL")
    }


def test_the_open_files_of_make_s_job_server_stay_open() -> None:
    reading, writing = os.pipe()
    os.set_inheritable(reading, True)  # noqa: FBT003 - its only way
    try:
        assert process.run(["/usr/bin/test", "-e", f"/proc/self/fd/{reading}"])[0] == 0
    finally:
        os.close(reading)
        os.close(writing)
