from __future__ import annotations

import io
import subprocess
import tarfile
from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import (
    ConfigurationError,
    NotAPythonProjectError,
    RequirementNotFoundError,
    SourceNotFoundError,
    WheeldockError,
)
from wheeldock.sources import DirectorySource, SdistSource, Source, open_source

if TYPE_CHECKING:
    from pathlib import Path

NO_INDEX = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple"}
"""Where nothing listens."""


def opened(text: str, cwd: Path) -> Source:
    return open_source(text, cwd=cwd, download_dir=cwd / "downloads", environ=NO_INDEX)


def refused(error: type[WheeldockError], text: str, cwd: Path) -> str:
    with pytest.raises(error) as caught:
        opened(text, cwd)
    assert type(caught.value) is error
    return caught.value.message


def project(folder: Path, pyproject: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(pyproject)
    return folder


def sdist(path: Path, name: str = "p-1/setup.py") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return path


@pytest.mark.parametrize("file", ["pyproject.toml", "setup.py"])
@pytest.mark.parametrize("name", ["plain", "a folder, with ümlauts", "name==1.0"])
def test_a_folder_is_a_source_tree(tmp_path: Path, name: str, file: str) -> None:
    (tmp_path / name).mkdir()
    (tmp_path / name / file).touch()
    assert opened(name, tmp_path) == DirectorySource(tmp_path / name)
    assert opened(".", tmp_path / name) == DirectorySource(tmp_path / name)
    assert opened(str(tmp_path / name), tmp_path / "elsewhere") == DirectorySource(tmp_path / name)


def test_a_path_may_begin_with_the_home_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert opened("~/p", project(tmp_path / "p")) == DirectorySource(tmp_path / "p")


def test_a_file_is_an_sdist(tmp_path: Path) -> None:
    path = sdist(tmp_path / "p-1.tar.gz")
    assert opened("p-1.tar.gz", tmp_path) == SdistSource(path)


def test_a_pinned_requirement_that_was_downloaded_asks_no_index(tmp_path: Path) -> None:
    path = sdist(tmp_path / "downloads" / "My_Project-1.0.tar.gz")
    assert opened("my.project==1", tmp_path) == SdistSource(path)
    assert opened("my-project[extra] == 1.0.0", tmp_path) == SdistSource(path)
    refused(RequirementNotFoundError, "my-project==1.1", tmp_path)
    refused(RequirementNotFoundError, "my-project>=1", tmp_path)
    refused(RequirementNotFoundError, "my-project==1.*", tmp_path)


@pytest.mark.parametrize(
    "text",
    ["nope/deeper", "./nope", "nope.tar.gz", "../nope.zip", "~no-such-user/x", "two words", ""],
)
def test_what_can_only_be_a_path_is_missing(tmp_path: Path, text: str) -> None:
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    if text == "":
        assert "neither pyproject.toml nor setup.py" in refused(NotAPythonProjectError, text, cwd)
    else:
        there = tmp_path if text.startswith("..") else cwd
        message = refused(SourceNotFoundError, text, cwd)
        assert message.endswith(f" is missing; {there} is there")


def test_a_path_below_a_file_is_missing(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    message = refused(SourceNotFoundError, "./file/x", tmp_path)
    assert message == f"the source {tmp_path}/file/x is missing; {tmp_path}/file is a file"


@pytest.mark.parametrize(
    "text",
    [
        "name @ https://example.org/n-1.tar.gz",
        "https://example.org/n-1.tar.gz",
        "name==1; python_version<'3'",
    ],
)
def test_more_than_a_name_and_versions_is_refused(tmp_path: Path, text: str) -> None:
    assert "is more than a name and versions" in refused(RequirementNotFoundError, text, tmp_path)


def test_a_folder_without_a_project_says_what_is_looked_for(tmp_path: Path) -> None:
    message = refused(NotAPythonProjectError, ".", tmp_path)
    assert message == (
        f"{tmp_path} is no Python project: it has neither pyproject.toml nor setup.py"
    )


def test_a_folder_without_a_project_says_what_takes_its_place(tmp_path: Path) -> None:
    with pytest.raises(NotAPythonProjectError) as caught:
        open_source(".", cwd=tmp_path, download_dir=tmp_path)
    assert "by --source, which build, plan, test and verify take" in caught.value.cure


def test_an_sdist_without_a_project_says_what_is_looked_for(tmp_path: Path) -> None:
    sdist(tmp_path / "p-1.tar.gz", "p-1/README")
    message = refused(NotAPythonProjectError, "p-1.tar.gz", tmp_path)
    assert message.endswith("p-1.tar.gz is no sdist: it has neither pyproject.toml nor setup.py")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("p-1-py3-none-any.whl", "is a wheel, which is built already"),
        ("pyproject.toml", "is no sdist; expected a folder, or a file of .tar.gz or .zip"),
        ("p-1.tar.gz", "is no archive that can be read: "),
    ],
)
def test_another_file_is_no_source(tmp_path: Path, name: str, reason: str) -> None:
    (tmp_path / name).write_text("text")
    assert f"{name} {reason}" in refused(NotAPythonProjectError, name, tmp_path)


