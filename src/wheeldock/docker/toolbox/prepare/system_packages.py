"""
system_packages.py: install SYSTEM_PACKAGES, one a line, with the image's own package manager.

What that fetches for itself does not stay: a list of packages is old the day after.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from commands import COMMAND_FAILED, how_it_ended
from ending import fail

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_TRIES = 3
_PAUSE = 3
"""Seconds before another try: a mirror that does not answer is often there a moment later."""


@dataclass(frozen=True, kw_only=True)
class Manager:
    """A package manager, as command lines: the packages' names follow those of `install`."""

    install: Sequence[str]
    refresh: Sequence[str] = ()
    clean: Sequence[str] = ()
    leaves: str = ""
    """The folder whose content is of no use afterwards."""
    ca_bundle: str = ""
    """The option that names a CA bundle."""


def _dnf(program: str, *more: str) -> Manager:
    return Manager(
        install=(program, "install", "--assumeyes", "--setopt=tsflags=nodocs", *more),
        clean=(program, "clean", "all"),
        ca_bundle="--setopt=sslcacert={}",
    )


MANAGERS: Mapping[str, Manager] = {
    "dnf": _dnf("dnf", "--quiet"),
    "microdnf": _dnf("microdnf"),
    # The old one goes on without the packages that it does not find.
    "yum": _dnf("yum", "--quiet", "--setopt=skip_missing_names_on_install=False"),
    "apk": Manager(install=("apk", "add", "--no-cache", "--quiet")),
    "apt-get": Manager(
        refresh=("apt-get", "update", "--quiet=2"),
        install=("apt-get", "install", "--yes", "--quiet=2", "--no-install-recommends"),
        clean=("apt-get", "clean"),
        leaves="/var/lib/apt/lists",
        ca_bundle="--option=Acquire::https::CAInfo={}",
    ),
}
"""By the program's name; the first that an image has is its own."""


def install(packages: Sequence[str]) -> None:
    """Install them; end the program, with what the package manager said, when that fails."""
    name = next(filter(shutil.which, MANAGERS), None)
    if name is None:
        fail(
            COMMAND_FAILED,
            f"system-packages: the base image has none of {', '.join(MANAGERS)}.",
            "Install them by before-all, or choose another image.",
        )
    manager = MANAGERS[name]
    bundle = os.environ.get("SSL_CERT_FILE")
    options = [manager.ca_bundle.format(bundle)] if bundle and manager.ca_bundle else []
    steps = [[*manager.refresh, *options]] if manager.refresh else []
    steps.append([*manager.install, *options, *packages])
    for _ in range(_TRIES - 1):
        if _run(steps) == 0:
            break
        time.sleep(_PAUSE)
    else:
        if status := _run(steps):
            fail(
                COMMAND_FAILED,
                f"system-packages: {name} {how_it_ended(status)} for {' '.join(packages)}",
                "Its log ends:",
            )
    if manager.clean:
        _run([manager.clean])
    if manager.leaves:
        shutil.rmtree(manager.leaves)
        Path(manager.leaves).mkdir()


def _run(steps: Sequence[Sequence[str]]) -> int:
    """Run one after the other; the status of the first that fails, or 0."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in steps:
        done = subprocess.run(step, check=False, env=environment, stdin=subprocess.DEVNULL)
        if done.returncode:
            return done.returncode
    return 0


if __name__ == "__main__":
    install(os.environ["SYSTEM_PACKAGES"].split("\n"))
