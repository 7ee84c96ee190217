"""
The build cache of a dockerd of our own, given up where it keeps dockerd from starting.

Before 27.4, dockerd looks up what each cached step stands on as it starts, and ends when that takes
ten seconds: from a thousand steps or two on, depending on the machine (moby#48569).
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from wheeldock.errors import SetupError
from wheeldock.root import find

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.root import Root

_DATA_ROOT = "/var/lib/docker"
"""Where dockerd keeps everything, unless its settings say other."""
_EXEC_ROOT = "/var/run/docker"
"""Where dockerd keeps what goes with a restart of the machine, unless its settings say other."""

_OF_STEPS = ('labels."containerd.io/gc.flat"', "id~=-variants$")
"""The leases of BuildKit, as filters of containerd: those of stopped containers have no label."""


@dataclass(frozen=True)
class DaemonCache:
    """The build cache of a dockerd with these settings."""

    settings: Mapping[str, Any]

    def remove(self, root: Root) -> None:
        """Take away what BuildKit knows of its steps, while dockerd does not run."""
        root.run("rm", "-rf", str(Path(self.settings.get("data-root", _DATA_ROOT), "buildkit")))

    def release(self, root: Root) -> None:
        """
        Let containerd free what only removed steps held, once dockerd runs again.

        Images and stopped containers stay. Without containerd's own client the space stays taken.
        """
        program = find("ctr")
        if program is None:
            return
        socket = containerd_folder(self.settings) / "containerd.sock"
        steps = self.settings.get("containerd-namespace", "moby")
        for namespace, filters in ((steps, _OF_STEPS), (f"{steps}_history", ())):
            leases = (program, "--address", str(socket), "--namespace", namespace, "leases")
            with contextlib.suppress(SetupError):
                if names := root.run(*leases, "list", "--quiet", *filters).split():
                    root.run(*leases, "delete", *names)


def containerd_folder(settings: Mapping[str, Any]) -> Path:
    """Where a dockerd with these settings has what is its containerd's while that runs."""
    return Path(settings.get("exec-root", _EXEC_ROOT), "containerd")


def is_beyond_opening(log: str) -> bool:
    """Whether a dockerd that wrote this ended because its build cache was too much for it."""
    got_so_far = "Daemon has completed initialization" in log
    return got_so_far and log.rstrip().endswith("context deadline exceeded")
