"""links.py RESULTS SEED: try links that a cache could get wrong."""

from __future__ import annotations

import json
import os
import random
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bench import (
    CASES,
    Case,
    Outcome,
    attempt,
    caches,
    case,
    compare,
    front,
    inside,
    replace,
    run,
    run_cases,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LTO = ("-O2", "-flto", "-fPIC")
FAR = ("-Lnear", "-Lfar", "-ltwo", "-lold", "-lshared")
STANDARD = (*LTO, "-shared", "one.o", *FAR, "-Wl,--version-script=exports.map")
SOURCES = {
    "one.cpp": "int two(int); int api(int x) { return two(x) + 1; }",
    "two.cpp": "int two(int x) { return 2 * x; }",
    "old.c": "int old(void) { return 1; }",
    "shared.c": "int shared(void) { return 1; }",
}


def template() -> None:
    """A library to link, of an object, two static libraries and a shared one."""
    Path("near").mkdir()
    Path("far").mkdir()
    for name, text in SOURCES.items():
        write(name, text)
    write("exports.map", "{ global: *api*; local: *; };")
    for name in SOURCES:
        compile_object(name)
    archive("far/libtwo.a", "two.o")
    archive("far/libold.a", "old.o")
    share("far/libshared.so", "shared.o")


def compile_object(source: str) -> None:
    """Compile a source file: C++ with link-time optimisation, C without."""
    command = ("g++", *LTO) if source.endswith("pp") else ("gcc", "-fPIC")
    run(*command, "-c", source, "-o", str(Path(source).with_suffix(".o")))


def archive(library: str, *objects: str, flags: str = "qcD") -> None:
    """Make a static library."""
    Path(library).unlink(missing_ok=True)
    run("ar", flags, library, *objects)


def share(library: str, *arguments: str) -> None:
    """Make a shared library, not by way of the cache."""
    run("/usr/bin/gcc", "-shared", *arguments, "-o", library)


def link(*arguments: str, output: str = "api.so", **environment: str) -> Outcome:
    """Link with the cache, and without."""
    return compare(["g++", *arguments, "-o", output], output, environment)


@case
def nothing_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    yield link(*STANDARD)


@case
def object_changed_and_back() -> Iterator[Outcome]:
    yield link(*STANDARD)
    replace("one.cpp", "+ 1", "+ 3")
    compile_object("one.cpp")
    yield link(*STANDARD)
    replace("one.cpp", "+ 3", "+ 1")
    compile_object("one.cpp")
    yield link(*STANDARD)


@case
def static_library_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    replace("two.cpp", "2", "3")
    compile_object("two.cpp")
    archive("far/libtwo.a", "two.o")
    yield link(*STANDARD)


@case
def shared_library_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    share("far/libshared.so", "shared.o", "-Wl,-soname,other.so")
    yield link(*STANDARD)


@case
def version_script_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    write("exports.map", "{ global: *; };")
    yield link(*STANDARD)


@case
def flag_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    yield link(*STANDARD, "-Wl,-z,now")
    yield link(*STANDARD, "-O0")


@case
def environment_changed() -> Iterator[Outcome]:
    yield link(*STANDARD)
    yield link(*STANDARD, LD_RUN_PATH="/opt/elsewhere")
    yield link(*STANDARD, LIBRARY_PATH="/opt/elsewhere")


@case
def another_time() -> Iterator[Outcome]:
    run("g++", *LTO, "-g", "-c", "one.cpp")
    write("dated.c", "const char *date = __DATE__ __TIME__;")
    run("gcc", "-fPIC", "-flto", "-c", "dated.c")
    for arguments in (STANDARD, (*STANDARD, "-g", "dated.o", "-Wl,--build-id")):
        yield link(*arguments, SOURCE_DATE_EPOCH="1600000000")
        yield link(*arguments, SOURCE_DATE_EPOCH="1700000000")
        yield link(*arguments)


@case
def another_folder() -> Iterator[Outcome]:
    yield link(*STANDARD)
    with copied_to("inner"):
        yield link(*STANDARD)


@case
def another_folder_with_debug_information() -> Iterator[Outcome]:
    for flags in (("-g",), ("-g", "-fno-lto")):
        run("g++", *LTO, *flags, "-c", "one.cpp")
        yield link(*STANDARD)
        yield link(*STANDARD, "-g")
        yield link(*STANDARD, "-g", "-s")
        with copied_to(f"inner{len(flags)}"):
            yield link(*STANDARD)
            yield link(*STANDARD, "-g")
            yield link(*STANDARD, "-g", "-s")


@contextmanager
def copied_to(folder: str) -> Iterator[None]:
    """Work in a folder that has all that a link needs."""
    Path(folder).mkdir()
    for name in ("one.o", "near", "far", "exports.map"):
        Path(folder, name).symlink_to(Path(name).resolve())
    with inside(Path(folder)):
        yield


@case
def another_linker() -> Iterator[Outcome]:
    yield link(*STANDARD)
    yield link(*STANDARD, "-fuse-ld=gold")
    yield link(*STANDARD, "-fuse-ld=gold")


@case
def another_linker_on_path() -> Iterator[Outcome]:
    yield link(*STANDARD)
    Path("bin").mkdir()
    write("bin/ld", '#!/bin/sh\nexec /usr/bin/ld --build-id=0xabad "$@"')
    Path("bin/ld").chmod(0o755)
    names, rest = os.environ["PATH"].split(":", 1)
    yield link(*STANDARD, PATH=f"{names}:{Path('bin').resolve()}:{rest}")
    yield link(*STANDARD, "-Bbin")
    yield link(*STANDARD, COMPILER_PATH="bin")
    yield link(*STANDARD)


@case
def library_turns_up_earlier() -> Iterator[Outcome]:
    yield link(*STANDARD)
    replace("two.cpp", "2", "5")
    compile_object("two.cpp")
    archive("near/libtwo.a", "two.o")
    yield link(*STANDARD)
    Path("near/libtwo.a").unlink()
    yield link(*STANDARD)


@case
def shared_library_turns_up_beside() -> Iterator[Outcome]:
    yield link(*STANDARD)
    share("far/libold.so", "old.o")
    yield link(*STANDARD)


@case
def library_turns_up_in_the_system() -> Iterator[Outcome]:
    yield link("-shared", "old.o", "-lm")
    library = Path("/usr/local/lib/libm.so")
    share(str(library), "shared.o", "-Wl,-soname,wrong.so")
    yield link("-shared", "old.o", "-lm")
    library.unlink()
    yield link("-shared", "old.o", "-lm")


@case
def response_file_changed() -> Iterator[Outcome]:
    write("arguments", "old.o")
    yield link("-shared", "@arguments", *FAR)
    write("arguments", "shared.o")
    yield link("-shared", "@arguments", *FAR)


@case
def linker_script_changed() -> Iterator[Outcome]:
    write("far/libgroup.so", "INPUT(-ltwo)")
    yield link(*LTO, "-shared", "one.o", *FAR, "-lgroup")
    yield link(*LTO, "-shared", "one.o", *FAR, "-lgroup")
    write("far/libgroup.so", "INPUT(-ltwo -lshared)")
    yield link(*LTO, "-shared", "one.o", *FAR, "-lgroup")


@case
def linker_script_that_searches() -> Iterator[Outcome]:
    write("far/libgroup.so", "SEARCH_DIR(near)\nINPUT(-ltwo)")
    yield link(*LTO, "-shared", "one.o", "-Lfar", "-lgroup")
    yield link(*LTO, "-shared", "one.o", "-Lfar", "-lgroup")


@case
def member_of_a_thin_archive_changed() -> Iterator[Outcome]:
    archive("far/libold.a", "old.o", flags="qcDT")
    arguments = ("-shared", "-Wl,--whole-archive", "far/libold.a", "-Wl,--no-whole-archive")
    yield link(*arguments)
    replace("old.c", "1", "7")
    compile_object("old.c")
    yield link(*arguments)


@case
def more_than_one_output() -> Iterator[Outcome]:
    for option in (
        *("-Wl,-Map=api.map", "-Wl,--print-map", "-Wl,--trace"),
        *("-save-temps", "-gsplit-dwarf", "--coverage"),
    ):
        yield link("-shared", "old.o", option)
    yield link("-shared", "old.o", DEPENDENCIES_OUTPUT="api.d")


@case
def list_of_inputs() -> Iterator[Outcome]:
    """CMake asks for it."""
    arguments = ["-shared", "old.o", "-Lfar", "-lshared", "-Wl,--dependency-file=api.d"]
    lists = set()
    for compiler in ("g++", "g++", "/usr/bin/g++"):
        attempt([compiler, *arguments, "-o", "api.so"], "api.so", {})
        lists.add(Path("api.d").read_text(encoding="utf-8"))
        Path("api.d").unlink()
    yield link(*arguments)
    yield Outcome("", [] if len(lists) == 1 else sorted(lists))


@case
def random_output() -> Iterator[Outcome]:
    outputs = []
    for name in ("a.so", "b.so"):
        command = ["g++", "-shared", "old.o", "-Wl,--build-id=uuid", "-o", name]
        outputs.append(attempt(command, name, {})[name])
    yield Outcome("", ["the same number twice"] if len(set(outputs)) == 1 else [])


@case
def made_for_this_machine() -> Iterator[Outcome]:
    yield link(*STANDARD, "-march=native")
    yield link(*STANDARD, "-march=native")


@case
def compiled_and_linked_at_once() -> Iterator[Outcome]:
    yield link("-shared", "-fPIC", "old.c")
    yield link("-shared", "-fPIC", "old.c")


@case
def special_output() -> Iterator[Outcome]:
    yield link("-shared", "old.o", output="/dev/null")
    Path("link.so").symlink_to("target.so")
    yield link("-shared", "old.o", output="link.so")


@case
def failed() -> Iterator[Outcome]:
    write("user.c", "int none(void); int user(void) { return none(); }")
    compile_object("user.c")
    for arguments in (["-lnone"], ["-Wl,--no-such-option"], ["user.o", "-Wl,--no-undefined"]):
        yield link("-shared", "old.o", *arguments)
        yield link("-shared", "old.o", *arguments)


@case
def warned() -> Iterator[Outcome]:
    section = '__attribute__((section(".gnu.warning.old"))) const char text[] = "do not";'
    write("old.c", f"{SOURCES['old.c']}\n{section}")
    write("user.c", "int old(void); int user(void) { return old(); }")
    compile_object("old.c")
    compile_object("user.c")
    yield link("-shared", "user.o", "old.o")
    yield link("-shared", "user.o", "old.o")


@case
def code_generator_says_that_it_is_alone() -> Iterator[Outcome]:
    write("more.cpp", "\n".join(f"int more{n}(int x) {{ return x / {n}; }}" for n in range(1, 99)))
    compile_object("more.cpp")
    small = ("--param", "lto-min-partition=10")
    yield link(*LTO, "-shared", "more.o", "one.o", *small)
    yield link(*LTO, "-shared", "more.o", "one.o", *small)


@case
def file_in_the_code() -> Iterator[Outcome]:
    write("file", "1")
    write(
        "code.cpp",
        """asm(".section .rodata; .incbin \\"file\\"; .text"); int code() { return 1; }""",
    )
    run("g++", *LTO, "-frandom-seed=1", "-c", "code.cpp", "-o", "code.o")
    yield link(*LTO, "-shared", "code.o")
    write("file", "2")
    yield link(*LTO, "-shared", "code.o")
    (front.STATE / "compiles.log").unlink()


@case
def private_umask() -> Iterator[Outcome]:
    yield link(*STANDARD)
    before = os.umask(0o077)
    yield link(*STANDARD)
    os.umask(before)


@case
def output_edited_in_place() -> Iterator[Outcome]:
    yield link(*STANDARD)
    run("g++", *STANDARD, "-o", "api.so")
    with Path("api.so").open("r+b") as file:
        file.write(b"spoilt")
    yield link(*STANDARD)


@case
def cache_is_damaged() -> Iterator[Outcome]:
    yield link(*STANDARD)
    for kind in ("outputs", "links"):
        for path in (front.CACHE / "links" / kind).glob("*/*"):
            path.write_bytes(path.read_bytes()[:-1] + b"!")
        yield link(*STANDARD)
        yield link(*STANDARD)


@case
def names_with_spaces() -> Iterator[Outcome]:
    Path("far").rename("far away")
    Path("one.o").rename("one 1.o")
    arguments = (*LTO, "-shared", "one 1.o", "-Lfar away", "-ltwo")
    yield link(*arguments, output="an api.so")
    yield link(*arguments, output="an api.so")
    Path("one 1.o").rename('"1" $x.o')
    yield link(*LTO, "-shared", '"1" $x.o', "-Lfar away", "-ltwo")
    yield link(*LTO, "-shared", '"1" $x.o', "-Lfar away", "-ltwo")


@case
def many_at_the_same_time() -> Iterator[Outcome]:
    def one(number: int) -> object:
        output = f"api{number % 3}-{number}.so"
        return attempt(["g++", *STANDARD, "-o", output], output, {})[output]

    for _ in range(2):
        with ThreadPoolExecutor(6) as pool:
            outputs = set(pool.map(one, range(6)))
        yield Outcome("", [] if len(outputs) == 1 else list(map(str, outputs)))


def random_edits(seed: int, count: int) -> Iterator[Outcome]:
    """Edits in no order, some of them taken back later: each link must be what it is anew."""
    choose = random.Random(seed)  # noqa: S311 - no secret
    flags: tuple[str, ...] = ()

    def edit_source() -> None:
        name, value = choose.choice(["one.cpp", "two.cpp", "old.c"]), choose.randrange(3)
        write(name, SOURCES[name].replace("return ", f"return {value} + "))
        compile_object(name)
        archive("far/libtwo.a", "two.o")
        archive("far/libold.a", "old.o")

    def shadow() -> None:
        library = Path("near/libtwo.a")
        if library.exists():
            library.unlink()
        else:
            archive(str(library), "two.o", "old.o")

    def share_old() -> None:
        library = Path("far/libold.so")
        if library.exists():
            library.unlink()
        else:
            share(str(library), "old.o")

    def export() -> None:
        write("exports.map", choose.choice(["{ global: *; };", "{ global: *api*; local: *; };"]))

    def flag() -> None:
        nonlocal flags
        flags = choose.choice([(), ("-s",), ("-Wl,-z,now",), ("-Wl,--as-needed", "old.o")])

    edits: list[Callable[[], None]] = [edit_source, edit_source, shadow, share_old, export, flag]
    for _ in range(count):
        choose.choice(edits)()
        yield link(*STANDARD, *flags)


def main(results: str, seed: int) -> None:
    """Run all cases, and write what came of them."""
    CASES.append(Case("random_edits", lambda: random_edits(seed, 20)))
    front.CACHE.mkdir(parents=True, exist_ok=True)
    with caches(Path("/nowhere")):
        write(results, json.dumps(run_cases("links", template)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
