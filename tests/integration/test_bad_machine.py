"""What a machine can lack: Buildx, a store that exports caches, rights, room on a disk."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.integration import projects
from tests.integration.engines import second_engine
from tests.integration.workplace import ONE

from wheeldock.errors import (
    BuildxMissingError,
    CacheExportUnsupportedError,
    DiskFullError,
    EngineUnreachableError,
    OutputError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.workplace import Workplace

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(os.geteuid() != 0, reason="mounts and other users are root's affair"),
]

NOBODY = "65534"
AS_NOBODY = [
    # A user without rights, who may read where Python and wheeldock are all the same.
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),
]
WITHOUT_BUILDX = [
    *("unshare", "--mount", "sh", "-euc"),
    """
    for folder in ~/.docker /usr/local/lib/docker /usr/local/libexec/docker /usr/lib/docker \
        /usr/libexec/docker; do
        if [ -d "$folder/cli-plugins" ]; then mount -t tmpfs none "$folder/cli-plugins"; fi
    done
    exec "$0" "$@"
    """,
]


@pytest.fixture
def mount() -> Iterator[Callable[..., Path]]:
    """Mount something on a folder, and take it away at the end."""
    with contextlib.ExitStack() as stack:

        def mounted(folder: Path, *options: str) -> Path:
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["mount", *options, folder], check=True)
            stack.callback(subprocess.run, ["umount", folder], check=True)
            return folder

        yield mounted


@pytest.fixture(scope="module")
def classic_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a second engine, which has the classic image store."""
    with second_engine(tmp_path_factory.mktemp("classic"), containerd_store=False) as engine:
        yield engine.address


@pytest.mark.usefixtures("buildx")
def test_the_client_has_no_buildx(workplace: Workplace) -> None:
    ended = workplace.build(*ONE, inside=WITHOUT_BUILDX)
    workplace.refused(ended, BuildxMissingError, "docker buildx version", "invoke setup")


def test_the_engine_cannot_export_caches(workplace: Workplace, classic_engine: str) -> None:
    ended = workplace.build(*ONE, environment={"DOCKER_HOST": classic_engine})
    workplace.refused(
        ended,
        CacheExportUnsupportedError,
        "cannot export a cache",
        '"containerd-snapshotter": true',
        "docker buildx create",
    )


def test_the_engine_is_not_for_this_user(workplace: Workplace, tmp_path: Path) -> None:
    workplace.give_to(int(NOBODY))
    home = tmp_path / "home"
    home.mkdir()
    os.chown(home, int(NOBODY), int(NOBODY))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "sock"))
        server.listen()
        host = {"DOCKER_HOST": f"unix://{tmp_path}/sock", "HOME": str(home)}
        ended = workplace.build(*ONE, inside=AS_NOBODY, environment=host)
    workplace.refused(
        ended,
        EngineUnreachableError,
        "permission denied while trying to connect to the Docker daemon",
        "usermod -aG docker",
    )


@pytest.mark.usefixtures("base_image")
def test_the_output_folder_is_a_file(workplace: Workplace) -> None:
    for output in ("tiny.c", "tiny.c/dist"):
        ended = workplace.build(*ONE, "--output-dir", output)
        workplace.refused(ended, OutputError, output, "--output-dir")


def test_the_output_folder_holds_the_project(workplace: Workplace) -> None:
    host = {"DOCKER_HOST": "tcp://127.0.0.1:1"}  # no engine is asked
    for output in (".", "..", "/"):
        ended = workplace.build(*ONE, "--output-dir", output, environment=host)
        problem = f"--output-dir: the output folder {output} has {workplace.folder} in it"
        workplace.refused(ended, OutputError, problem)


@pytest.mark.usefixtures("base_image")
def test_the_output_folder_is_read_only(
    workplace: Workplace, mount: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "ro", "none")
    ended = workplace.build(*ONE, "--output-dir", f"{disk}/dist")
    workplace.refused(ended, OutputError, f"{disk}/dist", "Read-only file system", "--output-dir")


@pytest.mark.usefixtures("base_image")
def test_the_output_folder_is_a_mount_point(
    workplace: Workplace, mount: Callable[..., Path]
) -> None:
    mount(workplace.dist, "--bind", str(workplace.dist))
    ended = workplace.build(*ONE)
    workplace.refused(ended, OutputError, "dist", "mount point", "--output-dir")


def test_the_working_folder_is_read_only(workplace: Workplace, mount: Callable[..., Path]) -> None:
    mount(workplace.folder, "--bind", "-o", "ro", str(workplace.folder))
    ended = workplace.build(*ONE)
    workplace.refused(ended, OutputError, ".wheeldock", "Read-only file system")


@pytest.mark.usefixtures("base_image")
def test_the_disk_of_the_output_folder_is_full(
    workplace: Workplace, mount: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "size=8k", "none")
    ended = workplace.build(*ONE, "--output-dir", f"{disk}/dist")
    workplace.refused(ended, DiskFullError, "a disk is full", str(disk))
    assert list(disk.iterdir()) == []


@pytest.mark.usefixtures("base_image")
def test_the_disk_of_the_working_folder_is_full(
    workplace: Workplace, mount: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "size=64k", "none")
    ended = workplace.build(
        "--source", str(workplace.folder), *ONE, "--output-dir", str(workplace.dist), cwd=disk
    )
    workplace.refused(ended, DiskFullError, "a disk is full")


@pytest.mark.usefixtures("base_image")
def test_the_disk_of_the_cache_folder_is_full(
    workplace: Workplace, mount: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "size=4k", "none")
    (disk / "full").write_bytes(bytes(4096))
    ended = workplace.build(*ONE, environment={"WHEELDOCK_CACHE_DIR": f"{disk}/cache"})
    workplace.built(ended)
    for name in ("sdist", ONE[1]):
        assert f"{name}: no cache is kept: " in ended.out
    assert [path.name for path in (disk / "cache/tiny").iterdir()] == []


@pytest.mark.usefixtures("base_image")
def test_the_cache_folder_is_read_only(
    workplace: Workplace, mount: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mount(tmp_path / "disk", "-t", "tmpfs", "-o", "ro", "none")
    ended = workplace.build(*ONE, environment={"WHEELDOCK_CACHE_DIR": f"{disk}/cache"})
    workplace.built(ended)
    for name in ("sdist", ONE[1]):
        assert f"{name}: no cache is kept: Read-only file system: " in ended.out


@pytest.mark.usefixtures("base_image")
def test_a_disk_in_the_container_is_full(workplace: Workplace) -> None:
    projects.write_tiny(workplace.folder, setup=projects.DISK_FILLING_SETUP)
    ended = workplace.build(*ONE)
    workplace.refused(ended, DiskFullError, ONE[1], "stage build", "No space left on device")
