"""Cython's translations: from the cache only if Cython would give the same again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from threading import Thread
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from Cython.Compiler import Errors, Main, Options
from tests.unit.compiler_modules import TOOLBOX, load

if TYPE_CHECKING:
    from collections.abc import Callable

statistics, translation = load("statistics"), load("translation")
translations = load("translations")

HIT, MISS = "hit", "miss"
FILES = {
    "pkg/__init__.py": "",
    "pkg/a.pyx": "from pkg.c cimport answer\ninclude 'd.pxi'\n\n"
    "cdef public int hello(int x):\n    return x + answer()\n\n"
    "def f(x):\n    'Say hello.'\n    return hello(x) + D\n",
    "pkg/c.pxd": "cdef inline int answer():\n    return 42\n",
    "pkg/d.pxi": "D = 3\n",
    "setup.py": "",
}


class Cython:
    """A process's Cython behind the cache, in a source tree."""

    def __init__(self, folder: Path, log: Path) -> None:
        self.folder = folder
        self.log = log
        self.cache = folder.parent / "cache"
        settings = {"source": f"{folder}", "cache": f"{self.cache}", "log": f"{log}"}
        self._cached = translation.TranslationCache(Main, settings)

    def translate(self, name: str = "pkg/a.pyx", **options: Any) -> Any:
        """Translate a file and return Cython's result."""
        return self._cached.translate(*self._asked(name, options))

    def translate_anew(self, name: str = "pkg/a.pyx", **options: Any) -> Any:
        """As if there were no cache."""
        return Main.run_pipeline(*self._asked(name, options))

    def outcomes(self) -> list[str]:
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        return [line.partition(" ")[0] for line in lines]

    def written(self) -> dict[str, bytes]:
        """The files that Cython wrote, which are then gone."""
        kinds = (".c", ".cpp", ".h", ".dep", ".html")
        paths = [path for path in self.folder.rglob("*") if path.suffix in kinds]
        files = {path.name: path.read_bytes() for path in paths}
        for path in paths:
            path.unlink()
        return files

    @staticmethod
    def _asked(name: str, options: dict[str, Any]) -> tuple[str, Any, str, Any]:
        asked = Main.CompilationOptions(Main.default_options, language_level=3, **options)
        return name, asked, "pkg.a" if "/" in name else "a", Main.Context.from_options(asked)


