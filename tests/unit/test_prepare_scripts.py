"""toolbox/prepare: what is done to a base image, and what of it is kept."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import CommandFailedError
from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

TOOLBOX = DOCKER / "toolbox"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A way to a script by its name."""
    monkeypatch.syspath_prepend(TOOLBOX)
    known = set(sys.modules)
    yield lambda name: importlib.import_module(f"prepare.{name}")
    for name in set(sys.modules) - known:
        del sys.modules[name]


# --- system packages ---


@pytest.fixture
def packages(
    script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ModuleType:
    """The script, on an image that has no package manager, and that never waits."""
    module = script("system_packages")
    monkeypatch.setattr(module.time, "sleep", lambda _: None)
    monkeypatch.setenv("PATH", f"{tmp_path}")
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    return module


def add_manager(folder: Path, name: str, status: str = "0") -> Path:
    """Put a package manager on PATH, and return where it notes its calls."""
    program, calls = folder / name, folder / "calls"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >> {calls}\n{status}\n')
    program.chmod(0o755)
    return calls


@pytest.mark.parametrize("name", ["dnf", "microdnf", "yum", "apk"])
def test_packages_are_installed_by_the_images_own_manager(
    packages: ModuleType, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/bundle")
    calls = add_manager(tmp_path, name, "exit 0")
    packages.install(["zlib-devel", "libffi-devel"])
    first, *rest = calls.read_text().splitlines()
    assert first.endswith(" zlib-devel libffi-devel")
    assert ("sslcacert=/bundle" in first) == (name != "apk")
    assert [line.split("/")[-1] for line in rest] == (
        [] if name == "apk" else [f"{name} clean all"]
    )


def test_apt_knows_what_there_is_only_then(
    packages: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "index").write_text("")
    apt = packages.MANAGERS["apt-get"]
    monkeypatch.setitem(
        packages.MANAGERS, "apt-get", packages.Manager(**{**vars(apt), "leaves": str(lists)})
    )
    calls = add_manager(tmp_path, "apt-get", "exit 0")
    packages.install(["zlib1g-dev"])
    assert [line.split()[1] for line in calls.read_text().splitlines()] == [
        "update",
        "install",
        "clean",
    ]
    assert list(lists.iterdir()) == []


def test_a_manager_that_fails_is_asked_again(packages: ModuleType, tmp_path: Path) -> None:
    calls = add_manager(
        tmp_path, "dnf", f"[ -e {tmp_path}/once ] || {{ : > {tmp_path}/once; exit 1; }}"
    )
    packages.install(["a"])
    assert [line.split()[1] for line in calls.read_text().splitlines()] == [
        "install",
        "install",
        "clean",
    ]


def test_one_that_goes_on_to_fail_is_told_with_what_it_was_asked(
    packages: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = add_manager(tmp_path, "dnf", "exit 9")
    with pytest.raises(SystemExit) as ended:
        packages.install(["a", "b"])
    assert ended.value.code == CommandFailedError.code
    assert (
        "wheeldock: system-packages: dnf ended with exit code 9 for a b\n"
        in capsys.readouterr().err
    )
    assert len(calls.read_text().splitlines()) == 3


def test_an_image_without_one_is_told(
    packages: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        packages.install(["a"])
    assert ended.value.code == CommandFailedError.code
    assert "none of dnf, microdnf, yum, apk, apt-get" in capsys.readouterr().err


# --- what is kept ---


def test_what_came_changed_or_went_is_noted(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    difference = script("difference")
    for name in ("same", "grows", "goes", "left out"):
        (tmp_path / "folder" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "folder" / name).write_text("")
    without = frozenset({str(tmp_path / "folder" / "left out")})
    before = difference.stamps(str(tmp_path), without)

    (tmp_path / "folder" / "grows").write_text("a")
    (tmp_path / "folder" / "goes").unlink()
    (tmp_path / "folder" / "left out").write_text("a")
    (tmp_path / "new\nline").symlink_to("nowhere")
    changed, gone = difference.compare(before, difference.stamps(str(tmp_path), without))
    top = str(tmp_path).lstrip("/")
    assert changed == [f"{top}/folder", f"{top}/folder/grows", f"{top}/new\nline"]
    assert gone == [f"{top}/folder/goes"]


def test_a_file_that_only_looks_the_same_is_noted(
    script: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    difference = script("difference")
    path = tmp_path / "file"
    path.write_text("a")
    times = path.stat()
    before = difference.stamps(str(tmp_path), frozenset())
    path.write_text("b")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = difference.stamps(str(tmp_path), frozenset())
    # The clock of files has ticks of some milliseconds.
    assert difference.compare(before, after)[0] or times.st_ctime_ns == path.stat().st_ctime_ns


def test_a_file_that_is_damaged_restores_nothing(tmp_path: Path) -> None:
    kept = tmp_path / "tools.tar.gz"
    (tmp_path / "there").write_text("x" * 100_000)
    archive = subprocess.check_output(["tar", "-C", tmp_path, "-czf", "-", "there"])
    kept.write_bytes(archive[:-20])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", TOOLBOX / "restore.sh", kept],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode != 0
    assert "gzip" in done.stderr
