"""The scripts of the build's stages, as far as they need no container."""

from __future__ import annotations

import importlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.elf_files import Entry, shared_library

from wheeldock.errors import EnvironmentVariablesError, every_error
from wheeldock.recipe import DOCKER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from wheeldock.errors import WheeldockError

TOOLBOX = DOCKER / "toolbox"
TAG = "manylinux_2_28_x86_64"
WHEEL = "ovf-1.0-cp313-cp313-linux_x86_64.whl"
EXPLAINED = "wheeldock: "

POW = Entry("pow", "GLIBC_2.29")
MALLOC = Entry("malloc", "GLIBC_2.2.5")
INIT = Entry("PyInit_m", defined=True)


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """A way to a script by its name; without what it imports, its test is skipped."""
    monkeypatch.syspath_prepend(TOOLBOX)
    for needed in ("auditwheel", "elftools", "build"):
        pytest.importorskip(needed)
    known = set(sys.modules)
    yield importlib.import_module
    for path in TOOLBOX.glob("*.py"):
        if path.stem not in known:
            sys.modules.pop(path.stem, None)


@pytest.fixture
def wheel(tmp_path: Path) -> Callable[..., Path]:
    """A way to make a wheel with files of a given content in it."""

    def make(name: str = WHEEL, **files: bytes) -> Path:
        path = tmp_path / "built" / name
        path.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("ovf/__init__.py", "")
            for file, data in files.items():
                archive.writestr(f"ovf/{file}.so", data)
        return path

    return make


# --- exit codes ---


