from __future__ import annotations

import errno
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import LockedError, OutputError
from wheeldock.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = textwrap.dedent("""
    import sys
    from pathlib import Path
    from wheeldock.state import State
    with State(Path(sys.argv[1])).locked(print):
        print("locked", flush=True)
        sys.stdin.read()
""")


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "project" / ".wheeldock")


@contextmanager
def other_build(state: State) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the lock until its standard input ends."""
    command = [sys.executable, "-c", HOLD, str(state.root)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield process


def never(text: str) -> None:
    pytest.fail(f"nothing was to be said: {text}")


# --- the folder ---


def test_the_folder_is_kept_out_of_git_and_backups(state: State) -> None:
    state.create()
    assert (state.root / ".gitignore").read_text() == "*\n"
    assert (
        (state.root / "CACHEDIR.TAG")
        .read_text()
        .startswith("Signature: 8a477f597d28d172789f06886806bc55")
    )


def test_making_the_folder_again_leaves_what_the_user_wrote(state: State) -> None:
    state.create()
    (state.root / ".gitignore").write_text("*\n!report.json\n")
    state.create()
    assert (state.root / ".gitignore").read_text() == "*\n!report.json\n"


def test_each_thing_has_a_place_of_its_own(state: State) -> None:
    places = {
        state.report,
        state.downloads,
        state.wheelhouse,
        state.unpacked("a"),
        state.unpacked("b"),
    }
    assert len(places) == 5
    assert all(place.is_relative_to(state.root) for place in places)


# --- the lock ---


def test_a_free_lock_is_taken_silently(state: State) -> None:
    with state.locked(never):
        assert (state.root / "lock.pid").read_text() == str(os.getpid())


def test_a_lock_can_be_taken_again_after_it_was_left(state: State) -> None:
    for _ in range(2):
        with state.locked(never):
            pass
    assert not (state.root / "lock.pid").exists()


def test_a_lock_is_left_when_a_build_breaks(state: State) -> None:
    with pytest.raises(ZeroDivisionError), state.locked(never):
        raise ZeroDivisionError
    with state.locked(never):
        pass


def test_a_second_build_waits_and_says_for_which_process(state: State) -> None:
    said: list[str] = []
    with other_build(state) as process:
        assert process.stdin is not None

        def let_go(text: str) -> None:
            said.append(text)
            process.stdin.close()  # type: ignore[union-attr]

        with state.locked(let_go, seconds=20):
            assert process.wait(20) == 0
    assert said == [
        f"Another build of this project is running (process {process.pid}); waiting for it."
    ]


def test_a_second_build_gives_up_after_its_time(state: State) -> None:
    with (
        other_build(state) as process,
        pytest.raises(LockedError, match=rf"process {process.pid}\) did not end in 0 s") as caught,
        state.locked(lambda _: None, seconds=0.1),
    ):
        pytest.fail("two builds at once")
    assert caught.value.cure


def test_the_lock_of_a_killed_build_is_free(state: State) -> None:
    with other_build(state) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (state.root / "lock.pid").exists()
        with state.locked(never):
            pass


def test_two_builds_in_one_process_do_not_run_at_once(state: State) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with state.locked(lambda _: waiting.set(), seconds=20):
            order.append("second")

    thread = threading.Thread(target=second)
    with state.locked(never):
        thread.start()
        assert waiting.wait(20)
        order.append("first")
    thread.join(20)
    assert order == ["first", "second"]


@pytest.mark.parametrize("text", [b"", b"not a number", b"\xff"])
def test_an_unreadable_owner_is_not_named(state: State, text: bytes) -> None:
    said: list[str] = []
    with other_build(state):
        (state.root / "lock.pid").write_bytes(text)
        with pytest.raises(LockedError), state.locked(said.append, seconds=0):
            pass
    assert said == ["Another build of this project is running; waiting for it."]


def test_ctrl_c_while_waiting_leaves_the_lock_to_its_owner(state: State) -> None:
    def press_ctrl_c(_: str) -> None:
        raise KeyboardInterrupt

    with other_build(state) as process:
        with pytest.raises(KeyboardInterrupt), state.locked(press_ctrl_c):
            pass
        assert (state.root / "lock.pid").read_text() == str(process.pid)
        with pytest.raises(LockedError), state.locked(lambda _: None, seconds=0):
            pass


# --- where there can be no folder ---


def test_a_file_in_place_of_the_folder_is_named(state: State) -> None:
    state.root.parent.mkdir()
    state.root.write_text("a file")
    with (
        pytest.raises(OutputError, match=re.escape(f"{state.root} cannot be written: File exists")),
        state.locked(never),
    ):
        pass
    assert state.root.read_text() == "a file"


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_place_that_takes_no_files_is_named() -> None:
    with (
        pytest.raises(OutputError, match=r"/proc/\.wheeldock cannot be written"),
        State(Path("/proc/.wheeldock")).locked(never),
    ):
        pass


def test_a_full_disk_is_said_to_be_one(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(OSError, match="No space left") as caught, state.locked(never):
        pass
    assert caught.value.errno == errno.ENOSPC


def test_a_lock_holds_even_if_its_owner_cannot_be_written_down(state: State) -> None:
    state.create()
    (state.root / "lock.pid").mkdir()
    with state.locked(never):
        pass
    with state.locked(never):
        pass


# --- scratch space ---


def test_scratch_space_goes_with_the_run(state: State) -> None:
    state.create()
    with state.scratch() as scratch:
        (scratch / "wheel").write_text("")
    assert not scratch.parent.exists()


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_scratch_space_goes_when_a_run_breaks(state: State, error: type[BaseException]) -> None:
    with pytest.raises(error), state.locked(never), state.scratch() as scratch:
        raise error
    assert not scratch.parent.exists()


def test_what_a_killed_run_left_goes_with_the_next(state: State) -> None:
    (state.root / "tmp" / "left").mkdir(parents=True)
    with state.scratch() as scratch:
        assert list(scratch.parent.iterdir()) == [scratch]


def test_each_run_has_scratch_space_of_its_own(state: State) -> None:
    state.create()
    with state.scratch() as first:
        pass
    with state.scratch() as second:
        assert second != first
        assert list(second.iterdir()) == []
