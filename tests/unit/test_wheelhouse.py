from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from wheeldock import swap
from wheeldock.errors import OutputError
from wheeldock.wheelhouse import Distribution, check_writable, publish, read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SDIST = "ovf-1.0.tar.gz"
CP311 = "ovf-1.0-cp311-cp311-manylinux_2_28_x86_64.whl"
CP313 = "ovf-1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
OLDER = "ovf-0.9-cp313-cp313-manylinux_2_28_x86_64.whl"
OTHER = "ovftools-0.9-py3-none-any.whl"


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """Where builds leave what they made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A folder for the output folder and nothing else."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def built(scratch: Path) -> list[Distribution]:
    return [make(scratch, SDIST), make(scratch, CP313)]


def make(folder: Path, name: str, text: str = "new") -> Distribution:
    path = folder / name
    path.write_text(text)
    distribution = read_distribution(path)
    assert distribution is not None
    return distribution


def tree(folder: Path) -> dict[str, str]:
    """What is below a folder: the text of files, where links lead to, and folders."""
    return {
        str(path.relative_to(folder)): f"-> {path.readlink()}"
        if path.is_symlink()
        else (path.read_text() if path.is_file() else "folder")
        for path in folder.rglob("*")
    }


def fill(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("old")
    return folder


# --- reading names ---


@pytest.mark.parametrize(
    ("file", "name", "version"),
    [
        ("My_Pkg-1.0-cp313-cp313-manylinux_2_28_x86_64.whl", "my-pkg", "1.0"),
        ("my.pkg-1!2.0rc1+local.1.tar.gz", "my-pkg", "1!2.0rc1+local.1"),
        ("pkg-1.0-7-py3-none-any.whl", "pkg", "1.0"),
    ],
)
def test_a_distribution_is_read_from_its_file_name(file: str, name: str, version: str) -> None:
    assert read_distribution(Path(file)) == Distribution(Path(file), name, Version(version))


@pytest.mark.parametrize(
    "file", ["notes.txt", "pkg.whl", "pkg-1.0.whl", "pkg-x.y-py3-none-any.whl", "a.tar.gz", ".whl"]
)
def test_other_files_are_no_distributions(file: str) -> None:
    assert read_distribution(Path(file)) is None


def test_a_distribution_knows_its_size_and_digest(scratch: Path) -> None:
    text = "x" * ((1 << 20) + 7)
    distribution = make(scratch, CP313, text)
    assert distribution.size == len(text)
    assert distribution.sha256() == hashlib.sha256(text.encode()).hexdigest()


# --- what the output folder holds afterwards ---


def test_a_missing_output_folder_is_made(home: Path, built: list[Distribution]) -> None:
    publish(built, home / "dist", whole=True)
    assert tree(home / "dist") == {SDIST: "new", CP313: "new"}


def test_what_was_built_replaces_files_of_the_same_name(
    home: Path, built: list[Distribution]
) -> None:
    dist = fill(home / "dist", SDIST, CP313)
    publish(built, dist, whole=True)
    assert tree(dist) == {SDIST: "new", CP313: "new"}


def test_older_versions_of_the_project_go(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist", OLDER, "OVF-0.1.tar.gz")
    publish(built, dist, whole=False)
    assert tree(dist) == {SDIST: "new", CP313: "new"}


def test_other_wheels_of_the_version_stay_when_only_some_were_built(
    home: Path, built: list[Distribution]
) -> None:
    dist = fill(home / "dist", CP311, CP313)
    publish(built, dist, whole=False)
    assert tree(dist) == {SDIST: "new", CP311: "old", CP313: "new"}


def test_other_wheels_of_the_version_go_when_all_were_built(
    home: Path, built: list[Distribution]
) -> None:
    dist = fill(home / "dist", CP311)
    publish(built, dist, whole=True)
    assert tree(dist) == {SDIST: "new", CP313: "new"}


def test_an_sdist_of_the_version_stays_when_none_was_built(
    home: Path, built: list[Distribution]
) -> None:
    dist = fill(home / "dist", SDIST, CP311, "ovf-0.1.tar.gz")
    wheels = [each for each in built if each.path.name == CP313]
    publish(wheels, dist, whole=True)
    assert tree(dist) == {SDIST: "old", CP313: "new"}


def test_all_that_is_not_the_projects_stays(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist", OTHER, ".gitignore", "SHA256SUMS", "broken.whl")
    fill(dist / "logs" / "deep", "a.txt")
    (dist / "latest").symlink_to("logs")
    (dist / "dangling").symlink_to("nowhere")
    before = tree(dist)
    publish(built, dist, whole=True)
    assert tree(dist) == before | {SDIST: "new", CP313: "new"}


def test_a_pipe_in_the_output_folder_stays(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist")
    (dist / "logs").mkdir()
    os.mkfifo(dist / "logs" / "pipe")
    publish(built, dist, whole=True)
    assert (dist / "logs" / "pipe").is_fifo()


def test_a_folder_named_like_a_wheel_gives_way_to_it(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist")
    fill(dist / CP313, "inside")
    publish(built, dist, whole=False)
    assert tree(dist) == {SDIST: "new", CP313: "new"}


def test_publishing_again_changes_nothing(home: Path, built: list[Distribution]) -> None:
    publish(built, home / "dist", whole=True)
    once = tree(home)
    publish(built, home / "dist", whole=True)
    assert tree(home) == once


def test_files_are_kept_where_there_are_no_hard_links(
    home: Path, built: list[Distribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_link(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    dist = fill(home / "dist", OTHER)
    (dist / "latest").symlink_to(OTHER)
    monkeypatch.setattr(os, "link", no_link)
    publish(built, dist, whole=True)
    assert tree(dist) == {OTHER: "old", "latest": f"-> {OTHER}", SDIST: "new", CP313: "new"}


def test_no_other_file_is_left_beside_the_output_folder(
    home: Path, built: list[Distribution]
) -> None:
    publish(built, fill(home / "dist", OLDER), whole=True)
    assert [path.name for path in home.iterdir()] == ["dist"]


# --- where the output folder is ---


@pytest.mark.parametrize("output", ["dist", "a/b/c", "./dist", "a/../dist"])
def test_the_output_folder_may_be_relative(
    output: str, home: Path, built: list[Distribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    check_writable(Path(output))
    publish(built, Path(output), whole=True)
    assert (Path(os.path.normpath(output)) / CP313).read_text() == "new"


@pytest.mark.parametrize("name", ["two words", "a,b", "ünï-цё", "-dist", "d" * 255, 'q"uote'])
def test_the_output_folder_may_have_an_odd_name(
    name: str, home: Path, built: list[Distribution]
) -> None:
    fill(home / name, OTHER)
    check_writable(home / name)
    publish(built, home / name, whole=True)
    assert tree(home / name) == {OTHER: "old", SDIST: "new", CP313: "new"}


def test_a_link_to_a_folder_stays_and_the_folder_changes(
    home: Path, built: list[Distribution]
) -> None:
    target = fill(home / "elsewhere" / "wheels", OLDER, OTHER)
    (home / "dist").symlink_to("elsewhere/wheels")
    publish(built, home / "dist", whole=True)
    assert (home / "dist").readlink() == Path("elsewhere/wheels")
    assert tree(target) == {OTHER: "old", SDIST: "new", CP313: "new"}


def test_a_link_to_a_folder_that_is_not_there_yet_is_followed(
    home: Path, built: list[Distribution]
) -> None:
    (home / "dist").symlink_to("later/wheels")
    check_writable(home / "dist")
    publish(built, home / "dist", whole=True)
    assert (home / "dist").is_symlink()
    assert (home / "later/wheels" / CP313).exists()


# --- rights ---


@pytest.fixture(params=[0o022, 0o077, 0o002])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    previous = os.umask(request.param)
    yield request.param
    os.umask(previous)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_folder_and_its_files_have_the_rights_that_new_ones_get(
    home: Path, built: list[Distribution], umask: int
) -> None:
    for distribution in built:
        distribution.path.chmod(0o600)
    publish(built, home / "dist", whole=True)
    assert mode(home / "dist") == 0o777 & ~umask
    assert mode(home / "dist" / CP313) == 0o666 & ~umask


def test_an_old_folder_keeps_its_rights(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist")
    dist.chmod(0o2751)
    publish(built, dist, whole=True)
    assert mode(dist) == 0o2751


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_an_old_folder_keeps_its_owner(home: Path, built: list[Distribution]) -> None:
    dist = fill(home / "dist")
    os.chown(dist, 1234, 4321)
    publish(built, dist, whole=True)
    assert (dist.stat().st_uid, dist.stat().st_gid) == (1234, 4321)


def test_files_in_the_output_folder_are_no_second_names_of_what_was_built(
    home: Path, built: list[Distribution]
) -> None:
    publish(built, home / "dist", whole=True)
    built[0].path.write_text("the user goes on with the sdist")
    assert (home / "dist" / SDIST).read_text() == "new"


# --- all at once or not at all ---


def fail_with(error: BaseException) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


STEPS = [
    (shutil, "copyfile"),
    (shutil, "copystat"),
    (Path, "iterdir"),
    (Path, "mkdir"),
    (swap, "_exchange"),
]


@pytest.mark.parametrize(("place", "step"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.EIO, "Input/output error"), OutputError),
        (OSError(errno.ENOSPC, "No space left on device"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
    ids=["fault", "full", "Ctrl-C"],
)
def test_a_failed_step_leaves_everything_as_it_was(
    place: object,
    step: str,
    error: BaseException,
    raised: type[BaseException],
    home: Path,
    built: list[Distribution],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dist = fill(home / "dist", OLDER, OTHER)
    before = tree(home)
    monkeypatch.setattr(place, step, fail_with(error))
    with pytest.raises(raised):
        publish(built, dist, whole=True)
    monkeypatch.undo()
    assert tree(home) == before


def test_a_distribution_that_is_gone_leaves_everything_as_it_was(
    home: Path, built: list[Distribution]
) -> None:
    dist = fill(home / "dist", OLDER)
    before = tree(home)
    built[-1].path.unlink()
    with pytest.raises(OutputError):
        publish(built, dist, whole=True)
    assert tree(home) == before


def test_a_killed_process_leaves_the_old_files_or_the_new_ones(home: Path, tmp_path: Path) -> None:
    program = textwrap.dedent("""
        import sys
        from itertools import count
        from pathlib import Path
        from wheeldock.wheelhouse import publish, read_distribution
        scratch, dist = map(Path, sys.argv[1:])
        scratch.mkdir(exist_ok=True)
        for number in count(1):
            for tag in ("cp311-cp311", "cp313-cp313"):
                (scratch / f"ovf-{number}-{tag}-manylinux_2_28_x86_64.whl").write_text(str(number))
            built = [read_distribution(path) for path in scratch.glob(f"ovf-{number}-*")]
            publish(built, dist, whole=True)
            print(number, flush=True)
    """)
    dist = home / "dist"
    for round_ in range(5):
        command = [sys.executable, "-c", program, str(tmp_path / f"scratch{round_}"), str(dist)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.003 * round_)
            process.send_signal(signal.SIGKILL)
        names = sorted(path.name for path in dist.iterdir())
        versions = {path.read_text() for path in dist.iterdir()}
        assert len(versions) == 1
        number = versions.pop()
        assert names == [
            f"ovf-{number}-cp311-cp311-manylinux_2_28_x86_64.whl",
            f"ovf-{number}-cp313-cp313-manylinux_2_28_x86_64.whl",
        ]


# --- where nothing can be published ---


def test_a_file_in_place_of_the_folder_is_refused_and_stays(
    home: Path, built: list[Distribution]
) -> None:
    (home / "dist").write_text("precious")
    for act in (check_writable, lambda output: publish(built, output, whole=True)):
        with pytest.raises(OutputError, match="dist cannot be written: Not a directory"):
            act(home / "dist")
    assert tree(home) == {"dist": "precious"}


@pytest.mark.parametrize("output", ["file/dist", "file/a/dist", "loop/dist", "loop", "d" * 256])
def test_a_path_that_leads_nowhere_is_refused(
    output: str, home: Path, built: list[Distribution]
) -> None:
    (home / "file").write_text("a file")
    (home / "loop").symlink_to("loop")
    before = tree(home)
    for act in (check_writable, lambda output: publish(built, output, whole=True)):
        with pytest.raises(OutputError, match="cannot be written") as caught:
            act(home / output)
        assert "--output-dir" in caught.value.cure
    assert tree(home) == before


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no /proc")
def test_a_file_system_that_takes_no_files_is_refused(built: list[Distribution]) -> None:
    for act in (check_writable, lambda output: publish(built, output, whole=True)):
        with pytest.raises(OutputError, match=r"the output folder /proc/dist cannot be written"):
            act(Path("/proc/dist"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
@pytest.mark.parametrize("locked", [".", "dist"])
def test_a_folder_without_the_right_to_write_is_refused(home: Path, locked: str) -> None:
    fill(home / "dist")
    (home / locked).chmod(0o555)
    with pytest.raises(OutputError, match="Permission denied"):
        check_writable(home / "dist")


@pytest.mark.parametrize("output", [".", "..", "../.."])
def test_a_folder_that_holds_what_must_stay_is_refused(
    output: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    with pytest.raises(OutputError, match=r"has .* in it"):
        check_writable(Path(output), keep_out=[home / ".wheeldock"])


def test_a_folder_beside_what_must_stay_is_allowed(home: Path) -> None:
    check_writable(home / "dist", keep_out=[home / "dist2", home])


def test_a_folder_that_users_share_is_refused(home: Path) -> None:
    shared = fill(home / "tmp")
    shared.chmod(0o1777)
    with pytest.raises(OutputError, match="users share"):
        check_writable(shared)


def test_checking_leaves_nothing_behind(home: Path) -> None:
    check_writable(home / "a" / "dist")
    assert tree(home) == {}


# --- real file systems ---


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with room for 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "none", str(folder)]
    if subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("this user cannot mount")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_leaves_everything_as_it_was(disk: Path, scratch: Path) -> None:
    dist = fill(disk / "dist", OLDER, OTHER)
    before = tree(disk)
    big = make(scratch, CP313, "x" * 100_000)
    with pytest.raises(OSError, match="No space left on device") as caught:
        publish([big], dist, whole=True)
    assert caught.value.errno == errno.ENOSPC
    assert tree(disk) == before


def test_a_mount_point_is_refused_and_stays(disk: Path, built: list[Distribution]) -> None:
    (disk / OLDER).write_text("old")
    for act in (check_writable, lambda output: publish(built, output, whole=True)):
        with pytest.raises(OutputError, match="mount point") as caught:
            act(disk)
        assert "--output-dir" in caught.value.cure
    assert tree(disk) == {OLDER: "old"}


def test_what_was_built_on_another_disk_is_published(disk: Path, built: list[Distribution]) -> None:
    publish(built, disk / "dist", whole=True)
    assert tree(disk / "dist") == {SDIST: "new", CP313: "new"}


@pytest.mark.parametrize("read_only", [".", "dist"])
def test_a_read_only_file_system_is_refused(home: Path, read_only: str) -> None:
    fill(home / "dist")
    place = home / read_only
    bind = ["mount", "--bind", str(place), str(place)]
    if subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("this user cannot mount")
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(place)], check=True)
        with pytest.raises(OutputError, match=r"Read-only file system|mount point"):
            check_writable(home / "dist")
    finally:
        subprocess.run(["umount", str(place)], check=True)


def test_a_name_that_the_file_system_cannot_exchange_is_renamed(
    home: Path, built: list[Distribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    dist = fill(home / "dist", OLDER)
    monkeypatch.setattr(swap, "_exchange", fail_with(OSError(errno.EINVAL, "no exchange")))
    publish(built, dist, whole=True)
    assert tree(home) == {"dist": "folder", f"dist/{SDIST}": "new", f"dist/{CP313}": "new"}
