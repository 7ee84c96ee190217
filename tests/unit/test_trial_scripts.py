"""The scripts of a trial's container, as far as they need none."""

from __future__ import annotations

import importlib
import json
import re
import shutil
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from wheeldock.errors import FailedTestError, NotInstallableError
from wheeldock.identifier import BuildIdentifier
from wheeldock.request import DOCKER, BuildRequest, with_fitting_dockerfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import ModuleType

TRIAL = DOCKER / "toolbox" / "trial"


@pytest.fixture
def wheel_modules(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    yield from imported("wheel_modules", monkeypatch)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    yield from imported("test_wheel", monkeypatch)


def imported(name: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(TRIAL)
    yield importlib.import_module(name)
    for each in (name, "wheel_modules"):
        sys.modules.pop(each, None)


@pytest.mark.parametrize(
    ("names", "modules"),
    [
        (["tiny.cpython-313-x86_64-linux-gnu.so", "tiny-1.0.dist-info/METADATA"], ["tiny"]),
        (["tiny.abi3.so", "tiny.libs/libx.so.1"], ["tiny"]),
        (["a/__init__.py", "a/b.py", "a/c/__init__.py", "d.py"], ["a", "d"]),
        (["ns/a/__init__.py", "ns/b.abi3.so", "ns/a/data.txt"], ["ns.a", "ns.b"]),
        (["a/__init__.abi3.so", "a/__init__.pyi", "a/py.typed"], ["a"]),
        (["a-1.0.data/purelib/a/__init__.py", "a-1.0.data/scripts/run.py"], ["a"]),
        (["a-1.0.data/platlib/b.so", "a-1.0.data/data/share/c.py"], ["b"]),
        (["a/__main__.py"], []),
        (["not-a-name.py", "1a.py", "a/1b.py"], []),
        (["a-1.0.dist-info/RECORD", "license.txt"], []),
    ],
)
def test_the_modules_of_a_wheel_are_the_outermost(
    wheel_modules: ModuleType, tmp_path: Path, names: list[str], modules: list[str]
) -> None:
    wheel = tmp_path / "a.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    assert wheel_modules.modules_of(wheel) == modules


def test_the_metadata_need_not_be_called_as_the_wheel(
    wheel_modules: ModuleType, tmp_path: Path
) -> None:
    wheel = tmp_path / "foo_bar-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("foo/__init__.py", "")
        archive.writestr("Foo.Bar-1.0.dist-info/RECORD", "")
    assert wheel_modules.dist_info_of(wheel) == "Foo.Bar-1.0.dist-info"


def test_its_exit_codes_are_wheeldocks(script: ModuleType) -> None:
    assert FailedTestError.code == script.FAILED_TESTS
    assert NotInstallableError.code == script.NOT_INSTALLED
    dockerfile = (DOCKER / "test.Dockerfile").read_text()
    assert f"exit {NotInstallableError.code};" in dockerfile


def test_placeholders_are_filled(script: ModuleType, tmp_path: Path) -> None:
    trial = {"project": "/project", "package": "/project/foo"}
    command = script.filled("{package}/run {project} {wheel} ${HOME} #{wheel}", trial, tmp_path)
    assert command == f"/project/foo/run /project {tmp_path} ${{HOME}} {{wheel}}"


def test_variables_of_the_machine_are_files_of_their_names(
    script: ModuleType, tmp_path: Path
) -> None:
    (tmp_path / "A").write_bytes(b"two\nlines\n")
    assert script.passed(tmp_path) == {"A": "two\nlines\n"}
    assert script.passed(tmp_path / "none") == {}
    request = BuildRequest(
        target="outcome",
        dockerfile=DOCKER / "test.Dockerfile",
        context=tmp_path,
        output=None,
        passed={"test": ("A",)},
    )
    mounted = with_fitting_dockerfile(request, str(tmp_path)).dockerfile.read_text()
    assert f"--mount=type=secret,id=A,target={script.PASSED}/A \\" in mounted


def test_how_a_command_ended_is_told(script: ModuleType) -> None:
    assert script.ended(5) == "failed with exit code 5"
    assert script.ended(-11) == "was killed by signal 11 (SIGSEGV)"


class Container:
    """A site-packages with a package, a tree with the same, and a copy of it elsewhere."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("site", "tree/src", "copy"):
            (folder / name / "pkg").mkdir(parents=True)
            (folder / name / "pkg" / "__init__.py").touch()
        (folder / "tree" / "other.py").touch()
        (folder / "notes").mkdir()
        shutil.copy(TRIAL / "installed_first.py", folder / "site" / "_wheeldock_trial.py")
        settings = {
            "modules": ["pkg"],
            "trees": [str(folder / "tree")],
            "notes": str(folder / "notes"),
        }
        (folder / "site" / "_wheeldock_trial.json").write_text(json.dumps(settings))

    def run(self, *path: str, then: str = "", module: str = "pkg") -> str:
        """Import a module with such a sys.path, and return where it came from."""
        entries = [str(self.folder / entry) for entry in (*path, "site")]
        script = (
            f"import sys; sys.path[:0] = {entries}; import _wheeldock_trial; "
            f"{then or f'import {module}'}; print({module}.__file__)"
        )
        done = subprocess.run(
            [sys.executable, "-c", script],
            check=True,
            cwd=self.folder / "tree",
            capture_output=True,
            text=True,
        )
        return str(done.stdout.strip())

    def notes(self) -> list[dict[str, str]]:
        return [json.loads(path.read_text()) for path in (self.folder / "notes").iterdir()]


@pytest.fixture
def container(tmp_path: Path) -> Container:
    return Container(tmp_path)


@pytest.mark.parametrize("path", ["tree/src", "tree/../tree/src"])
def test_what_is_imported_is_the_installed_one_and_not_the_trees(
    container: Container, path: str
) -> None:
    installed = str(container.folder / "site/pkg/__init__.py")
    assert container.run(path) == installed
    assert container.notes() == [{"pkg": installed}]


def test_the_working_directory_is_of_the_tree_too(container: Container) -> None:
    (container.folder / "tree/pkg").mkdir()
    (container.folder / "tree/pkg/__init__.py").touch()
    assert container.run(then="sys.path.insert(0, ''); import pkg").startswith(
        str(container.folder / "site")
    )


def test_a_copy_that_a_test_makes_elsewhere_is_imported(container: Container) -> None:
    assert container.run("copy") == str(container.folder / "copy/pkg/__init__.py")


def test_other_modules_of_the_tree_are_imported(container: Container) -> None:
    assert container.run("tree", module="other") == str(container.folder / "tree/other.py")
    assert container.notes() == []


def test_a_module_that_gets_around_it_is_noted(container: Container) -> None:
    tree = str(container.folder / "tree/src")
    around = (
        "from importlib.machinery import PathFinder; import importlib.util; "
        f"spec = PathFinder.find_spec('pkg', ['{tree}']); "
        "pkg = importlib.util.module_from_spec(spec); sys.modules['pkg'] = pkg"
    )
    assert container.run(then=around).startswith(tree)
    assert container.notes() == [{"pkg": f"{tree}/pkg/__init__.py"}]


def test_an_interpreter_is_told_as_a_build_identifier() -> None:
    command = [sys.executable, "-I", TRIAL / "look.py"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    identifier, version, path = done.stdout.split()
    parsed = BuildIdentifier.parse(identifier)
    assert parsed.python_version == f"3.{sys.version_info[1]}"
    assert version[0].isdigit()
    assert path == sys.executable


def test_what_the_dockerfile_takes_from_the_toolbox_is_there() -> None:
    dockerfile = (DOCKER / "test.Dockerfile").read_text()
    names = set(re.findall(r"from=kit,source=([^,]+),", dockerfile))
    assert names >= {"network.sh", "trial", "uv.txt"}
    assert all((DOCKER / "toolbox" / name).exists() for name in names)
    assert "uv==" in (DOCKER / "toolbox" / "uv.txt").read_text()


@pytest.fixture
def notes(script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where processes of a trial note what they imported."""
    for name in ("venv", "cwd", "notes"):
        (tmp_path / name).mkdir()
        monkeypatch.setattr(script, name.upper(), tmp_path / name)
    return tmp_path / "notes"


def test_tests_that_imported_the_source_have_failed(
    script: ModuleType, notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    installed = str(notes.with_name("venv") / "lib/pkg/__init__.py")
    (notes / "1.json").write_text(json.dumps({"pkg": installed}))
    assert script.oddity("/project", "pytest") == ""
    (notes / "2.json").write_text(json.dumps({"pkg": "/project/src/pkg/__init__.py"}))
    with pytest.raises(SystemExit) as ended:
        script.oddity("/project", "pytest")
    assert ended.value.code == FailedTestError.code
    said = "the tests imported pkg from /project/src/pkg/__init__.py, and not the installed wheel"
    assert f"wheeldock: {said}: pytest" in capsys.readouterr().err


def test_tests_that_imported_nothing_of_the_wheel_are_odd(script: ModuleType, notes: Path) -> None:
    assert script.oddity("/project", "true") == "its tests imported none of its modules"
    (notes / "1.json").write_text(json.dumps({"pkg": "/tmp/a-copy/pkg/__init__.py"}))  # noqa: S108
    assert script.oddity("/project", "true") == "its tests imported none of its modules"
