"""Commands that change the machine, run with root's rights: as root, or through sudo."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

_PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
"""What sudo would drop of the environment, and engines and package managers need."""

_SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


@dataclass(frozen=True)
class Root:
    """Root's rights."""

    prefix: tuple[str, ...]
    """What goes before a command: nothing, or sudo."""

    def command(self, *words: str) -> list[str]:
        """The command line that runs a command as root, with messages in English."""
        variables = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        variables |= {
            "DEBIAN_FRONTEND": "noninteractive",
            "LC_ALL": "C.UTF-8",
            "PATH": _path(),
        }
        settings = (f"{name}={value}" for name, value in variables.items())
        return [*self.prefix, "env", *settings, *words]

    def run(self, *words: str, text: str = "", allow: tuple[int, ...] = (0,)) -> str:
        """
        Run a command to its end, also when Ctrl-C comes, and return what it said.

        `text` is its input, `allow` the exit codes that mean success. Raises SetupError with
        the command's own first error.
        """
        with subprocess.Popen(
            self.command(*words),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        ) as process:
            try:
                said, _ = process.communicate(text)
            except KeyboardInterrupt:
                # A package manager that is cut off leaves a machine that needs mending.
                process.communicate()
                raise
        if process.returncode not in allow:
            raise SetupError(f"`{' '.join(words[:2])}` failed: {first_error(said)}")
        return said

    def write(self, path: Path, text: str) -> None:
        """Write a file, and the folder that it is in."""
        self.run("mkdir", "-p", str(path.parent))
        self.run("tee", str(path), text=text)


def rights() -> Root | None:
    """Root's rights, if this user has them without being asked for a password."""
    if os.geteuid() == 0:
        return Root(())
    sudo = ("sudo", "-n")
    if shutil.which("sudo") is None:
        return None
    allowed = subprocess.run([*sudo, "true"], check=False, capture_output=True).returncode == 0
    return Root(sudo) if allowed else None


def needed_rights(what: str) -> Root:
    """Root's rights, for that. Raises SetupError without them."""
    root = rights()
    if root is None:
        message = f"only root may {what}, and sudo is missing or asks for a password"
        raise SetupError(message, cure="Run it as root, or `sudo -v` first.")
    return root


def find(program: str) -> str | None:
    """The path of a program, also of one that only root has on its PATH."""
    return shutil.which(program, path=_path())


def first_error(said: str) -> str:
    """The line that says why a command failed: apt's and dpkg's errors first."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E: ", "dpkg: error"))]
    return errors[0] if errors else (lines or ["it said nothing"])[-1]


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_SBIN}"
