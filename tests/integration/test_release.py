"""`invoke release` from a checkout to an index on loopback, stopped once and gone on with."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.indexes import PypiServer
from tests.integration.workplace import COMMAND
from tests.unit.checkouts import Checkout, isolate

from wheeldock.errors import CredentialsRefusedError, TagRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.integration

PYPROJECT = (
    projects.PYPROJECT
    + """\
description = "A release"
readme = "README.md"

[tool.wheeldock]
build = "cp313-manylinux_x86_64"
test-command = "python -c 'import tiny'"
"""
)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PypiServer]:
    folder = tmp_path / "server"
    folder.mkdir()
    server = PypiServer(folder)
    yield server
    server.stop()


def release(folder: Path, server: PypiServer, token: str, *more: str) -> tuple[int, str]:
    done = subprocess.run(
        [COMMAND, "release", "--repository-url", server.upload_url, "--progress", "plain", *more],
        check=False,
        cwd=folder,
        env={**os.environ, "WHEELDOCK_REPOSITORY_TOKEN": token},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert token not in done.stdout
    return done.returncode, done.stdout


def test_a_release_reaches_the_index_though_it_was_stopped(
    tmp_path: Path, server: PypiServer, base_image: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert base_image
    home = tmp_path / "home"
    home.mkdir()
    isolate(monkeypatch, home)
    checkout = Checkout(tmp_path, PYPROJECT)
    code, said = release(checkout.folder, server, server.token, "--yes", "1.1")
    assert code == TagRefusedError.code, said
    projects.write_tiny(checkout.folder)
    checkout.write("pyproject.toml", PYPROJECT)
    checkout.write("README.md", "# tiny\n")
    checkout.commit("code")
    checkout.push()

    code, said = release(checkout.folder, server, f"{server.token}x", "--yes")
    assert code == CredentialsRefusedError.code, said
    assert "stopped at step 6, deploy" in said
    assert checkout.pushed() == ["v1.0"]
    assert list(server.packages.iterdir()) == []

    code, said = release(checkout.folder, server, server.token, "--yes")
    assert code == 0, said
    assert "2. build   dist/ without any cache (done)" in said
    assert said.rstrip().endswith("Released tiny 1.0.")
    names = {path.name for path in server.packages.iterdir()}
    assert names == {path.name for path in (checkout.folder / "dist").iterdir()}

    pip = [sys.executable, "-m", "pip", "download", "--no-deps", "--dest", tmp_path / "got"]
    only = ["--only-binary=:all:", "--python-version=3.13", "--platform=manylinux_2_28_x86_64"]
    index = ["--index-url", server.index_url, "--isolated", "--quiet"]
    subprocess.run([*pip, *only, *index, "tiny==1.0"], check=True)
    (wheel,) = (tmp_path / "got").iterdir()
    assert wheel.read_bytes() == (checkout.folder / "dist" / wheel.name).read_bytes()
