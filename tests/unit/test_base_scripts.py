"""The scripts that assemble the stand-in, as far as they need no container."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wheeldock.standin_context import BASE

if TYPE_CHECKING:
    from types import ModuleType

LIBM = Path("/lib/x86_64-linux-gnu/libm.so.6")
needs_libm = pytest.mark.skipif(not LIBM.exists(), reason="glibc for x86_64, where Debian has it")


@pytest.fixture(scope="module", autouse=True)
def _scripts_on_path() -> Any:
    sys.path.insert(0, str(BASE))
    yield
    sys.path.remove(str(BASE))


def script(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.mark.parametrize(
    ("name", "parsed"),
    [
        ("GLIBC_2.29", ("GLIBC", (2, 29))),
        ("GLIBCXX_3.4.26", ("GLIBCXX", (3, 4, 26))),
        ("GLIBC_PRIVATE", ("", ())),
        ("", ("", ())),
    ],
)
def test_versions_are_taken_apart(name: str, parsed: tuple[str, tuple[int, ...]]) -> None:
    assert script("elf").parse_version(name) == parsed


@needs_libm
class TestCut:
    def defaults(self, library: Any) -> dict[str, str]:
        return {export.name: export.version for export in library.exports() if export.default}

    def test_the_newest_version_within_the_limit_becomes_the_default(self) -> None:
        library = script("elf").ElfFile.read(LIBM)
        assert self.defaults(library)["pow"] == "GLIBC_2.29"

        list(script("cut").cut(library, {"GLIBC": (2, 28)}))

        defaults = self.defaults(library)
        assert defaults["pow"] == "GLIBC_2.2.5"
        assert defaults["roundeven"] == "GLIBC_2.25"
        newest = max(script("elf").parse_version(version) for version in defaults.values())
        assert newest <= ("GLIBC", (2, 28))

    def test_what_has_no_older_version_is_named_as_gone(self) -> None:
        library = script("elf").ElfFile.read(LIBM)

        gone = list(script("cut").cut(library, {"GLIBC": (2, 24)}))

        assert "roundeven" in gone
        assert "pow" not in gone
        assert not any(name.startswith("GLIBC_") for name in gone)

    def test_only_the_table_of_versions_changes(self) -> None:
        elf = script("elf")
        library = elf.ElfFile.read(LIBM)
        before = bytes(library.data)

        list(script("cut").cut(library, {"GLIBC": (2, 28)}))

        table = library.section(elf.SHT_GNU_VERSYM)
        end = table.offset + table.size
        assert library.data[: table.offset] == before[: table.offset]
        assert library.data[end:] == before[end:]
        assert library.data != before

    def test_within_the_limit_nothing_changes(self) -> None:
        library = script("elf").ElfFile.read(LIBM)
        before = bytes(library.data)

        assert list(script("cut").cut(library, {"GLIBC": (99,)})) == []
        assert library.data == before


class TestHide:
    def member(self, defines: str, wants: str = "") -> Any:
        return script("hide").Member(None, frozenset(defines), frozenset(wants))

    def test_members_are_taken_for_what_is_missing_and_for_what_those_need(self) -> None:
        path, codecvt, locale = self.member("p", "c"), self.member("c"), self.member("l")

        selected = script("hide").select([locale, codecvt, path], frozenset("p"))

        assert selected == [path, codecvt]

    def test_a_unique_symbol_is_weak_once_it_is_hidden(self) -> None:
        elf = script("elf")
        unique = elf.Symbol(0, "s", 0, elf.STB_GNU_UNIQUE << 4 | 1, 0, 5, 8, 16)

        hidden = script("hide").as_hidden(unique)

        assert (hidden.binding, hidden.info & 0xF) == (elf.STB_WEAK, 1)
        assert hidden.other == elf.STV_HIDDEN
        assert hidden.value == 8

    def test_a_reference_is_not_defined(self) -> None:
        elf = script("elf")
        defined = elf.Symbol(0, "s", 0, elf.STB_WEAK << 4 | 2, 0, 5, 8, 16)

        assert defined.defined
        assert not script("hide").as_reference(defined).defined


class TestMoved:
    @pytest.fixture
    def home(self) -> Any:
        return script("relocate").Home("3.13", Path("/opt/x"))

    @pytest.mark.parametrize(
        ("value", "moved"),
        [
            ("/usr", "/opt/x"),
            ("/usr/bin/python3.13", "/opt/x/bin/python3.13"),
            ("/usr/lib/x86_64-linux-gnu", "/opt/x/lib"),
            ("/usr/lib/python3.13/lib-dynload", "/opt/x/lib/python3.13/lib-dynload"),
            ("/usr/include/python3.13", "/opt/x/include/python3.13"),
            ("/usr/share/python-wheels/", "/opt/x/wheels/"),
            ("'--prefix=/usr' '--x'", "'--prefix=/opt/x' '--x'"),
            ("/build/python3.13-3.13.5/build-shared", ""),
        ],
    )
    def test_paths_of_the_interpreter_move(self, home: Any, value: str, moved: str) -> None:
        assert home.moved(value) == moved

    @pytest.mark.parametrize("value", ["/usr/bin/install -c", "/usr/share/zoneinfo", 1, None])
    def test_everything_else_stays(self, home: Any, value: object) -> None:
        assert home.moved(value) == value