@pytest.fixture
def cython(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cython:
    folder = tmp_path / "source"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        settle(path)
    monkeypatch.chdir(folder)
    return Cython(folder, tmp_path / "log")


def settle(path: Path) -> None:
    """Wait until the last change of a file is clearly in the past."""
    load("inputs").settle([f"{path}"])


def change(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    settle(path)


def test_nothing_is_translated_twice(cython: Cython, capsys: pytest.CaptureFixture[str]) -> None:
    first, said = cython.translate(depfile=True), capsys.readouterr()
    files = cython.written()
    again = cython.translate(depfile=True)
    assert cython.outcomes() == [MISS, HIT]
    assert cython.written() == files
    assert set(files) == {"a.c", "a.h", "a.c.dep"}
    assert (again.c_file, again.h_file, again.num_errors) == (first.c_file, first.h_file, 0)
    assert again.get_generated_source_files() == first.get_generated_source_files()
    assert capsys.readouterr() == said


def test_what_cython_said_is_said_again(cython: Cython, capsys: pytest.CaptureFixture[str]) -> None:
    change(cython.folder / "pkg/a.pyx", "IF True:\n    here = 1\n")
    cython.translate()
    said = capsys.readouterr().err
    cython.translate()
    assert cython.outcomes() == [MISS, HIT]
    assert capsys.readouterr().err == said
    assert "deprecated" in said


def edit(name: str, text: str) -> Callable[[Cython, pytest.MonkeyPatch], dict[str, Any]]:
    def change_it(cython: Cython, _: pytest.MonkeyPatch) -> dict[str, Any]:
        change(cython.folder / name, text)
        return {}

    return change_it


def ask(**options: Any) -> Callable[[Cython, pytest.MonkeyPatch], dict[str, Any]]:
    return lambda _, __: options


def set_globally(module: Any, name: str, value: object) -> Callable[..., dict[str, Any]]:
    def change_it(_: Cython, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
        monkeypatch.setattr(module, name, value)
        return {}

    return change_it


CHANGES = {
    "the source": edit("pkg/a.pyx", FILES["pkg/a.pyx"].replace("hello.", "bye.")),
    "what it cimports": edit("pkg/c.pxd", FILES["pkg/c.pxd"].replace("42", "43")),
    "what it includes": edit("pkg/d.pxi", "D = 4\n"),
    "declarations of its own, which it had not": edit(
        "pkg/a.pxd", "cdef public int hello(int x) noexcept\n"
    ),
    "what is found before what it cimports": edit("pkg/pkg/c.pxd", FILES["pkg/c.pxd"]),
    "the script that calls it": edit("setup.py", "changed = True\n"),
    "a directive": ask(compiler_directives={"boundscheck": False}),
    "an option": ask(emit_linenums=True),
    "the language": ask(cplus=True),
    "what setuptools knows of the extension": ask(embedded_metadata={"distutils": {"name": "a"}}),
    "a global option": set_globally(Options, "docstrings", False),  # noqa: FBT003 - Cython's own
    "the level of warnings": set_globally(Errors, "LEVEL", 0),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_changed_is_translated_anew(
    cython: Cython, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    cython.translate()
    cython.written()
    options = CHANGES[case](cython, monkeypatch)
    cython.translate(**options)
    assert cython.outcomes() == [MISS, MISS]
    mine = cython.written()
    cython.translate_anew(**options)
    assert mine == cython.written()


def test_what_the_script_imports_may_change_cython(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper, other = ModuleType("helper"), ModuleType("other")
    helper.__file__ = f"{cython.folder / 'helper.py'}"
    other.__file__ = f"{cython.folder.parent / 'other.py'}"
    for module in (helper, other):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        change(Path(f"{module.__file__}"), "changed = False\n")
    cython.translate()
    change(Path(f"{other.__file__}"), "changed = True\n")
    cython.translate()
    change(Path(f"{helper.__file__}"), "changed = True\n")
    cython.translate()
    assert cython.outcomes() == [MISS, HIT, MISS]


def test_what_is_found_first_on_the_path_of_python(
    cython: Cython, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = [f"{tmp_path / name}" for name in ("near", "far")]
    monkeypatch.setattr(sys, "path", [*path, *sys.path])
    change(tmp_path / "far/other.pxd", FILES["pkg/c.pxd"])
    change(cython.folder / "pkg/a.pyx", "from other cimport answer\nX = answer()\n")
    cython.translate()
    cython.written()
    change(tmp_path / "near/other.pxd", FILES["pkg/c.pxd"].replace("42", "43"))
    cython.translate()
    assert cython.outcomes() == [MISS, MISS]


def test_what_is_included_by_an_odd_name_is_translated_each_time(cython: Cython) -> None:
    """Such names are not looked at, and one that turns up beside the source would come first."""
    change(cython.folder / "far/d.inc", "D = 3\n")
    change(cython.folder / "pkg/a.pyx", "include 'd.inc'\nX = D\n")
    cython.translate(include_path=["far"])
    cython.written()
    change(cython.folder / "pkg/d.inc", "D = 4\n")
    cython.translate(include_path=["far"])
    assert cython.outcomes() == [MISS, MISS]


def test_what_comes_back_is_known_still(cython: Cython) -> None:
    cython.translate()
    files = cython.written()
    for text, outcome in [("D = 4\n", MISS), ("D = 3\n", HIT), ("D = 4\n", HIT)]:
        change(cython.folder / "pkg/d.pxi", text)
        cython.translate()
        assert cython.outcomes()[-1] == outcome
        assert (cython.written() == files) == (text == "D = 3\n")


def test_a_failed_translation_fails_again(
    cython: Cython, capsys: pytest.CaptureFixture[str]
) -> None:
    change(cython.folder / "pkg/a.pyx", "def f(:\n")
    for _ in range(2):
        result = cython.translate()
        assert result.num_errors
        assert "a.pyx:1" in capsys.readouterr().err
    assert cython.outcomes() == [MISS, MISS]


@pytest.mark.parametrize("kind", ["questions", "files"])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"damaged"])
def test_what_is_gone_or_damaged_is_made_anew(
    cython: Cython, kind: str, content: bytes | None
) -> None:
    cython.translate()
    files = cython.written()
    kept = [*(cython.cache / kind).glob("*/*")]
    assert kept
    for path in kept:
        path.unlink() if content is None else path.write_bytes(content)
    for outcome in (MISS, HIT):
        cython.translate()
        assert cython.outcomes()[-1] == outcome
        assert cython.written() == files


def interrupt(cython: Cython, monkeypatch: pytest.MonkeyPatch, do: Callable[[], object]) -> None:
    """Let something happen in the middle of two translations."""
    setup = Main.Context.setup_errors

    def setup_errors(*arguments: Any) -> None:
        do()
        setup(*arguments)

    monkeypatch.setattr(Main.Context, "setup_errors", setup_errors)
    for _ in range(2):
        cython.translate()


def test_what_changes_meanwhile_is_not_kept(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change_it() -> None:
        thread = Thread(target=(cython.folder / "pkg/d.pxi").write_text, args=("D = 3\n",))
        thread.start()
        thread.join()

    interrupt(cython, monkeypatch, change_it)
    assert cython.outcomes() == [MISS, MISS]


def test_what_starts_a_program_is_not_kept(cython: Cython, monkeypatch: pytest.MonkeyPatch) -> None:
    interrupt(cython, monkeypatch, lambda: subprocess.run(["true"], check=True))
    assert cython.outcomes() == [MISS, MISS]


def test_a_file_that_cython_makes_besides_is_given_too(cython: Cython) -> None:
    cython.translate(annotate=True)
    files = cython.written()
    assert any(name.endswith(".html") for name in files)
    cython.translate(annotate=True)
    assert cython.outcomes() == [MISS, HIT]
    assert cython.written() == files


def test_a_file_that_cython_may_not_have_written_out_is_in_doubt(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It leaves one of declarations to the garbage collector."""
    monkeypatch.setattr(Main, "CompilationResult", type("Result", (Main.CompilationResult,), {}))
    Main.CompilationResult.i_file = f"{cython.folder / 'pkg/a.pxi'}"
    for _ in range(2):
        cython.translate()
    assert cython.outcomes() == [MISS, MISS]


def test_without_room_cython_translates(cython: Cython, monkeypatch: pytest.MonkeyPatch) -> None:
    cython.translate()
    files = cython.written()

    def fail(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(load("translated"), "write", fail)
    cython.translate()
    assert cython.written() == files
    change(cython.folder / "pkg/d.pxi", "D = 4\n")
    cython.translate()
    assert cython.written() != files


def test_a_device_is_no_file_to_write_again(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupt(cython, monkeypatch, lambda: Path("/dev/zero").write_bytes(b""))
    assert cython.outcomes() == [MISS, MISS]
    assert Path("/dev/zero").is_char_device()


def test_what_is_written_nowhere_is_no_doubt(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python does so when it asks `uname` for the processor."""
    interrupt(cython, monkeypatch, lambda: Path(os.devnull).write_bytes(b""))
    assert cython.outcomes() == [MISS, HIT]
    assert Path(os.devnull).is_char_device()


def test_a_folder_of_any_name_may_be_built_in(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Meson's build backend makes one with another name each time."""
    given = []
    for name in (".mesonpy-a7c9", ".mesonpy-q3x0"):
        (cython.folder / name).mkdir()
        monkeypatch.chdir(cython.folder / name)
        result = cython.translate("../pkg/a.pyx", output_file="a.c")
        assert result.c_file == f"{cython.folder / name / 'a.c'}"
        given.append(cython.written())
    assert cython.outcomes() == [MISS, HIT]
    assert given[0] == given[1]


def test_a_folder_that_the_output_tells_of_is_another(
    cython: Cython, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first-folder", "second-folder"):
        change(cython.folder / name / "a.pyx", "'''It is in a first-folder, or second-folder.'''\n")
        monkeypatch.chdir(cython.folder / name)
        cython.translate("a.pyx")
        assert cython.written()
    assert cython.outcomes() == [MISS, MISS]


def test_a_context_of_other_options_is_in_doubt(cython: Cython) -> None:
    source, options, module, _ = cython._asked("pkg/a.pyx", {})
    *_, context = cython._asked("pkg/a.pyx", {})
    cython._cached.translate(source, options, module, context)
    assert cython.outcomes() == []
    assert cython.written()


def test_cython_of_another_kind_is_left_alone(tmp_path: Path) -> None:
    def run_pipeline(source: str) -> str:
        return source

    unknown: Any = SimpleNamespace(run_pipeline=run_pipeline, __file__=Main.__file__)
    translation.put_before(unknown, {"source": "", "cache": f"{tmp_path}", "log": ""})
    assert unknown.run_pipeline is run_pipeline


# --- in an environment ---

BUILD = """\
import sys

from Cython.Build import cythonize

cythonize("pkg/a.pyx", language_level=3)
import compiler
print(compiler.MINE, any("toolbox" in entry for entry in sys.path))
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """An environment's folder, with this one's Cython."""
    site = tmp_path / "env/lib/python3/site-packages"
    site.mkdir(parents=True)
    own = Path(Main.__file__).parents[2]
    startup = (TOOLBOX / "startup").glob("*.py")
    for part in [own / "Cython", *own.glob("[Cc]ython-*.dist-info"), *startup]:
        (site / part.name).symlink_to(part)
    return tmp_path / "env"


def test_an_environments_cython_translates_through_the_cache(
    cython: Cython, environment: Path
) -> None:
    (site,) = environment.glob("lib/*/site-packages")
    before = sorted(site.iterdir())
    (cython.folder / "compiler.py").write_text("MINE = 'of the project'\n")
    settle(cython.folder / "compiler.py")
    cached = translations.CachedTranslations(
        cython.folder, environment, cython.cache, log=cython.log
    )
    assert cached.are_likely
    given = []
    with cached:
        for _ in range(2):
            start = f"import site; site.addsitedir({f'{site}'!r})\n"
            command = [sys.executable, "-B", "-c", start + BUILD]
            done = subprocess.run(command, check=False, capture_output=True, text=True)
            assert done.stdout.endswith("of the project False\n"), done.stderr
            given.append(cython.written())
    assert cached.counts == statistics.TranslationCounts(hits=1, misses=1)
    assert given[0] == given[1]
    assert sorted(site.iterdir()) == before
    assert str(TOOLBOX) not in sys.path


def test_a_build_tools_question_is_no_translation(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("miss /src/b/meson-private/tmp/testfile.pyx\nhit /src/a b.pyx\n")
    assert statistics.translations(tmp_path / "log") == statistics.TranslationCounts(hits=1)


def test_an_environment_without_packages_is_left_alone(tmp_path: Path) -> None:
    cached = translations.CachedTranslations(tmp_path, tmp_path, tmp_path, log=tmp_path / "log")
    with cached:
        assert not cached.are_likely
    assert [*tmp_path.iterdir()] == []
    assert cached.counts.line() == ""
