"""What a step that fetches something makes of a network that is not perfect."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock.request import DOCKER

if TYPE_CHECKING:
    from wheeldock.baseimage import BaseImage

pytestmark = pytest.mark.integration

SERVER = Path(__file__).with_name("lossy_name_server.py")
OF_GLIBC = 5
"""Seconds that glibc waits before it asks again."""


def test_a_name_is_asked_for_again_soon(base_image: BaseImage) -> None:
    mounts = [
        f"--volume={DOCKER / 'toolbox' / 'network.sh'}:/network.sh:ro",
        f"--volume={SERVER}:/server.py:ro",
    ]
    command = ["docker", "run", "--rm", "--network=none", "--dns=127.0.0.1", *mounts]
    python = "/opt/python/cp313-cp313/bin/python"
    ran = subprocess.run(
        [*command, base_image.reference, python, "/server.py"],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert 0 < float(ran.stdout.splitlines()[-1]) < OF_GLIBC