def exit_codes() -> dict[str, int]:
    """The exit codes that the scripts name, by their names there."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(TOOLBOX.glob("*.py"))]
    found = re.findall(r"^([A-Z][A-Z_]+) = (\d+)$", "\n".join(texts), re.MULTILINE)
    return {name: int(number) for name, number in found if name != "SHOWN"}


def test_the_scripts_end_with_exit_codes_of_wheeldock() -> None:
    def constant(error: type[WheeldockError]) -> str:
        words = re.findall("[A-Z][a-z]*", error.__name__.removesuffix("Error"))
        return "_".join(words).upper()

    codes = {constant(error): error.code for error in every_error()}
    assert exit_codes().items() <= codes.items()
    assert {"BUILD_FAILED", "PURE_WHEEL", "TOO_RECENT_SYMBOLS"} < exit_codes().keys()


def test_an_explanation_is_marked_for_wheeldock_to_find(
    tool: Callable[[str], ModuleType], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        tool("ending").fail(31, "what", "and why")
    assert caught.value.code == 31
    assert capsys.readouterr().err == "wheeldock: what\nwheeldock: and why\n"


# --- frontend ---

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
    words = ["-c", frontend.CONSTRAINTS, "cmake", "ninja>=1.11"]
    arguments = (tmp_path / "uv.args").read_text().splitlines()
    assert arguments == ["pip", "install", "--python", sys.executable, *words]


def test_what_cannot_be_installed_is_named(
    frontend: ModuleType,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ASKED_FOR", '["missing==9"]')
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30
    assert f"{EXPLAINED}could not install missing==9" in capsys.readouterr().err


def test_a_backend_that_fails_ends_the_build(
    frontend: ModuleType,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CONFIG_SETTINGS", '{"fail": "yes"}')
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30
    assert f"{EXPLAINED}the build backend could not make the wheel" in capsys.readouterr().err


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


@pytest.mark.parametrize("asked", ["build -Cfail=yes", "build --nonsense"])
def test_a_frontend_that_fails_is_named(
    frontend: ModuleType,
    source: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    asked: str,
) -> None:
    monkeypatch.setenv("BUILD_FRONTEND", asked)
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30
    assert f"{EXPLAINED}the build frontend build could not make" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("build", "python -m build --wheel src --outdir=out --no-isolation -Ca=1 -Cb=2 -Cb=3"),
        ("build[uv]", "python -m build --wheel src --outdir=out --no-isolation -Ca=1 -Cb=2 -Cb=3"),
        (
            "pip",
            (
                "python -m pip wheel --no-deps src --wheel-dir=out --no-build-isolation "
                "-Ca=1 -Cb=2 -Cb=3"
            ),
        ),
        (
            "uv",
            (
                "/opt/wheeldock/bin/uv build --wheel --python=python src --out-dir=out "
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
    assert asked.command("python", Path("src"), Path("out"), settings) == words.split()


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
    words = frontend.command("python", Path("src"), Path("out"), {})
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
        words = asked.command("python", Path("src"), Path("out"), {})
        assert [word for word in words if word[:2] in {"-q", "-v"}] == expected


@pytest.mark.parametrize("text", ["not TOML", "[build-system]\n"])
def test_a_source_that_is_no_project_ends_the_build(
    frontend: ModuleType, source: Path, tmp_path: Path, text: str
) -> None:
    (source / "pyproject.toml").write_text(text)
    with pytest.raises(SystemExit) as caught:
        frontend.build("wheel", source, tmp_path / "built")
    assert caught.value.code == 30


# --- build_wheel ---


@pytest.mark.parametrize(
    ("name", "files", "reason"),
    [
        ("ovf-1.0-py3-none-any.whl", {}, "is a pure-Python wheel"),
        ("ovf-1.0-py3-none-any.whl", {"m": b"\x7fELF"}, "is a pure-Python wheel"),
        (WHEEL, {}, "is tagged as a platform wheel and has no compiled file in it"),
        (WHEEL, {"m": b"MZ"}, "is tagged as a platform wheel and has no compiled file in it"),
        (WHEEL, {"a": b"", "m": b"\x7fELF\x02"}, ""),
    ],
)
def test_a_wheel_without_anything_compiled_is_told_from_a_platform_wheel(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    name: str,
    files: dict[str, bytes],
    reason: str,
) -> None:
    assert tool("build_wheel").why_pure(wheel(name, **files)) == reason


# --- symbols ---


def test_symbols_have_names_and_versions(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path]
) -> None:
    symbols = tool("symbols")
    weak = Entry("__gmon_start__", weak=True)
    path = wheel(m=shared_library(POW, INIT, weak, MALLOC))
    ((name, elf),) = symbols.elf_files(path)
    assert name == "ovf/m.so"
    assert list(symbols.symbols(elf)) == [
        symbols.Symbol("pow", "GLIBC_2.29", defined=False, weak=False),
        symbols.Symbol("PyInit_m", "", defined=True, weak=False),
        symbols.Symbol("__gmon_start__", "", defined=False, weak=True),
        symbols.Symbol("malloc", "GLIBC_2.2.5", defined=False, weak=False),
    ]


@pytest.mark.parametrize("platform_tag", [TAG, "manylinux_2_17_x86_64", "manylinux_2_28_aarch64"])
def test_a_policys_versions_are_known(tool: Callable[[str], ModuleType], platform_tag: str) -> None:
    versions = tool("symbols").versions(platform_tag)
    assert "2.17" in versions["GLIBC"]
    assert ("2.28" in versions["GLIBC"]) is ("2_28" in platform_tag)
    assert "2.29" not in versions["GLIBC"]


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        (POW, ["pow@GLIBC_2.29 in ovf/m.so"]),
        (Entry("exp", "GLIBC_2.100"), ["exp@GLIBC_2.100 in ovf/m.so"]),
        (Entry("f", "GLIBC_PRIVATE"), ["f@GLIBC_PRIVATE in ovf/m.so"]),
        (Entry("g", "GLIBCXX_3.4.26"), ["g@GLIBCXX_3.4.26 in ovf/m.so"]),
        (Entry("h", "GLIBCXX_3.4.9"), []),
        (Entry("h", "CXXABI_FLOAT128"), []),
        (MALLOC, []),
        (Entry("omp", "GOMP_4.0"), []),
        (Entry("pow", ""), []),
    ],
    ids=lambda value: f"{value.name}-{value.version}" if isinstance(value, Entry) else "",
)
def test_what_a_wheel_needs_and_the_policy_lacks_is_named(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], entry: Entry, found: list[str]
) -> None:
    path = wheel(m=shared_library(INIT, entry))
    assert tool("symbols").newer_than_policy(path, TAG) == found


def test_a_version_that_is_needed_without_a_symbol_is_named(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path]
) -> None:
    data = shared_library(MALLOC, unused_versions=("GLIBC_ABI_DT_RELR", "GLIBC_2.3"))
    assert tool("symbols").newer_than_policy(wheel(m=data), TAG) == [
        "GLIBC_ABI_DT_RELR in ovf/m.so"
    ]


def test_what_a_library_to_graft_needs_is_named(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> None:
    library = tmp_path / "libpng.so.16"
    library.write_bytes(shared_library(POW))
    found = tool("symbols").newer_than_policy(wheel(m=shared_library(MALLOC)), TAG, [library])
    assert found == ["pow@GLIBC_2.29 in libpng.so.16"]


@pytest.fixture
def newer_libc(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A C library of the system that is newer than the policy."""
    library = shared_library(
        Entry("malloc", "GLIBC_2.2.5", defined=True),
        Entry("pow", "GLIBC_2.2.5", defined=True),
        Entry("pow", "GLIBC_2.29", defined=True),
        Entry("gettid", "GLIBC_2.30", defined=True),
    )
    (tmp_path / "libc.so.6").write_bytes(library)
    monkeypatch.setattr(tool("symbols"), "_LIBRARY_FOLDERS", (str(tmp_path),))


