from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.elf_files import Entry, shared_library
from tests.unit.toolbox_scripts import (
    EXPLAINED,
    INIT,
    MALLOC,
    POW,
    TAG,
    WHEEL,
    newer_libc,
    tool,
    wheel,
)

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["newer_libc", "tool", "wheel"]  # fixtures


class Auditwheel:
    """An auditwheel, in this process and on the PATH, that does and says what a test tells it."""

    def __init__(self, folder: Path, patch: Callable[[Callable[[], object]], None]) -> None:
        self.arguments: list[str] = []
        self._folder = folder
        self._patch = patch
        folder.mkdir()

    def does(self, repair: Callable[[], object], show: str = "exit 1") -> None:
        def run() -> object:
            self.arguments = sys.argv
            return repair()

        self._patch(run)
        path = self._folder / "auditwheel"
        path.write_text(f'#!/bin/sh\n[ "$1" = show ] || exit 99\n{show}\n')
        path.chmod(0o755)

    def refuses(self, facts: object) -> None:
        self.does(lambda: 1, f"echo '{json.dumps(facts)}'")


@pytest.fixture
def auditwheel(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Auditwheel:
    repair_wheel = tool("repair_wheel")
    made = Auditwheel(
        tmp_path / "bin", lambda run: monkeypatch.setattr(repair_wheel, "auditwheel", run)
    )
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def refusal(
    tool: Callable[[str], ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], tuple[object, list[str]]]:
    """A way to repair a wheel that cannot be: the exit code and the lines that explain it."""

    def repair(path: Path) -> tuple[object, list[str]]:
        with pytest.raises(SystemExit) as caught:
            tool("repair_wheel").repair(path, tmp_path / "wheelhouse", TAG)
        lines = capsys.readouterr().err.splitlines()
        assert all(line.startswith(EXPLAINED) for line in lines)
        return caught.value.code, [line.removeprefix(EXPLAINED) for line in lines]

    return repair


def test_a_wheel_is_repaired_to_the_policy_and_no_other(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    tmp_path: Path,
) -> None:
    path, wheelhouse = wheel(m=shared_library(INIT)), tmp_path / "wheelhouse"
    repaired = wheelhouse / WHEEL.replace("linux_x86_64", TAG)
    auditwheel.does(lambda: put(path, repaired))
    assert tool("repair_wheel").repair(path, wheelhouse, TAG) == repaired
    assert auditwheel.arguments == [
        *("auditwheel", "repair", "--plat", TAG, "--only-plat", "-w", str(wheelhouse), str(path))
    ]


def put(wheel: Path, repaired: Path) -> int:
    """Do what auditwheel does with a wheel that needs nothing, and end as it does."""
    repaired.parent.mkdir()
    shutil.copyfile(wheel, repaired)
    return 0


@pytest.mark.parametrize("end", [SystemExit(2), SystemExit("no"), ValueError("it is lost")])
def test_however_auditwheel_ends_that_is_shown_and_explained(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    end: BaseException,
) -> None:
    def refuse() -> None:
        raise end

    auditwheel.does(refuse, "echo '{}'")
    with pytest.raises(SystemExit) as caught:
        tool("repair_wheel").repair(wheel(m=shared_library(POW)), tmp_path / "wheelhouse", TAG)
    assert caught.value.code == 32
    shown = capfd.readouterr().err
    assert "  pow@GLIBC_2.29 in ovf/m.so" in shown
    assert ("ValueError: it is lost" in shown) == isinstance(end, ValueError)


@pytest.mark.parametrize(("command", "seen"), [("default", "0 None"), ("sh mine", "7 /project")])
def test_the_order_of_sets_is_the_same_in_every_repair(
    tmp_path: Path, command: str, seen: str
) -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    lines = re.findall(r"alone=-E;.*?PLATFORM_TAG}\"", dockerfile, re.DOTALL)
    script = "".join(lines).replace("/opt/wheeldock/bin/python", sys.executable)
    tool = tmp_path / "repair_wheel.py"
    tool.write_text(
        "import os\n"
        "print(os.environ['PYTHONHASHSEED'], os.environ.get('PYTHONPATH'))\n"
        "print(hash('auditwheel'))\n"
    )
    environment = {
        **os.environ,
        "REPAIR_COMMAND": command,
        "PLATFORM_TAG": TAG,
        # The project's.
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": "/project",
    }

    def run() -> list[str]:
        words = ["bash", "-euo", "pipefail", "-c", script.replace("/toolbox", str(tmp_path))]
        return subprocess.check_output(words, env=environment, text=True).splitlines()

    first, second = run(), run()
    assert first[0] == second[0] == seen
    assert (first[1] == second[1]) == (command == "default")


def test_missing_libraries_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    libraries = {"libz9.so": None, "libfound.so": "/no/such/file", "libfoo.so.1": None}
    auditwheel.refuses({"external_libs": libraries})
    code, lines = refusal(wheel(m=shared_library(POW)))
    assert code == 33
    assert lines[0].startswith(f"{WHEEL} needs libfoo.so.1, libz9.so, which cannot be found")


def test_symbols_that_are_too_recent_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    auditwheel.refuses({"external_libs": {}})
    code, lines = refusal(wheel(m=shared_library(POW)))
    assert code == 32
    assert lines[:2] == [
        f"{WHEEL} needs symbols that {TAG} does not have:",
        "  pow@GLIBC_2.29 in ovf/m.so",
    ]


def test_symbols_of_a_library_to_graft_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    tmp_path: Path,
) -> None:
    library = tmp_path / "libpng.so.16"
    library.write_bytes(shared_library(POW))
    auditwheel.refuses({"external_libs": {"libpng.so.16": str(library)}})
    code, lines = refusal(wheel(m=shared_library(MALLOC)))
    assert code == 32
    assert lines[1] == "  pow@GLIBC_2.29 in libpng.so.16"


