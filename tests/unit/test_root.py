from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from wheeldock import root
from wheeldock.errors import SetupError
from wheeldock.root import Root

ROOT = Root(())


def test_a_command_gets_its_input_and_says_what_it_says() -> None:
    assert ROOT.run("tr", "a-z", "A-Z", text="abc\n") == "ABC\n"


def test_messages_are_english_and_the_proxy_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    command = Root(("sudo", "-n")).command("apt-get", "update")
    assert command[:3] == ["sudo", "-n", "env"]
    assert command[-2:] == ["apt-get", "update"]
    assert {"LC_ALL=C.UTF-8", "https_proxy=http://proxy.example:3128"} < set(command)


def test_a_failure_is_an_error_with_its_reason() -> None:
    with pytest.raises(SetupError, match=r"`sh -c` failed: no room$"):
        ROOT.run("sh", "-c", "echo working; echo no room >&2; exit 3")
    assert ROOT.run("sh", "-c", "exit 3", allow=(0, 3)) == ""


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("Reading lists\nE: Unable to fetch\nE: more\nW: x\n", "E: Unable to fetch"),
        ("x\ndpkg: error: locked by another process\n", "dpkg: error: locked by another process"),
        ("one\ntwo\n\n", "two"),
        ("", "it said nothing"),
    ],
)
def test_the_reason_is_the_first_error(said: str, reason: str) -> None:
    assert root.first_error(said) == reason


def test_a_file_is_written_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a folder/deep/file"
    ROOT.write(path, "Zeile ä\n")
    assert path.read_text(encoding="utf-8") == "Zeile ä\n"


def test_ctrl_c_waits_for_the_command_to_end(tmp_path: Path) -> None:
    begun, ended = tmp_path / "begun", tmp_path / "ended"
    # In a process of its own: only a main thread is interrupted.
    script = f"trap '' INT; touch '{begun}'; sleep 0.5; touch '{ended}'"

    def interrupt() -> None:
        while not begun.exists():
            time.sleep(0.01)
        _interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        ROOT.run("sh", "-c", script)
    assert ended.exists()


def _interrupt_main() -> None:
    import _thread  # noqa: PLC0415

    _thread.interrupt_main()


def test_no_rights_is_an_error_that_says_for_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(root, "rights", lambda: None)
    with pytest.raises(SetupError, match="only root may start the engine") as caught:
        root.needed_rights("start the engine")
    assert "sudo -v" in caught.value.cure


@pytest.mark.parametrize(
    ("body", "expected"), [("exit 0", Root(("sudo", "-n"))), ("exit 1", None), ("", None)]
)
def test_rights_are_roots_or_those_of_sudo_without_a_password(
    body: str, expected: Root | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(tmp_path))
    if body:
        sudo = tmp_path / "sudo"
        sudo.write_text(f'#!/bin/sh\n[ "$*" = "-n true" ] || exit 9\n{body}\n')
        sudo.chmod(0o755)
    assert root.rights() == expected


def test_programs_of_root_are_found_where_only_root_looks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert root.find("chroot") == "/usr/sbin/chroot"