@pytest.mark.usefixtures("newer_libc")
@pytest.mark.parametrize(
    ("entries", "found"),
    [
        ([Entry("gettid")], ["gettid@GLIBC_2.30 in ovf/m.so"]),
        ([Entry("pow")], []),
        ([Entry("gettid", weak=True)], []),
        ([Entry("gettid", defined=True)], []),
        ([Entry("gettid", "GLIBC_2.30")], []),
        ([Entry("PyLong_FromLong"), INIT], []),
        ([], []),
    ],
)
def test_symbols_without_a_version_that_only_a_newer_libc_has_are_named(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    entries: list[Entry],
    found: list[str],
) -> None:
    path = wheel(m=shared_library(*entries))
    assert tool("symbols").unversioned_and_newer(path, TAG) == found


@pytest.mark.usefixtures("newer_libc")
def test_what_another_library_of_the_wheel_defines_is_not_missed(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path]
) -> None:
    own = shared_library(Entry("gettid", defined=True))
    path = wheel(m=shared_library(Entry("gettid")), own=own)
    assert tool("symbols").unversioned_and_newer(path, TAG) == []


@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no compiler")
def test_symbols_of_a_library_that_a_compiler_made_are_read(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> None:
    code, library = tmp_path / "m.c", tmp_path / "m.so"
    code.write_text("#include <stdlib.h>\nvoid *grow(void *p) { return realloc(p, 99); }\n")
    command = ["gcc", "-shared", "-fPIC", str(code), "-o", str(library)]
    subprocess.run(command, check=True)
    symbols = tool("symbols")
    path = wheel(m=library.read_bytes())
    ((_, elf),) = symbols.elf_files(path)
    found = {symbol.name: symbol for symbol in symbols.symbols(elf)}
    assert found["grow"].defined
    assert found["realloc"].version.startswith("GLIBC_2.")
    assert symbols.newer_than_policy(path, TAG) == []


# --- repair_wheel ---


class Auditwheel:
    """An auditwheel, in this process and on the PATH, that does and says what a test tells it."""

    def __init__(self, folder: Path, patch: Callable[[Callable[[], object]], None]) -> None:
        self.arguments: list[str] = []
        self._folder = folder
        self._patch = patch
        folder.mkdir()

    def does(self, repair: Callable[[], object], show: str = "exit 1") -> None:
        def run() -> object:
            self.arguments = sys.argv
            return repair()

        self._patch(run)
        path = self._folder / "auditwheel"
        path.write_text(f'#!/bin/sh\n[ "$1" = show ] || exit 99\n{show}\n')
        path.chmod(0o755)

    def refuses(self, facts: object) -> None:
        self.does(lambda: 1, f"echo '{json.dumps(facts)}'")


@pytest.fixture
def auditwheel(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Auditwheel:
    repair_wheel = tool("repair_wheel")
    made = Auditwheel(
        tmp_path / "bin", lambda run: monkeypatch.setattr(repair_wheel, "auditwheel", run)
    )
    monkeypatch.setattr(sys, "argv", [])
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}{os.environ['PATH']}")
    return made


@pytest.fixture
def refusal(
    tool: Callable[[str], ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], tuple[object, list[str]]]:
    """A way to repair a wheel that cannot be: the exit code and the lines that explain it."""

    def repair(path: Path) -> tuple[object, list[str]]:
        with pytest.raises(SystemExit) as caught:
            tool("repair_wheel").repair(path, tmp_path / "wheelhouse", TAG)
        lines = capsys.readouterr().err.splitlines()
        assert all(line.startswith(EXPLAINED) for line in lines)
        return caught.value.code, [line.removeprefix(EXPLAINED) for line in lines]

    return repair


def test_a_wheel_is_repaired_to_the_policy_and_no_other(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    tmp_path: Path,
) -> None:
    path, wheelhouse = wheel(m=shared_library(INIT)), tmp_path / "wheelhouse"
    repaired = wheelhouse / WHEEL.replace("linux_x86_64", TAG)
    auditwheel.does(lambda: put(path, repaired))
    assert tool("repair_wheel").repair(path, wheelhouse, TAG) == repaired
    assert auditwheel.arguments == [
        *("auditwheel", "repair", "--plat", TAG, "--only-plat", "-w", str(wheelhouse), str(path))
    ]


def put(wheel: Path, repaired: Path) -> int:
    """Do what auditwheel does with a wheel that needs nothing, and end as it does."""
    repaired.parent.mkdir()
    shutil.copyfile(wheel, repaired)
    return 0


@pytest.mark.parametrize("end", [SystemExit(2), SystemExit("no"), ValueError("it is lost")])
def test_however_auditwheel_ends_that_is_shown_and_explained(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    end: BaseException,
) -> None:
    def refuse() -> None:
        raise end

    auditwheel.does(refuse, "echo '{}'")
    with pytest.raises(SystemExit) as caught:
        tool("repair_wheel").repair(wheel(m=shared_library(POW)), tmp_path / "wheelhouse", TAG)
    assert caught.value.code == 32
    shown = capfd.readouterr().err
    assert "  pow@GLIBC_2.29 in ovf/m.so" in shown
    assert ("ValueError: it is lost" in shown) == isinstance(end, ValueError)


@pytest.mark.parametrize(("command", "seen"), [("default", "0 None"), ("sh mine", "7 /project")])
def test_the_order_of_sets_is_the_same_in_every_repair(
    tmp_path: Path, command: str, seen: str
) -> None:
    dockerfile = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
    lines = re.findall(r"alone=-E;.*?PLATFORM_TAG}\"", dockerfile, re.DOTALL)
    script = "".join(lines).replace("/opt/wheeldock/bin/python", sys.executable)
    tool = tmp_path / "repair_wheel.py"
    tool.write_text(
        "import os\n"
        "print(os.environ['PYTHONHASHSEED'], os.environ.get('PYTHONPATH'))\n"
        "print(hash('auditwheel'))\n"
    )
    environment = {
        **os.environ,
        "REPAIR_COMMAND": command,
        "PLATFORM_TAG": TAG,
        # The project's.
        "PYTHONHASHSEED": "7",
        "PYTHONPATH": "/project",
    }

    def run() -> list[str]:
        words = ["bash", "-euo", "pipefail", "-c", script.replace("/toolbox", str(tmp_path))]
        return subprocess.check_output(words, env=environment, text=True).splitlines()

    first, second = run(), run()
    assert first[0] == second[0] == seen
    assert (first[1] == second[1]) == (command == "default")


def test_missing_libraries_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    libraries = {"libz9.so": None, "libfound.so": "/no/such/file", "libfoo.so.1": None}
    auditwheel.refuses({"external_libs": libraries})
    code, lines = refusal(wheel(m=shared_library(POW)))
    assert code == 33
    assert lines[0].startswith(f"{WHEEL} needs libfoo.so.1, libz9.so, which cannot be found")


def test_symbols_that_are_too_recent_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    auditwheel.refuses({"external_libs": {}})
    code, lines = refusal(wheel(m=shared_library(POW)))
    assert code == 32
    assert lines[:2] == [
        f"{WHEEL} needs symbols that {TAG} does not have:",
        "  pow@GLIBC_2.29 in ovf/m.so",
    ]


def test_symbols_of_a_library_to_graft_are_named(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    tmp_path: Path,
) -> None:
    library = tmp_path / "libpng.so.16"
    library.write_bytes(shared_library(POW))
    auditwheel.refuses({"external_libs": {"libpng.so.16": str(library)}})
    code, lines = refusal(wheel(m=shared_library(MALLOC)))
    assert code == 32
    assert lines[1] == "  pow@GLIBC_2.29 in libpng.so.16"


def test_of_many_symbols_some_are_named_and_the_others_counted(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
) -> None:
    auditwheel.refuses({})
    many = [Entry(f"f{number}", "GLIBC_2.34") for number in range(25)]
    _, lines = refusal(wheel(m=shared_library(*many)))
    assert "  f19@GLIBC_2.34 in ovf/m.so" in lines
    assert "  f20@GLIBC_2.34 in ovf/m.so" not in lines
    assert "  and 5 more" in lines


@pytest.mark.parametrize("show", ["exit 1", "echo 'not JSON'; exit 2"])
def test_a_refusal_without_a_known_reason_is_a_failed_build(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    show: str,
) -> None:
    auditwheel.does(lambda: 1, show)
    code, lines = refusal(wheel(m=shared_library(MALLOC)))
    assert code == 30
    assert lines == [f"auditwheel could not repair {WHEEL} to {TAG}; see above."]


@pytest.mark.usefixtures("newer_libc")
def test_a_repaired_wheel_with_hidden_newer_symbols_is_refused(
    wheel: Callable[..., Path],
    auditwheel: Auditwheel,
    refusal: Callable[[Path], tuple[object, list[str]]],
    tmp_path: Path,
) -> None:
    path = wheel(m=shared_library(Entry("gettid")))
    auditwheel.does(lambda: put(path, tmp_path / "wheelhouse" / path.name))
    code, lines = refusal(path)
    assert code == 32
    assert lines[1] == "  gettid@GLIBC_2.30 in ovf/m.so"


# --- before-build ---


@pytest.fixture
def environment(
    tool: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """A build environment with a pip, which is first on PATH."""
    pip = tmp_path / "env" / "bin" / "pip"
    pip.parent.mkdir(parents=True)
    pip.write_text("")
    pip.chmod(0o755)
    monkeypatch.setattr(tool("before_build"), "PYTHON", str(pip.with_name("python")))
    monkeypatch.setattr(tool("before_build").subprocess, "run", lambda *_, **__: None)
    monkeypatch.setenv("PATH", f"{pip.parent}{os.pathsep}{os.environ['PATH']}")
    return pip.parent


def test_before_build_runs_in_the_project(
    tool: Callable[[str], ModuleType],
    tmp_path: Path,
    environment: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert environment.is_dir()
    ran: list[tuple[object, ...]] = []
    monkeypatch.setattr(tool("commands"), "run", lambda *told: ran.append(told))
    package = tmp_path / "package"
    tool("before_build").before_build("make {package}", tmp_path, package)
    places = {"project": tmp_path, "package": package}
    assert ran == [("before-build", "make {package}", places, tmp_path)]


def test_before_build_is_refused_with_another_pip(
    tool: Callable[[str], ModuleType],
    tmp_path: Path,
    environment: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (environment / "pip").unlink()
    with pytest.raises(SystemExit) as ended:
        tool("before_build").before_build("true", tmp_path, tmp_path)
    assert ended.value.code == EnvironmentVariablesError.code
    assert f"instead of {environment / 'pip'}" in capsys.readouterr().err


# --- stale extension modules ---

MODULE = "m.cpython-313-x86_64-linux-gnu"


@pytest.mark.parametrize(
    ("shipped", "stale"),
    [
        ({}, []),
        ({f"{MODULE}.so": b"\x7fELF"}, [f"ovf/{MODULE}.so"]),
        ({f"build/lib/{MODULE}.so": b"\x7fELF"}, [f"ovf/{MODULE}.so"]),
        ({f"{MODULE}.so": b"\x7fELF of another build"}, []),
        ({"data.so": b"\x7fELF data"}, []),
    ],
)
def test_what_was_compiled_before_is_found_in_a_wheel(
    tool: Callable[[str], ModuleType],
    wheel: Callable[..., Path],
    tmp_path: Path,
    shipped: dict[str, bytes],
    stale: list[str],
) -> None:
    for name, content in shipped.items():
        path = tmp_path / "tree" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    module = tool("build_wheel")
    built = wheel(**{MODULE: b"\x7fELF", "data": b"\x7fELF data"})
    assert module.stale_modules(built, module.compiled_files(tmp_path / "tree")) == stale


# --- repair-wheel-command ---


@pytest.fixture
def repair_by(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> Callable[[str], Path]:
    """A way to repair a wheel by a command, in a project at `tmp_path`."""

    def repair(command: str) -> Path:
        places = {"dest_dir": tmp_path / "dest", "project": tmp_path, "package": tmp_path / "p"}
        built, wheelhouse = wheel(m=shared_library(INIT)), tmp_path / "wheelhouse"
        return Path(tool("repair_wheel").repair_by(command, built, wheelhouse, TAG, places))

    return repair


def test_a_command_of_the_projects_repairs(
    repair_by: Callable[[str], Path], tmp_path: Path
) -> None:
    command = (
        "pwd > {dest_dir}/log && echo {package} >> {dest_dir}/log && cp {wheel} {dest_dir}/$NAME"
    )
    name = WHEEL.replace("linux_x86_64", TAG)
    repaired = repair_by(f"NAME={name}; {command}")
    assert repaired == tmp_path / "wheelhouse" / name
    assert zipfile.is_zipfile(repaired)
    assert [path.name for path in repaired.parent.iterdir()] == [name]
    assert (tmp_path / "dest" / "log").read_text() == f"{tmp_path}\n{tmp_path / 'p'}\n"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("true", "there is nothing"),
        ("touch {dest_dir}/log", "there is ['log']"),
        ("cp {wheel} {dest_dir}/b.whl; cp {wheel} {dest_dir}/a.whl", "there are a.whl, b.whl"),
    ],
)
def test_a_repair_that_leaves_not_one_wheel_is_told_with_what_it_left(
    repair_by: Callable[[str], Path], capsys: pytest.CaptureFixture[str], command: str, found: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        repair_by(command)
    assert caught.value.code == 37
    said = f"one wheel was due in {{dest_dir}}, and {found}: {command}"
    assert f"{EXPLAINED}repair-wheel-command: {said}" in capsys.readouterr().err.splitlines()


def test_a_repair_that_fails_is_a_command_that_fails(repair_by: Callable[[str], Path]) -> None:
    with pytest.raises(SystemExit) as caught:
        repair_by("exit 3")
    assert caught.value.code == 35


@pytest.mark.usefixtures("newer_libc")
def test_a_repair_of_the_projects_hides_no_newer_symbols(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> None:
    places = {"dest_dir": tmp_path / "dest", "project": tmp_path, "package": tmp_path}
    built = wheel(m=shared_library(Entry("gettid")))
    command = "cp {wheel} {dest_dir}"
    with pytest.raises(SystemExit) as caught:
        tool("repair_wheel").repair_by(command, built, tmp_path / "wheelhouse", TAG, places)
    assert caught.value.code == 32


def test_commands_find_the_environments_programs_then_wheeldocks(
    tool: Callable[[str], ModuleType],
) -> None:
    path = "/opt/wheeldock/bin:/env/bin:/usr/bin:/bin"
    found = tool("repair_wheel").path_of_commands(path)
    assert found == "/env/bin:/opt/wheeldock/bin:/usr/bin:/bin"


# --- audit-command ---


def test_audits_run_one_after_the_other_until_one_fails(
    tool: Callable[[str], ModuleType], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    audits = [f"echo {{{name}}} >> log" for name in ("wheel", "abi3_wheel", "package")]
    wheel, package = Path("/w/x.whl"), Path("/src/p")
    with pytest.raises(SystemExit) as caught:
        tool("audit_wheel").audit(wheel, [*audits, "exit 7", "touch more"], tmp_path, package)
    assert caught.value.code == 38
    assert (tmp_path / "log").read_text().split() == [str(wheel), str(wheel), str(package)]
    assert not (tmp_path / "more").exists()
    assert f"{EXPLAINED}audit-command ended with exit code 7: exit 7" in capsys.readouterr().err


# --- an sdist, packed again ---


def packed(path: Path, names: list[str], owner: str, mode: int, when: int) -> bytes:
    with tarfile.open(path, "w:gz") as archive:
        for name in names:
            entry = tarfile.TarInfo(name)
            entry.mode, entry.mtime, entry.uname, entry.uid = mode, when, owner, when % 1000
            entry.size = len(name)
            archive.addfile(entry, io.BytesIO(name.encode()))
        link = tarfile.TarInfo("p-1/link")
        link.type, link.linkname, link.mtime = tarfile.SYMTYPE, "a.py", when
        archive.addfile(link)
    return path.read_bytes()


def test_sdists_of_the_same_content_are_the_same_bytes(
    tool: Callable[[str], ModuleType], tmp_path: Path
) -> None:
    build_sdist = tool("build_sdist")
    made = []
    for owner, mode, when, names in (
        ("me", 0o664, 1700000001, ["p-1/b.py", "p-1/a.py"]),
        ("you", 0o600, 1800000002, ["p-1/a.py", "p-1/b.py"]),
    ):
        path = tmp_path / "p-1.tar.gz"
        before = packed(path, names, owner, mode, when)
        build_sdist.normalise(path, 1600000000)
        made.append(path.read_bytes())
        assert made[-1] != before
    assert made[0] == made[1]
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert [each.name for each in members] == ["p-1/a.py", "p-1/b.py", "p-1/link"]
        assert {(each.mtime, each.uname, each.uid) for each in members} == {(1600000000, "", 0)}
        assert members[0].mode == 0o644
        assert members[2].linkname == "a.py"
        content = archive.extractfile("p-1/b.py")
        assert content is not None
        assert content.read() == b"p-1/b.py"
    assert [each.name for each in tmp_path.iterdir()] == ["p-1.tar.gz"]


def test_what_can_be_run_stays_so(tool: Callable[[str], ModuleType], tmp_path: Path) -> None:
    packed(tmp_path / "p-1.tar.gz", ["p-1/configure"], "me", 0o750, 1)
    tool("build_sdist").normalise(tmp_path / "p-1.tar.gz", 1600000000)
    with tarfile.open(tmp_path / "p-1.tar.gz") as archive:
        assert archive.getmember("p-1/configure").mode == 0o755
