from __future__ import annotations

import io
import os
import stat
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from wheeldock.archive import read_files, unpack
from wheeldock.errors import NotAPythonProjectError

if TYPE_CHECKING:
    from pathlib import Path


def tar(path: Path, files: dict[str, str], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            info.mode = 0o777 if name.endswith(".sh") else 0o600
            archive.addfile(info, io.BytesIO(text.encode()))
        for info in others:
            archive.addfile(info)
    return path


def special(name: str, kind: bytes, target: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = target
    return info


def tree(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def modes(folder: Path) -> set[tuple[str, int]]:
    return {
        (path.name, stat.S_IMODE(path.lstat().st_mode))
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink()
    }


FILES = {"p-1/pyproject.toml": "a", "p-1/src/x.py": "b", "p-1/run.sh": "c"}


def test_the_named_files_of_the_top_level_folder_are_read(tmp_path: Path) -> None:
    names = ["pyproject.toml", "x.py", "setup.py"]
    assert read_files(tar(tmp_path / "p.tar.gz", FILES), names) == {"pyproject.toml": b"a"}


def test_names_may_begin_with_a_dot(tmp_path: Path) -> None:
    sdist = tar(tmp_path / "p.tar.gz", {f"./{name}": text for name, text in FILES.items()})
    unpack(sdist, tmp_path / "into")
    assert tree(tmp_path / "into") == {"pyproject.toml": "a", "src/x.py": "b", "run.sh": "c"}


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_modes_are_the_same_on_every_machine(tmp_path: Path, umask: int) -> None:
    sdist = tar(tmp_path / "p.tar.gz", FILES, special("p-1/src", tarfile.DIRTYPE))
    before = os.umask(umask)
    try:
        unpack(sdist, tmp_path / "into")
    finally:
        os.umask(before)
    assert modes(tmp_path / "into") == {
        *[("into", 0o755), ("src", 0o755), ("run.sh", 0o755)],
        *[("x.py", 0o644), ("pyproject.toml", 0o644)],
    }


def test_links_inside_are_kept(tmp_path: Path) -> None:
    links = [
        special("p-1/soft", tarfile.SYMTYPE, "src/x.py"),
        special("p-1/hard", tarfile.LNKTYPE, "p-1/src/x.py"),
    ]
    unpack(tar(tmp_path / "p.tar.gz", FILES, *links), tmp_path / "into")
    assert (tmp_path / "into" / "soft").readlink().as_posix() == "src/x.py"
    assert (tmp_path / "into" / "hard").samefile(tmp_path / "into" / "src" / "x.py")


def test_what_became_of_the_folder_since_is_undone(tmp_path: Path) -> None:
    """As by a search for names to replace that looks into hidden folders, too."""
    sdist, into = tar(tmp_path / "p.tar.gz", FILES), tmp_path / "deep" / "into"
    unpack(sdist, into)
    before = tree(into)
    (into / "mark").touch()
    (into / "src/x.py").write_text("x")
    (into / "run.sh").unlink()
    unpack(sdist, into)
    assert tree(into) == before
    assert [path.name for path in into.parent.iterdir()] == ["into"]


def test_what_was_given_up_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / "into.new" / "src").mkdir(parents=True)
    (tmp_path / "into.new" / "src" / "left.py").touch()
    unpack(tar(tmp_path / "p.tar.gz", FILES), tmp_path / "into")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into", "p.tar.gz"]
    assert "src/left.py" not in tree(tmp_path / "into")


def test_other_bytes_replace_the_whole_folder(tmp_path: Path) -> None:
    into = tmp_path / "into"
    unpack(tar(tmp_path / "p.tar.gz", FILES), into)
    unpack(tar(tmp_path / "p.tar.gz", {"p-2/setup.py": "z"}), into)
    assert tree(into) == {"setup.py": "z"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into", "p.tar.gz"]


def test_files_that_are_as_they_were_are_taken_over(tmp_path: Path) -> None:
    into = tmp_path / "into"
    unpack(tar(tmp_path / "p.tar.gz", FILES), into)
    before = {name: (into / name).stat().st_ino for name in tree(into)}
    (into / "pyproject.toml").write_text("tampered with")
    (into / "run.sh").chmod(0o600)
    unpack(tar(tmp_path / "p.tar.gz", {**FILES, "p-1/src/y.py": "d"}), into)
    assert tree(into) == {"pyproject.toml": "a", "src/x.py": "b", "src/y.py": "d", "run.sh": "c"}
    assert {name for name in before if (into / name).stat().st_ino == before[name]} == {
        *("src/x.py", "run.sh")
    }
    assert {int((into / name).stat().st_mtime) for name in tree(into)} == {0}
    assert ("run.sh", 0o755) in modes(into)


def test_files_that_have_another_name_are_left_as_they_are(tmp_path: Path) -> None:
    into, other = tmp_path / "into", tmp_path / "other"
    unpack(tar(tmp_path / "p.tar.gz", FILES), into)
    other.hardlink_to(into / "src/x.py")
    before = other.stat().st_mtime_ns
    unpack(tar(tmp_path / "p.tar.gz", {**FILES, "p-1/src/y.py": "d"}), into)
    assert not other.samefile(into / "src/x.py")
    assert other.stat().st_mtime_ns == before != (into / "src/x.py").stat().st_mtime_ns


def test_times_tell_one_sdist_from_another_and_no_file_from_the_next(tmp_path: Path) -> None:
    # Made once: gzip notes when.
    sdists = {n: tar(tmp_path / f"{n}.tar.gz", {**FILES, "p-1/src/x.py": n}) for n in "12"}

    def times(text: str, name: str) -> set[int]:
        unpack(sdists[text], tmp_path / name)
        return {(tmp_path / name / path).stat().st_mtime_ns for path in tree(tmp_path / name)}

    seen = [times("1", "into"), times("2", "into"), times("1", "into"), times("2", "elsewhere")]
    assert [len(each) for each in seen] == [1, 1, 1, 1]
    assert seen[0] == seen[2] != seen[1] == seen[3]
    assert all(0 <= time < 10**9 for each in seen for time in each)


@pytest.mark.parametrize(
    "member",
    [special("p-1/src", tarfile.SYMTYPE, "run.sh"), special("p-1/run.sh", tarfile.REGTYPE)],
)
def test_what_one_member_makes_of_another_is_not_taken_over(
    tmp_path: Path, member: tarfile.TarInfo
) -> None:
    into, files = tmp_path / "into", {"p-1/pyproject.toml": "a", "p-1/run.sh": "c"}
    unpack(tar(tmp_path / "p.tar.gz", files), into)
    unpack(tar(tmp_path / "q.tar.gz", files, member), tmp_path / "other")
    unpack(tar(tmp_path / "q.tar.gz", files, member), into)
    assert tree(into) == tree(tmp_path / "other") != files


def test_a_zip_is_unpacked_as_a_tar_is(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("p-1/", "")
        for name, text in FILES.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (0o777 if name.endswith(".sh") else 0) << 16
            archive.writestr(info, text)
    unpack(tmp_path / "p.zip", tmp_path / "zip")
    unpack(tar(tmp_path / "p.tar.gz", FILES), tmp_path / "tar")
    assert tree(tmp_path / "zip") == tree(tmp_path / "tar")
    assert modes(tmp_path / "zip") - {("zip", 0o755)} == modes(tmp_path / "tar") - {("tar", 0o755)}
    assert read_files(tmp_path / "p.zip", ["pyproject.toml"]) == {"pyproject.toml": b"a"}


@pytest.mark.parametrize(
    "member",
    [
        tarfile.TarInfo("p-1/../../evil"),
        tarfile.TarInfo("/etc/evil"),
        tarfile.TarInfo("../evil"),
        special("p-1/link", tarfile.SYMTYPE, "/etc/passwd"),
        special("p-1/link", tarfile.SYMTYPE, "../../../etc/passwd"),
        special("p-1/link", tarfile.LNKTYPE, "../passwd"),
        special("p-1/null", tarfile.CHRTYPE),
    ],
    ids=lambda member: f"{member.name}->{member.linkname}",
)
def test_an_unsafe_member_leaves_all_as_it_was(tmp_path: Path, member: tarfile.TarInfo) -> None:
    into = tmp_path / "into"
    unpack(tar(tmp_path / "p.tar.gz", {"p-1/old": "old"}), into)
    with pytest.raises(NotAPythonProjectError, match=r"p\.tar\.gz is unsafe to unpack: "):
        unpack(tar(tmp_path / "p.tar.gz", FILES, member), into)
    assert tree(tmp_path / "into") == {"old": "old"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["into", "p.tar.gz"]


@pytest.mark.parametrize("name", ["../evil", "/evil", "p-1/../../evil", "p-1\\..\\evil"])
def test_an_unsafe_member_of_a_zip_is_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        archive.writestr("p-1/setup.py", "")
        archive.writestr(name, "")
    with pytest.raises(NotAPythonProjectError, match=r"p\.zip is unsafe to unpack: "):
        unpack(tmp_path / "p.zip", tmp_path / "into")


def test_a_symbolic_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        info = zipfile.ZipInfo("p-1/link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(NotAPythonProjectError, match="'p-1/link' is a symbolic link"):
        unpack(tmp_path / "p.zip", tmp_path / "into")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"a-1/x": "", "b-1/x": ""}, "'a-1', 'b-1'"),
        ({"setup.py": ""}, "'setup.py'"),
        ({}, "nothing"),
    ],
)
def test_an_archive_of_other_than_one_folder_is_no_sdist(
    tmp_path: Path, files: dict[str, str], found: str
) -> None:
    with pytest.raises(NotAPythonProjectError, match=f"one folder, and this holds {found}"):
        read_files(tar(tmp_path / "p.tar.gz", files), ["setup.py"])


@pytest.mark.parametrize("name", ["p.tar.gz", "p.zip"])
@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\0\0\0\0\0\0\0\1\2\3"])
def test_a_file_that_is_no_archive_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(NotAPythonProjectError, match=f"{name} is no archive that can be read"):
        read_files(tmp_path / name, ["setup.py"])


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.9])
def test_an_archive_that_ends_too_early_is_broken(tmp_path: Path, kept: float) -> None:
    sdist = tar(tmp_path / "p.tar.gz", {"p-1/setup.py": os.urandom(20000).hex()})
    content = sdist.read_bytes()
    sdist.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(NotAPythonProjectError, match="is no archive that can be read"):
        read_files(sdist, ["setup.py"])
