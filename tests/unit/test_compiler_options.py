from __future__ import annotations

import shlex

import pytest
from tests.unit.compiler_modules import load

options = load("options")

CRT = "/usr/lib/gcc/x86_64-linux-gnu/10/crtbeginS.o"
LINK = (
    "/usr/lib/gcc/x86_64-linux-gnu/10/collect2 -plugin /usr/lib/gcc/liblto_plugin.so"
    ' "-plugin-opt=/usr/lib/gcc/lto-wrapper" "-plugin-opt=-fresolution=/tmp/ccQ.res"'
    ' "-plugin-opt=-pass-through=-lgcc" -flto=auto --build-id --eh-frame-hdr -m elf_x86_64'
    ' "--hash-style=gnu" --as-needed -shared -o api.so'
    f" {CRT} -L/usr/lib/gcc -L near a.o -lm -rpath /x"
    ' "--version-script=exports.map" --push-state --as-needed -lgcc_s --pop-state -lc'
)


def command(*more: str) -> object:
    return options.LinkerCommand([*shlex.split(LINK), *more])


def test_what_a_link_reads_and_writes() -> None:
    link = command()
    assert link.files == [CRT, "a.o", "exports.map"]
    assert link.folders == ["/usr/lib/gcc", "near"]
    assert link.output == "api.so"
    assert link.is_shared
    assert link.listing == ""


def test_what_a_link_runs() -> None:
    assert command().programs == [
        "/usr/lib/gcc/x86_64-linux-gnu/10/collect2",
        "/usr/lib/gcc/liblto_plugin.so",
        "/usr/lib/gcc/lto-wrapper",
    ]


def test_an_executable_is_not_shared() -> None:
    assert not options.LinkerCommand(["ld", "-o", "main", "main.o"]).is_shared


@pytest.mark.parametrize("words", ["--dependency-file=link.d", "--dependency-file link.d"])
def test_the_list_that_cmake_asks_for(words: str) -> None:
    assert command(*words.split()).listing == "link.d"


@pytest.mark.parametrize(
    "words",
    [
        *("-z now", "-znow", "-soname x.so", "--soname=x.so", "-h x.so", "--exclude-libs ALL"),
        *("--gc-sections", "-Bsymbolic-functions", "--whole-archive", "--no-undefined", "-s"),
        *("--build-id=sha1", "--build-id=0xab", "-O1", "--start-group", "--end-group", "-flto"),
        *("--allow-shlib-undefined", "--enable-new-dtags", "--wrap=malloc", "-u init"),
        *("--dynamic-list=exports.list", "-fno-lto", "--strip-all"),
        # what the drivers for aarch64, riscv64 and armv7l say
        *("-X -EL -maarch64linux --fix-cortex-a53-843419", "-melf64lriscv", "-marmelf_linux_eabi"),
    ],
)
def test_what_is_usual_can_be_cached(words: str) -> None:
    assert command(*words.split()).output == "api.so"


@pytest.mark.parametrize(
    "words",
    [
        "-mri-script=x",
        *("-Map=api.map", "-Map api.map", "--print-map", "--trace", "-t", "--verbose", "--cref"),
        *("-T script.ld", "-R symbols.o", "--just-symbols=symbols.o", "@arguments", "-r"),
        *("--retain-symbols-file=x", "--out-implib=x", "--build-id=uuid", "--sysroot=/x"),
        *("-plugin-opt=-save-temps", "-fuse-ld=gold", "--no-allow-shlib-undefined", "-pie"),
        *("-L=/usr/lib", "-L$SYSROOT/lib", "--copy-dt-needed-entries", "--gdb-index"),
        *("-m i386pep", "-mi386pe", "-m aarch64pe", "-maarch64pe", "-m arm64pe"),
        *("--incremental", "--section-start=.text=0", "-EB", "-format binary", "--version"),
    ],
)
def test_what_is_not_known_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        command(*words.split())


@pytest.mark.parametrize(
    "words",
    [
        *("-shared -O2 -flto -o x.so -mtune=generic -march=x86-64 -dumpdir x.so.", "-g -O0"),
        *("-fPIC -fvisibility=hidden -fno-strict-aliasing", "-Wall -Wno-error=odr", "-pthread"),
        *("-D NAME -I folder -Lfar", "-std=c++17 -fopenmp", "-fuse-linker-plugin -flto=auto"),
        *("-foffload-options=-l_GCC_m", "--param=lto-min-partition=10", "-mavx2 -m64"),
        *("-fdebug-prefix-map=/src=.", "-fstack-protector-strong", "-ffat-lto-objects"),
    ],
)
def test_options_that_touch_no_other_file(words: str) -> None:
    assert options.driver_options_are_known(words.split())


@pytest.mark.parametrize(
    "words",
    [
        *("-save-temps", "-fdump-tree-all", "-fprofile-use", "-fprofile-generate=/x", "--coverage"),
        *("-march=native", "-mtune=native", "-fplugin=x.so", "-specs=x", "-B dir", "-wrapper x"),
        *("-gsplit-dwarf", "-fstack-usage", "-fuse-ld=gold", "-fopt-info-vec=x", "-ftest-coverage"),
        *("-fauto-profile=x", "-fcompare-debug", "-flto-incremental=x", "-v", "-T", "-x", "-c"),
        *("-fcallgraph-info", "-fsave-optimization-record", "-foffload=x", "a.c", "--sysroot=/x"),
    ],
)
def test_options_that_may_touch_another_file(words: str) -> None:
    assert not options.driver_options_are_known(["-shared", *words.split()])
