"""compiles.py RESULTS: try compiles that a cache could get wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bench import Outcome, attempt, caches, case, compare, front, run, run_cases, write

if TYPE_CHECKING:
    from collections.abc import Iterator

INCLUDES = ("-Inear", "-Ifar")


def template() -> None:
    """A source tree of one file and the header that it includes."""
    Path("near").mkdir()
    Path("far").mkdir()
    write("far/value.h", "#define VALUE 1")
    write("one.c", '#include "value.h"\nint one(void) { return VALUE; }')


def compile_anew(*arguments: str, **environment: str) -> Outcome:
    """Compile as a build of its own does."""
    with caches(Path.cwd()):
        command = ["gcc", *INCLUDES, *arguments, "-c", "one.c", "-o", "one.o"]
        return compare(command, "one.o", environment)


def compile_with_a_made_header() -> Outcome:
    """Compile as a build does that makes a header first."""
    with caches(Path.cwd()):
        write("near/value.h", "#define VALUE 2")
        return compare(["gcc", *INCLUDES, "-c", "one.c", "-o", "one.o"], "one.o")


@case
def nothing_changed() -> Iterator[Outcome]:
    yield compile_anew()
    yield compile_anew()


@case
def source_changed() -> Iterator[Outcome]:
    yield compile_anew()
    write("one.c", "int one(void) { return 2; }")
    yield compile_anew()


@case
def header_changed() -> Iterator[Outcome]:
    yield compile_anew()
    write("far/value.h", "#define VALUE 2")
    yield compile_anew()


@case
def another_time() -> Iterator[Outcome]:
    yield compile_anew(SOURCE_DATE_EPOCH="1600000000")
    yield compile_anew(SOURCE_DATE_EPOCH="1700000000")


@case
def another_time_that_is_read() -> Iterator[Outcome]:
    for name, what in (("one.c", "__DATE__"), ("far/value.h", "__DATE__"), ("one.c", "__TIME__")):
        write("one.c", '#include "value.h"')
        write(name, f"const char *when = {what};")
        yield compile_anew(SOURCE_DATE_EPOCH="1600000000")
        yield compile_anew(SOURCE_DATE_EPOCH="1700000000")


@case
def another_time_in_a_macro() -> Iterator[Outcome]:
    write("one.c", "const char *when = WHEN;")
    for what in ("-DWHEN=__DATE__", "-DWHEN=__TIME__"):
        yield compile_anew(what, SOURCE_DATE_EPOCH="1600000000")
        yield compile_anew(what, SOURCE_DATE_EPOCH="1600000000")
        yield compile_anew(what, SOURCE_DATE_EPOCH="1700000000")


@case
def what_the_assembler_reads_changed() -> Iterator[Outcome]:
    for name, code in (("one.s", '.include "far/two.s"'), ("one.S", ".include TWO")):
        write(name, code)
        for value in (1, 2):
            write("far/two.s", f".byte {value}")
            with caches(Path.cwd()):
                command = ["gcc", '-DTWO="far/two.s"', "-c", name, "-o", "one.o"]
                yield compare(command, "one.o")


@case
def what_inline_assembly_reads_changed() -> Iterator[Outcome]:
    section, back = ".section .rodata", ".previous"
    for directive in ('.include \\"file\\"', '.incbin\\t\\"file\\"'):
        write("one.c", f'asm("{section}\\n{directive}\\n{back}");')
        for value in (1, 2):
            write("file", f".byte {value}")
            yield compile_anew()
            yield compile_anew()


@case
def more_than_an_object() -> Iterator[Outcome]:
    for arguments in (
        *(["-aux-info", "more"], ["-O3", "-fopt-info-optimized=more"], ["-Wa,--MD,more"]),
        ["-fsave-optimization-record"],
    ):
        for _ in range(2):
            yield compile_anew(*arguments)
            made = [*Path().glob("more"), *Path().glob("*.gz")]
            yield Outcome("", [] if len(made) == 1 else list(map(str, made)))
            made[0].unlink()
    yield compile_anew("-frecord-gcc-switches")
    yield compile_anew("-frecord-gcc-switches")


@case
def list_of_dependencies_by_a_variable() -> Iterator[Outcome]:
    for name in ("DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"):
        yield compile_anew(**{name: "one.d one.o"})


@case
def header_turns_up_earlier() -> Iterator[Outcome]:
    yield compile_anew()
    write("near/value.h", "#define VALUE 2")
    yield compile_anew()


@case
def optional_header_turns_up() -> Iterator[Outcome]:
    test = '__has_include("extra.h")'
    write("one.c", f"#if {test}\nint more(void) {{ return 1; }}\n#endif\nint one;")
    yield compile_anew()
    write("near/extra.h", "")
    yield compile_anew()


@case
def optional_header_turns_up_in_the_image() -> Iterator[Outcome]:
    folder = Path("/opt/library/source")
    folder.mkdir(parents=True)
    write("one.c", '#if __has_include("extra.h")\nint more;\n#endif\nint one;')
    yield compile_anew(f"-I{folder}")
    write(f"{folder}/extra.h", "")
    run("bash", "/toolbox/include-names.sh")
    yield compile_anew(f"-I{folder}")


@case
def what_makes_headers_changed() -> Iterator[Outcome]:
    """No name in the tree is new, but a header that the build makes before it compiles is."""
    yield compile_anew()
    write("CMakeLists.txt", "# first")
    yield compile_anew()
    write("CMakeLists.txt", "# makes near/value.h")
    yield compile_with_a_made_header()


@case
def script_begins_to_make_headers() -> Iterator[Outcome]:
    write("make.py", "number = 1")
    yield compile_anew()
    write("make.py", "number = 2")
    yield compile_anew()
    write("make.py", "open('near/value.h', 'w')")
    yield compile_with_a_made_header()


@case
def unrelated_file_turns_up() -> Iterator[Outcome]:
    yield compile_anew()
    write("notes.txt", "nothing that a compiler reads")
    yield compile_anew()


@case
def another_assembler_on_path() -> Iterator[Outcome]:
    yield compile_anew()
    Path("bin").mkdir()
    write("bin/as", '#!/bin/sh\nexec /usr/bin/as --defsym other=1 "$@"')
    Path("bin/as").chmod(0o755)
    with caches(Path.cwd()):
        names, rest = os.environ["PATH"].split(":", 1)
        path = f"{names}:{Path('bin').resolve()}:{rest}"
        yield compare(["gcc", *INCLUDES, "-c", "one.c", "-o", "one.o"], "one.o", {"PATH": path})
    os.environ["PATH"] = f"{Path('bin').resolve()}:{os.environ['PATH']}"
    yield compile_anew()
    os.environ["PATH"] = os.environ["PATH"].partition(":")[2]


@case
def another_folder_of_headers_with_the_same() -> Iterator[Outcome]:
    """As a C library that does not include Python.h is compiled for another interpreter."""
    yield compile_anew("-I/opt/python/cp311-cp311/include/python3.11")
    yield compile_anew("-I/opt/python/cp313-cp313/include/python3.13")


@case
def debug_information_has_the_folder() -> Iterator[Outcome]:
    yield compile_anew("-g")
    os.renames("far", "inner/far")
    os.rename("one.c", "inner/one.c")  # noqa: PTH104
    os.chdir("inner")
    Path("near").mkdir()
    yield compile_anew("-g")
    os.chdir("..")


@case
def with_a_list_of_dependencies() -> Iterator[Outcome]:
    for _ in range(2):
        yield compile_anew("-MD", "-MF", "one.d")
        listed = Path("one.d").read_text(encoding="utf-8")
        Path("one.d").unlink()
        yield Outcome("", [] if "far/value.h" in listed else [listed])


@case
def failed_and_warned() -> Iterator[Outcome]:
    write("one.c", "int one(void) { }")
    yield compile_anew("-Wall")
    yield compile_anew("-Wall")
    write("one.c", "no C")
    yield compile_anew()
    yield compile_anew()


@case
def the_same_at_the_same_time() -> Iterator[Outcome]:
    """As builds for three interpreters side by side begin with the same file of a C library."""
    Path("bin").mkdir()
    write("bin/as", f'#!/bin/sh\necho >> {Path("runs").resolve()}; sleep 1; exec /usr/bin/as "$@"')
    Path("bin/as").chmod(0o755)
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{Path('bin').resolve()}:{before}"
    for code, right, runs in (("int one;", True, 1), ("no C", False, 0)):
        write("one.c", code)
        Path("runs").write_text("")
        with caches(Path.cwd()):
            commands = [["gcc", f"-Ifar/{n}", "-c", "one.c", "-o", f"{n}.o"] for n in range(3)]
            running = [subprocess.Popen(command, stderr=subprocess.PIPE) for command in commands]
            errors = [process.communicate()[1] for process in running]
        objects = {path.read_bytes() for path in Path().glob("[0-2].o")}
        went = {process.returncode == 0 for process in running}
        done = len(Path("runs").read_text().splitlines()), went, len(set(errors)), len(objects)
        yield Outcome("", [] if done == (runs, {right}, 1, int(right)) else [f"{code}: {done}"])
        for path in Path().glob("[0-2].o"):
            path.unlink()
    os.environ["PATH"] = before


@case
def asked_and_not_compiled() -> Iterator[Outcome]:
    with caches(Path.cwd()):
        for arguments in (
            *(["--version"], ["-dumpmachine"], ["-print-prog-name=ld"], ["-E", "one.c", "-Ifar"]),
            *([], ["-M", "-Ifar", "one.c"], ["--help"], ["-shared"], ["-c"], ["-o", "a.out"]),
            *(["-S", "-Ifar", "one.c", "-o", "a.out"], ["one.c", "-Ifar", "-o", "a.out"]),
        ):
            yield compare(["gcc", *arguments], "a.out")


@case
def standard_input() -> Iterator[Outcome]:
    with caches(Path.cwd()):
        outputs = [
            subprocess.run(
                [compiler, "-x", "c", "-", "-S", "-o", "-"],
                input="int two;",
                text=True,
                capture_output=True,
                check=True,
            ).stdout
            for compiler in ("gcc", "/usr/bin/gcc")
        ]
    yield Outcome("", outputs if outputs[0] != outputs[1] else [])


@case
def front_cannot_be_made() -> Iterator[Outcome]:
    """The build goes on with the compilers as they are."""
    front.STATE.write_text("in the way")
    path = os.environ["PATH"]
    with caches(Path.cwd()):
        changed = [] if os.environ["PATH"] == path else [os.environ["PATH"]]
        output = attempt(["gcc", *INCLUDES, "-c", "one.c", "-o", "one.o"], "one.o", {})
    front.STATE.unlink()
    yield Outcome("", changed, output["code"])


if __name__ == "__main__":
    front.CACHE.mkdir(parents=True, exist_ok=True)
    write(sys.argv[1], json.dumps(run_cases("ccache", template)))
