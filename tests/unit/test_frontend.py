from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.toolbox_scripts import EXPLAINED, tool

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

__all__ = ["tool"]  # a fixture

BACKEND = textwrap.dedent("""
    import json, os, sys
    from pathlib import Path

    def get_requires_for_build_wheel(config_settings=None):
        return json.loads(os.environ.get("ASKED_FOR", "[]"))

    def build_wheel(directory, config_settings=None, metadata_directory=None):
        if config_settings and config_settings.get("fail"):
            raise SystemExit("the compiler gave up")
        name = "ovf-1.0-py3-none-any.whl"
        Path(directory, name).write_text(json.dumps([sys.executable, config_settings]))
        return name

    def build_sdist(directory, config_settings=None):
        Path(directory, "ovf-1.0.tar.gz").write_text("")
        return "ovf-1.0.tar.gz"
""")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "source"
    folder.mkdir()
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    return folder


@pytest.fixture
def frontend(
    tool: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ModuleType:
    """The frontend with this interpreter as its environment's, and a uv that writes down."""
    module = tool("frontend")
    uv = tmp_path / "uv"
    uv.write_text(
        '#!/bin/sh\nprintf "%s\\n" "$@" > "$0.args"\ncase "$*" in *missing*) exit 1;; esac\n'
    )
    uv.chmod(0o755)
    monkeypatch.setattr(module, "PYTHON", sys.executable)
    monkeypatch.setattr(module, "UV", str(uv))
    monkeypatch.delenv("CONFIG_SETTINGS", raising=False)
    return module


def test_a_wheel_is_built_by_the_environments_interpreter_with_the_settings(
    frontend: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"a": ["x", "y"], "b": "1"}
    monkeypatch.setenv("CONFIG_SETTINGS", json.dumps(settings))
    built = frontend.build("wheel", source, tmp_path / "built")
    assert built == tmp_path / "built" / "ovf-1.0-py3-none-any.whl"
    assert json.loads(built.read_text()) == [sys.executable, settings]
    assert not (tmp_path / "uv.args").exists()


def test_an_sdist_is_built(frontend: ModuleType, source: Path, tmp_path: Path) -> None:
    assert frontend.build("sdist", source, tmp_path / "dist").name == "ovf-1.0.tar.gz"


@pytest.mark.parametrize(
    ("subfolder", "package_folder"), [("", ""), ("", "p/q"), ("python", "python/p")]
)
def test_config_settings_know_the_project_and_the_package(
    frontend: ModuleType, monkeypatch: pytest.MonkeyPatch, subfolder: str, package_folder: str
) -> None:
    package = Path("/src", package_folder)
    monkeypatch.setenv("SUBFOLDER", subfolder)
    monkeypatch.setenv("PACKAGE_FOLDER", package_folder)
    monkeypatch.setenv("CONFIG_SETTINGS", '{"a": "{project}/x", "b": ["{package}", "{other}"]}')
    assert frontend.config_settings(package) == {
        "a": f"{Path('/src', subfolder)}/x",
        "b": [str(package), "{other}"],
    }


def test_what_a_backend_asks_for_is_installed(
    frontend: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ASKED_FOR", '["ninja>=1.11", "cmake"]')
    frontend.build("wheel", source, tmp_path / "built")
    words = ["-c", frontend.CONSTRAINTS, "-c", frontend.BUILD_CONSTRAINTS, "cmake", "ninja>=1.11"]
    arguments = (tmp_path / "uv.args").read_text().splitlines()
    assert arguments == ["pip", "install", "--python", sys.executable, *words]


@pytest.mark.parametrize(
    ("variable", "said"),
    [
        (("ASKED_FOR", '["missing==9"]'), "could not install missing==9"),
        (("CONFIG_SETTINGS", '{"fail": "yes"}'), "the build backend could not make the wheel"),
        (("BUILD_FRONTEND", "build -Cfail=yes"), "the build frontend build could not make"),
        (("BUILD_FRONTEND", "build --nonsense"), "the build frontend build could not make"),
    ],
)
def test_what_fails_ends_the_build_and_is_named(
    frontend: ModuleType,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    variable: tuple[str, str],
    said: str,
) -> None:
    monkeypatch.setenv(*variable)
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30
    assert f"{EXPLAINED}{said}" in capsys.readouterr().err


def test_a_quiet_backend_that_fails_is_heard_all_the_same(
    frontend: ModuleType,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("BUILD_VERBOSITY", "-1")
    frontend.build("wheel", source, tmp_path / "built")
    monkeypatch.setenv("CONFIG_SETTINGS", '{"fail": "yes"}')
    with pytest.raises(SystemExit):
        frontend.build("wheel", source, tmp_path / "built")
    assert "the compiler gave up" in capfd.readouterr().out


def test_a_frontend_that_is_named_builds_the_wheel(
    frontend: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONFIG_SETTINGS", '{"a": ["x", "y"]}')
    monkeypatch.setenv("BUILD_FRONTEND", "build -Cb=1 --skip-dependency-check")
    monkeypatch.setenv("PINS", "/pins")
    built = frontend.build("wheel", source, tmp_path / "built")
    settings = {"a": ["x", "y"], "b": "1"}
    assert json.loads(built.read_text()) == [sys.executable, settings]
    words = ["-c", frontend.CONSTRAINTS, "-c", "/pins", "build"]
    assert (tmp_path / "uv.args").read_text().splitlines()[3:] == [sys.executable, *words]


def test_a_frontend_runs_in_the_project_and_takes_nothing_there_for_its_own(
    frontend: ModuleType, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = source.parent / "command"
    command.write_text(f"#!/bin/sh\npwd > {tmp_path}/cwd\n")
    command.chmod(0o755)
    monkeypatch.setenv("PACKAGE_FOLDER", "source")
    assert frontend.frontends.run([str(command)], frontend.project_of(source)) == 0
    assert (tmp_path / "cwd").read_text() == f"{tmp_path}\n"

    (tmp_path / "build.py").write_text("raise SystemExit('this is of the project')\n")
    monkeypatch.setenv("BUILD_FRONTEND", "build --skip-dependency-check")
    assert frontend.build("wheel", source, tmp_path / "built").is_file()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "build",
            ("env/bin/pyproject-build --wheel src --outdir=out --no-isolation -Ca=1 -Cb=2 -Cb=3"),
        ),
        (
            "build[uv]",
            ("env/bin/pyproject-build --wheel src --outdir=out --no-isolation -Ca=1 -Cb=2 -Cb=3"),
        ),
        (
            "pip",
            (
                "env/bin/pip wheel --no-deps src --wheel-dir=out --no-build-isolation "
                "-Ca=1 -Cb=2 -Cb=3"
            ),
        ),
        (
            "uv",
            (
                "/opt/wheeldock/bin/uv build --wheel --python=env/bin/python src --out-dir=out "
                "--no-build-isolation -Ca=1 -Cb=2 -Cb=3"
            ),
        ),
    ],
)
def test_each_frontend_is_called_in_its_own_way(
    tool: Callable[[str], ModuleType], name: str, words: str
) -> None:
    asked = tool("frontends").Frontend(name)
    settings = {"a": "1", "b": ["2", "3"]}
    assert asked.command(Path("env"), Path("src"), Path("out"), settings) == words.split()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("build -n", "-n"),
        ("build --installer=uv", "--installer=uv"),
        ("pip --no-build-isolation", "--no-build-isolation"),
        ("pip --build-constraint=c.txt", "--build-constraint=c.txt"),
        ("uv -b c.txt", "-b c.txt"),
        ("uv --quiet", "--no-build-isolation --quiet"),
    ],
)
def test_arguments_about_isolation_are_the_users_affair(
    tool: Callable[[str], ModuleType], asked: str, expected: str
) -> None:
    frontend = tool("frontends").Frontend.from_environment({"BUILD_FRONTEND": asked})
    words = frontend.command(Path("env"), Path("src"), Path("out"), {})
    assert " ".join(words).endswith(f"=out {expected}")


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("build", {-2: ["-qq"], 0: [], 1: [], 2: ["-v"], 3: ["-vv"]}),
        ("pip", {-3: ["-qqq"], 0: [], 1: ["-v"], 3: ["-vvv"]}),
        ("uv", {-1: ["-q"], 0: [], 1: [], 3: ["-vv"]}),
    ],
)
def test_verbosity_is_each_frontends_own(
    tool: Callable[[str], ModuleType], name: str, options: dict[int, list[str]]
) -> None:
    for level, expected in options.items():
        asked = tool("frontends").Frontend(name, (), level)
        words = asked.command(Path("env"), Path("src"), Path("out"), {})
        assert [word for word in words if word[:2] in {"-q", "-v"}] == expected


@pytest.mark.parametrize("text", ["not TOML", "[build-system]\n"])
def test_a_source_that_is_no_project_ends_the_build(
    frontend: ModuleType, source: Path, tmp_path: Path, text: str
) -> None:
    (source / "pyproject.toml").write_text(text)
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30
