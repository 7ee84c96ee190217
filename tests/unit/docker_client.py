"""A Docker client that does what a test says, for what calls it as a program."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from wheeldock.request import BuildRequest

REQUEST = BuildRequest(
    target="wheel", dockerfile=Path("/d/Dockerfile"), context=Path("/d"), output=Path("/out")
)


class Docker:
    """A `docker` on the PATH that runs a shell script and writes its arguments down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def does(self, script: str) -> None:
        path = self.folder / "bin" / "docker"
        path.write_text(
            f"#!/bin/sh\ncd {shlex.quote(str(self.folder))}\n"
            f"printf '%s\\0' \"$@\" > argv\n{script}\n"
        )
        path.chmod(0o755)

    @property
    def argv(self) -> list[str]:
        return (self.folder / "argv").read_text().split("\0")[:-1]

    def options(self, name: str) -> list[str]:
        """The values of an option that may be given several times."""
        argv = self.argv
        return [argv[i + 1] for i, argument in enumerate(argv) if argument == name]

    def has(self, name: str) -> bool:
        """Whether the script made a file of that name."""
        return (self.folder / name).exists()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Docker:
    bin_ = tmp_path / "the client's folder" / "bin"
    bin_.mkdir(parents=True)
    for name in ("sh", "sleep"):
        (bin_ / name).symlink_to(shutil.which(name) or "")
    monkeypatch.setenv("PATH", str(bin_))
    return Docker(bin_.parent)
