"""Starting and stopping an engine of one's own, a ready machine, and packages in and out."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs
import pytest

import wheeldock
from wheeldock.errors import EngineNotOursError, EngineUnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

_ANOTHER_MACHINE = """
mount -t tmpfs none /run
mount -t tmpfs none /var/lib/docker
if [ -d /etc/docker ]; then mount -t tmpfs none /etc/docker; fi
ip link set lo up 2>/dev/null || true
echo ready
read line
"""
"""No engine's socket, no engine's data, no settings, and a network without the other's bridge."""


@dataclass(frozen=True)
class Place:
    """Where the commands of wheeldock are run, and what comes before them."""

    home: Path
    prefix: tuple[str, ...] = ()

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {name: text for name, text in os.environ.items() if "DOCKER" not in name}
        environ |= {"XDG_STATE_HOME": str(self.home / "state"), "DOCKER_CONFIG": str(self.home)}
        command = [*self.prefix, sys.executable, "-m", "wheeldock", *words]
        return subprocess.run(
            command, env=environ, capture_output=True, text=True, check=False, timeout=120
        )

    def says(self, *words: str) -> str:
        ended = self.run(*words)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def docker(self, *words: str) -> str:
        command = [*self.prefix, "docker", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def layers_with(self, name: str) -> str:
        """The unpacked layers of its engine that have a file of that name."""
        command = [*self.prefix, "find", "/var/lib/docker/containerd", "-name", name]
        return subprocess.run(command, check=False, capture_output=True, text=True).stdout

    @property
    def folder(self) -> Path:
        return self.home / "state/wheeldock/engine"


@contextmanager
def _another_machine(home: Path) -> Iterator[Place]:
    command = ["unshare", "--net", "--mount", "sh", "-euc", _ANOTHER_MACHINE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        namespaces = f"/proc/{holder.pid}/ns"
        place = Place(home, ("nsenter", f"--net={namespaces}/net", f"--mount={namespaces}/mnt"))
        try:
            yield place
        finally:
            place.run("engine.stop")


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Place]:
    """A machine of its own as far as engines go: with dockerd, and none running."""
    if os.geteuid() != 0:
        pytest.skip("namespaces are root's affair")
    if shutil.which("dockerd") is None:
        pytest.skip("the engine of this machine is on another")
    with _another_machine(tmp_path) as place:
        yield place


def _process(text: str) -> int:
    match = re.search(r"\(process (\d+)", text)
    assert match is not None, text
    return int(match[1])


def test_an_engine_is_started_and_stopped(machine: Place) -> None:
    assert "is installed and does not run." in machine.says("engine.status")
    assert "the containerd image store" in machine.says("engine.start")
    status = machine.says("engine.status")
    assert "runs, started by wheeldock" in status
    assert Path(f"/proc/{_process(status)}").exists()
    assert machine.says("engine.start") == status, "an engine that runs is not started again"

    assert machine.says("engine.stop") == f"Stopping the engine (process {_process(status)}).\n"
    assert "is installed and does not run." in machine.says("engine.status")
    assert machine.says("engine.stop") == "No engine runs.\n"
    assert not (machine.folder / "dockerd.pid").exists()


def test_an_engine_that_was_killed_is_started_again(machine: Place) -> None:
    machine.says("engine.start")
    killed = _process(machine.says("engine.status"))
    os.kill(killed, 9)
    while _is_running(killed):
        time.sleep(0.01)
    assert (machine.folder / "dockerd.pid").exists()
    assert "is installed and does not run." in machine.says("engine.status")
    machine.says("engine.start")
    assert _process(machine.says("engine.status")) != killed


_CANNOT_OPEN_ITS_CACHE = """#!/bin/sh
if [ -e /var/lib/docker/buildkit ]; then
    echo 'level=info msg="Daemon has completed initialization"'
    echo 'context deadline exceeded'
    exit 1
fi
exec {dockerd} "$@"
"""
"""What dockerd 26 does with some thousand cached steps."""


def test_a_build_cache_that_the_engine_cannot_open_is_given_up(
    machine: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.says("engine.start")
    folder = machine.home / "context"
    folder.mkdir()
    for name in ("kept", "cached"):
        (folder / name).write_text(name)
        (folder / "Dockerfile").write_text(f"FROM scratch\nCOPY {name} /\nCMD {name}")
        machine.docker("build", "--tag", name, str(folder))
    machine.docker("create", "--name", "stopped", "kept")
    machine.docker("image", "rm", "cached")
    assert machine.layers_with("cached"), "the build cache has it"
    machine.says("engine.stop")

    program = machine.home / "bin/dockerd"
    program.parent.mkdir()
    program.write_text(_CANNOT_OPEN_ITS_CACHE.format(dockerd=shutil.which("dockerd")))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")
    assert "starts with an empty one" in machine.says("engine.start")
    assert "runs, started by wheeldock" in machine.says("engine.status")
    end = time.monotonic() + 30
    while machine.layers_with("cached") and time.monotonic() < end:
        time.sleep(0.1)
    assert not machine.layers_with("cached"), "its space is free"
    assert machine.docker("image", "ls", "--quiet", "kept")
    assert machine.docker("cp", "stopped:/kept", "-").rstrip("\0").endswith("kept")


def _is_running(process: int) -> bool:
    try:
        return bool(Path(f"/proc/{process}/cmdline").read_bytes())
    except OSError:
        return False


def test_an_engine_that_does_not_start_says_why(machine: Place) -> None:
    full = ["mount", "-o", "remount,ro", "/var/lib/docker"]
    subprocess.run([*machine.prefix, *full], check=True)
    ended = machine.run("engine.start")
    assert ended.returncode == EngineUnreachableError.code
    assert "dockerd did not start:" in ended.stderr
    assert "read-only file system" in ended.stderr
    assert str(machine.folder / "dockerd.log") in ended.stderr
    assert "is installed and does not run." in machine.says("engine.status")


@pytest.mark.usefixtures("buildx")
def test_an_engine_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    place = Place(tmp_path)
    if "not started by wheeldock" not in place.says("engine.status"):
        pytest.skip("the engine is not this machine's own")
    ended = place.run("engine.stop")
    assert ended.returncode == EngineNotOursError.code
    assert "not started by wheeldock" in ended.stderr
    assert "not started by wheeldock" in place.says("engine.status")
    # A process that has got the number of an engine that once was ours is left alone, too.
    place.folder.mkdir(parents=True)
    (place.folder / "dockerd.pid").write_text(str(os.getpid()))
    assert place.run("engine.stop").returncode == EngineNotOursError.code


@pytest.mark.usefixtures("base_image")
def test_on_a_ready_machine_set_up_does_nothing(tmp_path: Path) -> None:
    said = Place(tmp_path).says("setup").splitlines()
    assert len(said) == 1
    assert said[0].startswith("Ready: an engine that answers, Buildx, and ")
    assert not (tmp_path / "state").exists()
    undone = Place(tmp_path).says("setup", "--undo", "--yes")
    assert undone == "There is nothing that set-up added to this machine.\n"


_IN_AND_OUT = """
import pathlib, subprocess, sys
from wheeldock import packages, undo
from wheeldock.errors import SetupError
from wheeldock.journal import Journal, Kind
from wheeldock.root import Root

REPOSITORY = pathlib.Path("/repository")


def sh(command):
    done = subprocess.run(["sh", "-euc", command], check=True, capture_output=True, text=True)
    return done.stdout


def package(name, needs="", script=""):
    folder = pathlib.Path("/packages", name, "DEBIAN")
    folder.mkdir(parents=True)
    fields = f"Package: {name}\\nVersion: 1\\nArchitecture: all\\nMaintainer: x <x@example.org>\\n"
    fields += f"Depends: {needs}\\n" if needs else ""
    (folder / "control").write_text(fields + "Description: x\\n")
    if script:
        (folder / "postinst").write_text(f"#!/bin/sh\\n{script}\\n")
        (folder / "postinst").chmod(0o755)
    sh(f"dpkg-deb --build /packages/{name} {REPOSITORY}")


def listing():
    return sh("dpkg-query --show --showformat='${Status} ${Package} ${Version}\\n'")


REPOSITORY.mkdir()
package("engine", "library, shared")
package("library")
package("shared")
package("users-own", "shared")
package("broken", "half", script="exit 1")
package("half")
sh(f"cd {REPOSITORY} && dpkg-scanpackages . > Packages")
sh("rm -rf /etc/apt/sources.list /etc/apt/sources.list.d/*")
sh(f"echo 'deb [trusted=yes] file:{REPOSITORY} ./' > /etc/apt/sources.list")

root, journal, before = Root(()), Journal(), listing()
packages.install(["engine"], root, journal, print)
assert [each.name for each in journal.additions()] == ["engine", "library", "shared"]
undo.undo(yes=True, say=print, confirm=None)
assert listing() == before

packages.install(["engine"], root, journal, print)
sh("apt-get install --yes users-own")
undo.undo(yes=True, say=print, confirm=None)
assert packages.installed().intersection({"engine", "library", "shared", "users-own"}) == {
    "shared", "users-own"
}
sh("dpkg --purge users-own shared")

try:
    packages.install(["broken"], root, journal, print)
except SetupError as error:
    print(error.message)
else:
    sys.exit("a broken package was installed")
assert [each.name for each in journal.additions()] == ["broken", "half"]
undo.undo(yes=True, say=print, confirm=None)
assert listing() == before

try:
    packages.find(packages.ENGINE, root, journal, print)
except SetupError as error:
    print(error.message)
    assert "no Debian mirror" in error.message
else:
    sys.exit("there is an engine in a repository without one")
assert journal.additions() == ()
"""


def test_packages_come_and_go(base_image: BaseImage) -> None:
    if not base_image.is_stand_in:
        pytest.skip("the base image is no Debian")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for module in (wheeldock, platformdirs):
            folder = Path(str(module.__file__)).parent
            tar.add(folder, folder.name, filter=_without_bytecode)
    start = "mkdir /src; tar -xC /src; PYTHONPATH=/src exec /opt/python/cp313-cp313/bin/python -c"
    command = ["docker", "run", "--rm", "--interactive", "--network=none", base_image.reference]
    ended = subprocess.run(
        [*command, "sh", "-euc", f'{start} "$0"', _IN_AND_OUT],
        input=archive.getvalue(),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, (ended.stdout + ended.stderr).decode()
    assert b"Others need shared: they stay." in ended.stdout


def _without_bytecode(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return None if "__pycache__" in member.name else member
