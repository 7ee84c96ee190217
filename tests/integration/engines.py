"""A second engine, whose caches and images a test may take away."""

from __future__ import annotations

import contextlib
import json
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PREPARE = """
import fcntl, os, socket, struct, subprocess, sys

# What `ip link set lo up` does, on a machine that may have no `ip` (netdevice(7)).
SIOCSIFFLAGS, IFF_UP = 0x8914, 1
fcntl.ioctl(socket.socket(), SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
if os.path.isdir("/run/containerd"):
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run/containerd"], check=True)
os.execv(sys.argv[1], sys.argv[1:])
"""

_ISOLATED = ["unshare", "--net", "--mount", sys.executable, "-c", _PREPARE]
"""Its own network, or it would take away the bridge of the first; its own containerd."""


@dataclass(frozen=True)
class Engine:
    """An engine that runs in a network of its own, where there is nothing but loopback."""

    folder: Path
    process_id: int

    @property
    def address(self) -> str:
        """What DOCKER_HOST is for it."""
        return f"unix://{self.folder}/sock"

    def stored(self) -> int:
        """The bytes of what it has fetched or made: layers, packed."""
        # An engine takes snapshots away meanwhile, so nothing looks for blobs among those.
        blobs = self.folder.glob("data/containerd/daemon/*.content/blobs/sha256/*")
        return sum(blob.stat().st_size for blob in blobs)

    @property
    def inside(self) -> list[str]:
        """What comes before a command that is to run in its network."""
        return ["nsenter", f"--net=/proc/{self.process_id}/ns/net"]

    def docker(self, *arguments: str) -> str:
        """Run the Docker client on it and return what it prints."""
        command = ["docker", "--host", self.address, *arguments]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def forget_everything(self) -> None:
        """Take away all that no container uses: caches, cache mounts, images."""
        self.docker("system", "prune", "--all", "--force")
        self.docker("builder", "prune", "--all", "--force")


@contextlib.contextmanager
def second_engine(
    folder: Path, *, containerd_store: bool, bridge: bool = False
) -> Iterator[Engine]:
    """
    Run an engine that keeps all that is its own in that folder, which goes with it.

    Without a bridge only steps without a network run on it.
    """
    program = shutil.which("dockerd")
    if program is None:
        pytest.skip("the engine of this machine is on another")
    configuration = {"features": {"containerd-snapshotter": containerd_store}}
    (folder / "daemon.json").write_text(json.dumps(configuration))
    options = [
        f"--config-file={folder}/daemon.json",
        f"--data-root={folder}/data",
        f"--exec-root={folder}/exec",
        f"--pidfile={folder}/pid",
        f"--host=unix://{folder}/sock",
        *("--iptables=false", "--ip6tables=false"),
        *([] if bridge else ["--bridge=none"]),
        *_storage(folder, containerd_store=containerd_store),
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*_ISOLATED, program, *options], stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait(folder / "sock", process)
        yield Engine(folder, process.pid)
    finally:
        process.terminate()
        process.wait(20)
        shutil.rmtree(folder)


def _storage(folder: Path, *, containerd_store: bool) -> list[str]:
    """Plain copies where layers cannot be laid over each other: in a container, say."""
    if not containerd_store:
        return ["--storage-driver=vfs"]
    command = ["stat", "--file-system", "--format=%T", str(folder)]
    kind = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
    return ["--storage-driver=native"] if kind == "overlayfs" else []


def _wait(address: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
            client.settimeout(5)
            client.connect(str(address))
            client.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            if b"200 OK" in client.recv(100):
                return
        time.sleep(0.1)
    pytest.fail(f"the engine did not start: {(address.parent / 'log').read_text()}")