def test_of_many_symbols_some_are_named_and_the_others_counted(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    auditwheel.refuses({})
    many = [Entry(f"f{number}", "GLIBC_2.34") for number in range(25)]
    _, lines = refusal(wheel(m=shared_library(*many)))
    assert "  f19@GLIBC_2.34 in ovf/m.so" in lines
    assert "  f20@GLIBC_2.34 in ovf/m.so" not in lines
    assert "  and 5 more" in lines


@pytest.mark.parametrize("show", ["exit 1", "echo 'not JSON'; exit 2"])
def test_a_refusal_without_a_known_reason_is_a_failed_build(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    show: str,
) -> None:
    auditwheel.does(lambda: 1, show)
    code, lines = refusal(wheel(m=shared_library(MALLOC)))
    assert code == 30
    assert lines == [f"auditwheel could not repair {WHEEL} to {TAG}; see above."]


@pytest.mark.usefixtures("newer_libc")
def test_a_repaired_wheel_with_hidden_newer_symbols_is_refused(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    tmp_path: Path,
) -> None:
    path = wheel(m=shared_library(Entry("gettid")))
    auditwheel.does(lambda: put(path, tmp_path / "wheelhouse" / path.name))
    code, lines = refusal(path)
    assert code == 32
    assert lines[1] == "  gettid@GLIBC_2.30 in ovf/m.so"


@pytest.fixture
def repair_by(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> Callable[[str], Path]:
    """A way to repair a wheel by a command, in a project at `tmp_path`."""

    def repair(command: str) -> Path:
        places = {"dest_dir": tmp_path / "dest", "project": tmp_path, "package": tmp_path / "p"}
        built, wheelhouse = wheel(m=shared_library(INIT)), tmp_path / "wheelhouse"
        return Path(tool("repair_wheel").repair_by(command, built, wheelhouse, TAG, places))

    return repair


def test_a_command_of_the_projects_repairs(
    repair_by: Callable[[str], Path], tmp_path: Path
) -> None:
    command = (
        "pwd > {dest_dir}/log && echo {package} >> {dest_dir}/log && cp {wheel} {dest_dir}/$NAME"
    )
    name = WHEEL.replace("linux_x86_64", TAG)
    repaired = repair_by(f"NAME={name}; {command}")
    assert repaired == tmp_path / "wheelhouse" / name
    assert zipfile.is_zipfile(repaired)
    assert [path.name for path in repaired.parent.iterdir()] == [name]
    assert (tmp_path / "dest" / "log").read_text() == f"{tmp_path}\n{tmp_path / 'p'}\n"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("true", "there is nothing"),
        ("touch {dest_dir}/log", "there is ['log']"),
        ("cp {wheel} {dest_dir}/b.whl; cp {wheel} {dest_dir}/a.whl", "there are a.whl, b.whl"),
    ],
)
def test_a_repair_that_leaves_not_one_wheel_is_told_with_what_it_left(
    repair_by: Callable[[str], Path], capsys: pytest.CaptureFixture[str], command: str, found: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        repair_by(command)
    assert caught.value.code == 37
    said = f"one wheel was due in {{dest_dir}}, and {found}: {command}"
    assert f"{EXPLAINED}repair-wheel-command: {said}" in capsys.readouterr().err.splitlines()


def test_a_repair_that_fails_is_a_command_that_fails(repair_by: Callable[[str], Path]) -> None:
    with pytest.raises(SystemExit) as caught:
        repair_by("exit 3")
    assert caught.value.code == 35


@pytest.mark.usefixtures("newer_libc")
def test_a_repair_of_the_projects_hides_no_newer_symbols(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> None:
    places = {"dest_dir": tmp_path / "dest", "project": tmp_path, "package": tmp_path}
    built = wheel(m=shared_library(Entry("gettid")))
    command = "cp {wheel} {dest_dir}"
    with pytest.raises(SystemExit) as caught:
        tool("repair_wheel").repair_by(command, built, tmp_path / "wheelhouse", TAG, places)
    assert caught.value.code == 32


def test_commands_find_the_environments_programs_then_wheeldocks(
    tool: Callable[[str], ModuleType],
) -> None:
    path = "/opt/wheeldock/bin:/env/bin:/usr/bin:/bin"
    found = tool("repair_wheel").path_of_commands(path)
    assert found == "/env/bin:/opt/wheeldock/bin:/usr/bin:/bin"
