"""A Debian root file system, made by mmdebstrap on this machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from wheeldock.apt import AptError, even_expired, proxies
from wheeldock.root import rights

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheeldock.apt import Source

_EPOCH = "1628899200"
"""When bullseye was released. With one time for all files the same packages give the same tar."""


def make(
    tar: Path,
    sources: Sequence[Source],
    *,
    architecture: str,
    hook: str,
    work: Path,
    packages: Sequence[str] = (),
) -> bool:
    """
    Make a root file system of the first source's suite, with apt, the packages and little else.

    Returns whether the suite's Release is still valid; it is taken if it is expired, too.

    `architecture` is Debian's name of one whose programs run here, if only in QEMU. `hook` is a
    shell script that mmdebstrap runs before it installs anything, with the root folder as its
    argument; `work` an existing folder for a few hundred MB. Raises AptError.
    """
    # apt in there knows nothing of this machine's configuration.
    variables = {"SOURCE_DATE_EPOCH": _EPOCH, "TMPDIR": str(work), **proxies()}
    # Without root's rights mmdebstrap makes do with a user namespace.
    root = rights()
    command = [
        *(root.prefix if root else ()),
        "env",
        *(f"{name}={value}" for name, value in variables.items()),
        "mmdebstrap",
        "--variant=apt",
        f"--architectures={architecture}",
        # It would want a package of its own, to see whether those programs run.
        "--skip=check/qemu",
        '--aptopt=Acquire::Languages "none"',
        '--aptopt=APT::Install-Recommends "false"',
        f"--extract-hook={hook}",
        *([f"--include={','.join(packages)}"] if packages else []),
        # These are this machine's.
        '--customize-hook=rm -f "$1/etc/hostname" "$1/etc/resolv.conf"',
    ]
    places = [sources[0].suite, str(tar), "-"]
    text = "\n".join(source.deb822() for source in sources)

    def run(*options: str) -> None:
        _run([*command, *options, *places], text)

    return even_expired(run, '--aptopt=Acquire::Check-Valid-Until "false"')


def _run(command: Sequence[str], text: str) -> None:
    process = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    if process.returncode:
        lines = process.stderr.strip().splitlines() or [f"exit code {process.returncode}"]
        errors = [line for line in lines if line.startswith("E: ")]
        raise AptError(f"mmdebstrap: {(errors or lines)[0]}")
