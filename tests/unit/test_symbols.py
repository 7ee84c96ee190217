from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.elf_files import Entry, Form, shared_library
from tests.unit.toolbox_scripts import INIT, MALLOC, POW, TAG, newer_libc, tool, wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

__all__ = ["newer_libc", "tool", "wheel"]  # fixtures


@pytest.mark.parametrize(
    "form", [Form(64, "<"), Form(64, ">"), Form(32, "<"), Form(32, ">")], ids=str
)
def test_symbols_have_names_and_versions(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], form: Form
) -> None:
    symbols = tool("symbols")
    weak = Entry("__gmon_start__", weak=True)
    path = wheel(m=shared_library(POW, INIT, weak, MALLOC, form=form))
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


@pytest.mark.usefixtures("newer_libc")
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no compiler")
def test_a_library_that_has_versions_of_its_own_needs_others_without_one(
    tool: Callable[[str], ModuleType], wheel: Callable[..., Path], tmp_path: Path
) -> None:
    code, versions, library = (tmp_path / name for name in ("m.c", "versions", "m.so"))
    code.write_text("extern int gettid(void);\nint own(void) { return gettid(); }\n")
    versions.write_text("OWN_1 { own; };")
    options = ["-shared", "-fPIC", "-nostdlib", f"-Wl,--version-script={versions}"]
    subprocess.run(["gcc", *options, str(code), "-o", str(library)], check=True)
    found = tool("symbols").unversioned_and_newer(wheel(m=library.read_bytes()), TAG)
    assert found == ["gettid@GLIBC_2.30 in ovf/m.so"]


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