def test_a_tree_may_point_to_another_one(tmp_path: Path) -> None:
    project(tmp_path, '[tool.wheeldock]\nsource = "sub/dir"')
    project(tmp_path / "sub" / "dir", "[tool.wheeldock]\njobs = 2")
    assert opened(".", tmp_path) == DirectorySource(tmp_path / "sub" / "dir")
    assert opened("..", tmp_path / "sub") == DirectorySource(tmp_path / "sub" / "dir")


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a package in libs/tiny."""
    project(tmp_path / "repository" / "libs" / "tiny")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path / "repository", check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path / "repository", check=True)
    return tmp_path / "repository"


def test_a_package_below_the_working_directory_has_its_repository_for_project(
    repository: Path,
) -> None:
    package = repository / "libs" / "tiny"
    source = opened("libs/tiny", repository)
    assert source == DirectorySource(package, "libs/tiny")
    assert source.project == repository
    assert opened("tiny", repository / "libs") == DirectorySource(package, "tiny")
    assert opened(".", package) == DirectorySource(package)
    assert DirectorySource(package).project == package
    assert opened(str(package), repository.parent) == DirectorySource(package)
    (repository / "elsewhere").mkdir()
    assert opened("../libs/tiny", repository / "elsewhere") == DirectorySource(package)


def test_a_pointer_leads_to_a_package_of_the_project(repository: Path) -> None:
    project(repository, '[tool.wheeldock]\nsource = "libs/tiny"')
    assert opened(".", repository) == DirectorySource(repository / "libs/tiny", "libs/tiny")


def test_what_the_repository_does_not_track_is_a_project_of_its_own(repository: Path) -> None:
    new = project(repository / "new")
    assert opened("new", repository) == DirectorySource(new)
    subprocess.run(["git", "init", "-q"], cwd=repository / "libs" / "tiny", check=True)
    assert opened("libs/tiny", repository) == DirectorySource(repository / "libs/tiny")


def test_a_tree_may_point_to_itself(tmp_path: Path) -> None:
    project(tmp_path, '[tool.wheeldock]\nsource = "."')
    assert opened(".", tmp_path) == DirectorySource(tmp_path)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ('source = "nope"', "got '{}/nope'; expected a folder that exists"),
        (
            'source = "sub"\njobs = 2\nskip = ""',
            "options stand in the pyproject.toml of 'sub'; move there: jobs, skip",
        ),
        ('source = "sub"', "{}/sub points to yet another source; one step is allowed"),
    ],
)
def test_a_wrong_pointer_is_named(tmp_path: Path, table: str, problem: str) -> None:
    project(tmp_path, f"[tool.wheeldock]\n{table}")
    project(tmp_path / "sub", '[tool.wheeldock]\nsource = ".."')
    place = f"{tmp_path}/pyproject.toml: tool.wheeldock.source"
    assert refused(ConfigurationError, ".", tmp_path) == f"{place}: {problem.format(tmp_path)}"


def test_a_pointer_to_a_folder_without_a_project_is_refused(tmp_path: Path) -> None:
    project(tmp_path, '[tool.wheeldock]\nsource = "sub"')
    (tmp_path / "sub").mkdir()
    assert f"{tmp_path}/sub is no Python project" in refused(NotAPythonProjectError, ".", tmp_path)


@pytest.mark.parametrize("text", ["x = ", "[tool]\nwheeldock = 3", "tool = 3"])
def test_what_is_malformed_is_left_to_those_who_tell_all_of_it(tmp_path: Path, text: str) -> None:
    project(tmp_path, text)
    assert open_source(".", cwd=tmp_path, download_dir=tmp_path) == DirectorySource(tmp_path)
