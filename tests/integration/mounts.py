"""The cache mounts of builds, seen from a step of another build."""

from __future__ import annotations

import re
import secrets
import subprocess
from typing import TYPE_CHECKING

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MOUNTS: Mapping[str, str] = {
    name.replace("${PROJECT}", "tiny"): target
    for name, target in re.findall(
        r"--mount=type=cache,id=(\S+)\$\{COLD\},target=([\w./-]+)",
        (DOCKER / "Dockerfile").read_text(encoding="utf-8"),
    )
}
"""Those that warm builds of the project tiny share, and where they are."""


def run_in(mounts: Mapping[str, str], base_image: str, folder: Path, script: str) -> None:
    """Run a script in a step that has these cache mounts, by id, at these places."""
    options = "".join(
        f" --mount=type=cache,id={name},target={target}" for name, target in mounts.items()
    )
    (folder / "Dockerfile").write_text(
        f"FROM {base_image}\nARG NONCE\nRUN --network=none{options} {script}\n"
    )
    command = [
        *("docker", "buildx", "build", "--output=type=cacheonly", "--progress=plain"),
        f"--build-arg=NONCE={secrets.token_hex(8)}",
    ]
    done = subprocess.run([*command, folder], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
