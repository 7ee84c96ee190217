"""The program that stands before a compiler: what it hands to whom."""

from __future__ import annotations

import os
import shlex
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import TOOLBOX, load

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

includes, statistics, toolchain = load("includes"), load("statistics"), load("toolchain")
rust = load("rust")

COMPILER, CCACHE, LINKER, SLOT = "compiler", "ccache", "python -S -E -s", "slot"


@pytest.fixture
def front(tmp_path: Path) -> Callable[..., list[str]]:
    """A front over programs that only say who they are; it returns what they were given."""
    for name in ("compiler", "ccache", "python", "slot", "as", "other/as"):
        program = tmp_path / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\nprintf "%s\\n" {name} "$@"\n')
        program.chmod(0o755)

    def call(*arguments: str, given: dict[str, str] | None = None, **environment: str) -> list[str]:
        usual = f"{tmp_path}:/usr/bin:/bin"
        settings = {
            "compiler": f"{tmp_path}/compiler",
            "path": usual,
            "library_path": "/opt/lib",
            "on_path": f"{tmp_path}/as",
            "includes": "fingerprint",
            "ccache": f"{tmp_path}/ccache",
            "linker": "/toolbox/link.py",
            "python": f"{tmp_path}/python",
            "state": "/state",
            "slot": "",
            "running": "",
        } | (given or {})
        lines = [f"{name}={shlex.quote(value)}\n" for name, value in settings.items()]
        program = tmp_path / "c++"
        script = (TOOLBOX / "compiler/front.sh").read_text()
        program.write_text("".join(["#!/bin/sh\n", *lines, script]))
        program.chmod(0o755)
        done = subprocess.run(
            [program, *arguments],
            env={"PATH": usual, "LD_LIBRARY_PATH": "/opt/lib", **environment},
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.splitlines()

    return call


@pytest.mark.parametrize(
    "words",
    ["-c a.c", "-c a.c -o a.o", "-O2 a.c -o a.o -c", "-c a.c -E", "@arguments", "@arguments -O2"],
)
def test_a_compile_goes_through_ccache(front: Callable[..., list[str]], words: str) -> None:
    name, compiler, *arguments = front(*words.split())
    assert name == CCACHE
    assert compiler.endswith("/compiler")
    assert arguments == words.split()


@pytest.mark.parametrize(
    "words",
    ["-shared a.o -o a.so", "-o a.so -shared a.o", "-shared a.o -oa.so", "@arguments -o a.so"],
)
def test_a_link_goes_through_the_link_cache(front: Callable[..., list[str]], words: str) -> None:
    said = front(*words.split())
    assert said[:4] == ["python", "-S", "-E", "-s"]
    assert said[6:8] == ["/toolbox/link.py", "/state"]
    assert said[9:] == words.split()


@pytest.mark.parametrize(
    "words",
    [
        *("", "--version", "-v", "-dumpmachine", "-print-prog-name=ld", "-E a.c", "-M a.c"),
        *("-S a.c -o a.s", "-E a.c -o a.i", "a.o -o program", "a.c", "-shared a.o"),
        *("-shared -S a.c -o a.s", "-fsyntax-only a.c -o x"),
        *(
            "-c a.c -Bfolder",
            "-Bfolder -shared a.o -o a.so",
            "-c a.c -wrapper x",
            "-c -specs=x a.c",
        ),
    ],
)
def test_all_else_goes_to_the_compiler(front: Callable[..., list[str]], words: str) -> None:
    assert front(*words.split()) == [COMPILER, *words.split()]


@pytest.mark.parametrize(
    "words",
    [
        *("-c a.s", "-c a.S -o a.o", "-x assembler-with-cpp -c a.asm", "-xassembler -c a.txt"),
        *("-c a.c -aux-info a.txt", "-fopt-info-vec=a.txt -c a.c", "-da -c a.c", "-time=t -c a.c"),
        *("-c a.c -Wa,-W,--MD,a.d", "-Xassembler -ahl=a -c a.c", "-frecord-gcc-switches -c a.c"),
    ],
)
def test_a_compile_of_more_than_ccache_knows(front: Callable[..., list[str]], words: str) -> None:
    assert front(*words.split()) == [COMPILER, *words.split()]


@pytest.mark.parametrize("name", ["DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"])
def test_a_variable_with_which_ccache_does_nothing(
    front: Callable[..., list[str]], name: str
) -> None:
    assert front("-c", "a.c", **{name: "a.d"}) == [COMPILER, "-c", "a.c"]


@pytest.mark.parametrize("name", ["COMPILER_PATH", "GCC_EXEC_PREFIX", "LD_PRELOAD"])
def test_what_changes_the_programs_that_a_compiler_runs(
    front: Callable[..., list[str]], name: str
) -> None:
    for words in ("-c a.c", "-shared a.o -o a.so"):
        assert front(*words.split(), **{name: "/x"})[0] == COMPILER
        assert front(*words.split(), **{name: ""})[0] == COMPILER


def test_other_libraries_of_the_compiler(front: Callable[..., list[str]]) -> None:
    assert front("-c", "a.c", LD_LIBRARY_PATH="/other")[0] == COMPILER


def test_another_path_with_the_same_programs(
    front: Callable[..., list[str]], tmp_path: Path
) -> None:
    assert front("-c", "a.c", PATH=f"/more:{tmp_path}:/usr/bin:/bin")[0] == CCACHE


def test_another_path_with_another_assembler(
    front: Callable[..., list[str]], tmp_path: Path
) -> None:
    path = f"{tmp_path}/other:{tmp_path}:/usr/bin:/bin"
    assert front("-c", "a.c", PATH=path)[0] == COMPILER


def test_without_ccache_or_a_linker_that_tells(front: Callable[..., list[str]]) -> None:
    off = {"ccache": "", "linker": ""}
    assert front("-c", "a.c", given=off)[0] == COMPILER
    assert front("-shared", "a.o", "-o", "a.so", given=off)[0] == COMPILER


@pytest.mark.parametrize("words", ["-c a.c", "@a", "-shared a.o -o a.so", "a.o -o a", "a.c -oa"])
def test_what_the_compiler_itself_does_waits_for_a_slot(
    front: Callable[..., list[str]], tmp_path: Path, words: str
) -> None:
    off = {"ccache": "", "linker": "", "slot": f"{tmp_path}/slot /slots/2"}
    assert front(*words.split(), given=off) == [
        *(SLOT, "/slots/2", f"{tmp_path}/compiler"),
        *words.split(),
    ]


@pytest.mark.parametrize(
    "words", ["", "--version", "-E a.c", "-S a.c -o a.s", "-print-prog-name=ld"]
)
def test_what_takes_no_time_does_not(
    front: Callable[..., list[str]], tmp_path: Path, words: str
) -> None:
    given = {"slot": f"{tmp_path}/slot /slots/2"}
    assert front(*words.split(), given=given) == [COMPILER, *words.split()]


def test_what_the_caches_may_know_waits_only_when_they_do_not(
    front: Callable[..., list[str]], tmp_path: Path
) -> None:
    given = {"slot": f"{tmp_path}/slot /slots/2"}
    assert front("-c", "a.c", given=given)[0] == CCACHE
    assert front("-shared", "a.o", "-o", "a.so", given=given)[0] == "python"


def test_arguments_arrive_as_they_are(front: Callable[..., list[str]]) -> None:
    odd = ["-c", "a b.c", '-DX="1 $y"', "*", "", "-DY='z'", "\\n"]
    assert front(*odd)[2:] == odd


# --- which compilers ---


def test_the_compilers_on_path_the_first_of_each_name(tmp_path: Path) -> None:
    names = [
        "gcc",
        "g++",
        "cc",
        "c++",
        "clang-19",
        "x86_64-linux-gnu-gcc",
        "x86_64-redhat-linux-g++",
    ]
    others = ["gcc-ar", "c89-gcc", "ccache", "cpp", "gcc-nm-10", "clang-format", "gccgo", "ld"]
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        for name in [*names, *others]:
            (tmp_path / folder / name).touch(0o755)
    (tmp_path / "one/cc").chmod(0o644)
    path = os.pathsep.join([f"{tmp_path}/none", f"{tmp_path}/one", f"{tmp_path}/two"])
    found = toolchain.compilers_on_path(path)
    assert set(found) == set(names)
    assert found["gcc"] == f"{tmp_path}/one/gcc"
    assert found["cc"] == f"{tmp_path}/two/cc"


# --- what an #include could find ---


@pytest.fixture
def source(tmp_path: Path) -> Path:
    for name in ("setup.py", "pkg/__init__.py", "pkg/a.c", "pkg/a.h", "CMakeLists.txt", "PKG-INFO"):
        path = tmp_path / "src" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "src"


@pytest.mark.parametrize("name", ["pkg/__init__.py", "pkg/a.c", "pkg/a.h", "PKG-INFO"])
def test_what_ccache_reads_itself_or_never_changes_nothing(source: Path, name: str) -> None:
    before = includes.fingerprint(source, source)
    (source / name).write_text("changed")
    assert includes.fingerprint(source, source) == before


@pytest.mark.parametrize("name", ["pkg/b.h", "new/table.inc", "pkg/_version.py"])
def test_a_new_name_in_the_source_tree(source: Path, name: str) -> None:
    before = includes.fingerprint(source, source)
    (source / name).parent.mkdir(exist_ok=True)
    (source / name).touch()
    assert includes.fingerprint(source, source) != before


@pytest.mark.parametrize("name", ["setup.py", "CMakeLists.txt"])
def test_another_recipe_by_which_headers_could_be_made(source: Path, name: str) -> None:
    before = includes.fingerprint(source, source)
    (source / name).write_text("changed")
    assert includes.fingerprint(source, source) != before


@pytest.mark.parametrize("name", ["make_tables.py", "pkg/__init__.py"])
def test_python_code_that_could_make_headers(source: Path, name: str) -> None:
    seen = []
    for code in (
        "rectangle.h = 1\n",
        "rectangle.h = 2\n",
        "open('table.h')\n",
        'name = f"{x}.inc"',
    ):
        (source / name).write_text(code)
        seen.append(includes.fingerprint(source, source))
    assert seen[0] == seen[1]
    assert len({*seen}) == 3


def test_another_version_of_a_build_requirement(source: Path, tmp_path: Path) -> None:
    packages = tmp_path / "env/lib/python3.13/site-packages"
    (packages / "pybind11-3.0.dist-info").mkdir(parents=True)
    before = includes.fingerprint(source, tmp_path / "env")
    (packages / "pybind11-3.0.dist-info").rename(packages / "pybind11-3.1.dist-info")
    assert includes.fingerprint(source, tmp_path / "env") != before


def test_odd_files_in_the_source_tree(source: Path) -> None:
    (source / "link").symlink_to("/nowhere")
    os.mkfifo(source / "pipe")
    (source / os.fsdecode(b"\xff.txt")).touch()
    assert len(includes.fingerprint(source, source)) == 64


# --- what the caches gave ---


def log(*entries: tuple[str, str]) -> str:
    """ccache's log of some compiles."""
    return "".join(f"# {source}\n{result}\nlocal_storage_write\n" for source, result in entries)


@pytest.fixture
def logs(tmp_path: Path) -> Callable[..., list[tuple[str, bool]]]:
    """What is read of ccache's log, and of the log of those that waited."""

    def read(found: str, waited: str = "") -> list[tuple[str, bool]]:
        (tmp_path / "compiles").write_text(found)
        if waited:
            (tmp_path / "waited").write_text(waited)
        compiles = statistics.compiles(tmp_path / "compiles", tmp_path / "waited")
        return [(each.source, each.hit) for each in compiles]

    return read


def test_hits_and_misses_and_what_is_neither(logs: Callable[..., list[tuple[str, bool]]]) -> None:
    hit, miss = "direct_cache_hit", "cache_miss"
    entries = log(("a.c", hit), ("b.c", miss), ("c.c", "preprocessed_cache_hit"), ("d.c", "failed"))
    assert logs(entries) == [("a.c", True), ("b.c", False), ("c.c", True)]
    assert logs("") == []


def test_who_waited_for_another_build_did_not_miss(
    logs: Callable[..., list[tuple[str, bool]]],
) -> None:
    missed = log(("a.c", "cache_miss"), ("a.c", "cache_miss"), ("b.c", "cache_miss"))
    waited = log(("a.c", "preprocessed_cache_hit"), ("b.c", "cache_miss"))
    assert logs(missed, waited) == [("a.c", True), ("a.c", False), ("b.c", False)]


@pytest.mark.parametrize(
    "source",
    [
        "/src/build/CMakeFiles/CMakeScratch/TryCompile-a1/src.c",
        "/env/lib/python3.13/site-packages/cmake/data/share/cmake-4.1/Modules/CMakeCCompilerABI.c",
        *("CMakeFiles/4.1/CompilerIdC/CMakeCCompilerId.c", "meson-private/tmp1/testfile.c"),
        *("meson-private/sanitycheckc.c", "conftest.c", "/src/lib/conftest.cpp"),
        "/tmp/clock_gettimexv3k.c",  # noqa: S108 - what setuptools makes
    ],
)
def test_a_question_to_the_compiler_is_no_compile(
    logs: Callable[..., list[tuple[str, bool]]], source: str
) -> None:
    assert logs(log((source, "cache_miss"))) == []


@pytest.mark.parametrize(
    "source",
    ["src/CMake.c", "/src/Modules/code.c", "my_conftest.c", "/tmp/build-0/a.c"],  # noqa: S108
)
def test_what_only_looks_like_a_question(
    logs: Callable[..., list[tuple[str, bool]]], source: str
) -> None:
    assert logs(log((source, "cache_miss"))) == [(source, False)]


def test_the_line_that_wheeldock_reads(tmp_path: Path) -> None:
    links = tmp_path / "links.log"
    links.write_text("hit\nmiss\nhit\n")
    found = [statistics.Compile("a.c", hit=True), statistics.Compile("b.c", hit=False)]
    counts = statistics.count(found, links, rust.RustCounts(hits=5, misses=1))
    assert counts.line(statistics.TranslationCounts(), "all-missed") == (
        'wheeldock-cache: {"compiles": {"hits": 6, "misses": 2}, '
        '"links": {"hits": 2, "misses": 1}, "doubt": "all-missed"}'
    )
    assert counts.line(statistics.TranslationCounts(hits=3, misses=4)) == (
        'wheeldock-cache: {"translations": {"hits": 3, "misses": 4}, '
        '"compiles": {"hits": 6, "misses": 2}, "links": {"hits": 2, "misses": 1}}'
    )


def test_a_build_that_compiled_nothing(tmp_path: Path) -> None:
    counts = statistics.count([], tmp_path / "none", rust.RustCounts())
    assert counts == statistics.Counts(hits=0, misses=0, link_hits=0, link_misses=0)
