"""A Debian root file system, made by mmdebstrap on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

from wheeldock.apt import AptError, proxies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheeldock.apt import Source

_EPOCH = "1628899200"
"""When bullseye was released. With one time for all files the same packages give the same tar."""


def make(tar: Path, sources: Sequence[Source], *, hook: str, work: Path) -> None:
    """
    Make a root file system of the first source's suite, with apt and little else.

    `hook` is a shell script that mmdebstrap runs before it installs anything, with the root
    folder as its argument; `work` an existing folder for a few hundred MB. Raises AptError.
    """
    # apt in there knows nothing of this machine's configuration.
    variables = {"SOURCE_DATE_EPOCH": _EPOCH, "TMPDIR": str(work), **proxies()}
    command = [
        *_as_root(),
        "env",
        *(f"{name}={value}" for name, value in variables.items()),
        "mmdebstrap",
        "--quiet",
        "--variant=apt",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        f"--extract-hook={hook}",
        # These are this machine's.
        '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
        sources[0].suite,
        str(tar),
        "-",
    ]
    text = "\n".join(source.deb822() for source in sources)
    process = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if process.returncode:
        lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        errors = [line for line in lines if line.startswith("E: ")]
        raise AptError(f"mmdebstrap: {(errors or lines)[0]}")


def _as_root() -> list[str]:
    """What goes before a command for root; nothing where mmdebstrap has to do without root."""
    if os.geteuid() == 0 or shutil.which("sudo") is None:
        return []
    sudo = ["sudo", "--non-interactive"]
    allowed = subprocess.run([*sudo, "true"], check=False, capture_output=True).returncode == 0
    return sudo if allowed else []
