from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from tests.unit.compiler_modules import load

inputs = load("inputs")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def listing(*names: str) -> str:
    """A linker's list of what it read, as GNU ld writes it."""
    rule = "api.so: \\\n  " + " \\\n  ".join(names) + "\n"
    return rule + "".join(f"\n{name}:\n" for name in names)


def make(*names: str) -> list[str]:
    for name in names:
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).write_text(name)
    return list(names)


# --- the list ---


def test_each_file_that_was_read_once() -> None:
    names = make("b.o", "a.o", "far away/libb.a")
    assert inputs.read_dependency_file(listing(*names, "a.o")) == ["a.o", "b.o", "far away/libb.a"]


@pytest.mark.parametrize(
    "name",
    [
        *("/t/api.so.1BF5yP.ltrans0.ltrans.o", "/t/cc9ozBFQ.debug.temp.o", "/t/cc12abCD.o"),
        *("/t/ccxyzabc.lto.o", "./api.so.ltrans12.ltrans.o"),
    ],
)
def test_what_the_code_generator_removed_is_left_out(name: str) -> None:
    assert inputs.read_dependency_file(listing(*make("a.o"), name)) == ["a.o"]


def test_any_other_file_that_is_gone_stays() -> None:
    assert inputs.read_dependency_file(listing(*make("a.o"), "gone.o")) == ["a.o", "gone.o"]


@pytest.mark.parametrize("name", ["a\\ b.o", "a$$b.o", "a#b.o", "a:b.o"])
def test_a_name_in_doubt_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a"):
        inputs.read_dependency_file(listing(name))


def test_no_list_at_all_is_in_doubt() -> None:
    with pytest.raises(ValueError, match="unpack"):
        inputs.read_dependency_file("")


# --- what was read ---


def test_a_digest_is_of_the_content() -> None:
    make("one", "two")
    Path("two").write_text("one")
    assert inputs.digest("one") == inputs.digest("two")
    Path("two").write_text("two")
    assert inputs.digest("one") != inputs.digest("two")


def test_a_file_that_was_there_before_the_link() -> None:
    make("a.o")
    before = inputs.settle(["a.o"])
    assert inputs.settled_digest("a.o", before) == inputs.digest("a.o")


def test_a_file_that_changed_since_is_in_doubt() -> None:
    make("a.o")
    before = inputs.settle(["a.o"])
    Path("a.o").write_text("changed")
    os.utime("a.o", (1, 1))
    with pytest.raises(ValueError, match=r"a\.o"):
        inputs.settled_digest("a.o", before)


def test_to_settle_takes_a_tick_and_no_more() -> None:
    make("a.o")
    start = time.time_ns()
    assert 0 <= inputs.settle(["a.o", "none.o"]) - start < 1_000_000_000
    assert inputs.settle([]) >= start


@pytest.mark.parametrize(
    "content",
    [
        b"SEARCH_DIR(/x)\nINPUT(-lx)",
        b"INCLUDE other.ld",
        b"!<thin>\n/0  0",
        b"\x7fELF...\0.gnu.offload_lto_.x\0",
    ],
    ids=["script that searches", "script that includes", "thin archive", "offloaded code"],
)
def test_a_file_because_of_which_others_are_read_is_in_doubt(content: bytes) -> None:
    Path("libx.so").write_bytes(content)
    with pytest.raises(ValueError, match="libx"):
        inputs.settled_digest("libx.so", time.time_ns() + 10**9)


@pytest.mark.parametrize(
    "content", [b"\x7fELF SEARCH_DIR INCLUDE", b"!<arch>\nINCLUDE", b"INPUT(-lx)", b"{local: *;};"]
)
def test_a_binary_may_have_any_words(content: bytes) -> None:
    Path("libx.so").write_bytes(content)
    assert inputs.settled_digest("libx.so", time.time_ns() + 10**9) == inputs.digest("libx.so")


# --- what could be read instead ---


def test_a_library_may_turn_up_as_the_other_kind() -> None:
    names = inputs.searched_names(["/usr/lib/libm.so", "far/libtwo.a", "/lib/libc.so.6", "a.o"])
    assert names == sorted(["libm.so", "libm.a", "libtwo.a", "libtwo.so", "libc.so.6", "a.o"])


def test_which_folders_have_which_names() -> None:
    make("near/liba.so", "far/liba.a")
    Path("near/libb.a").symlink_to("nowhere")
    present = inputs.present(["liba.a", "liba.so", "libb.a"], ["far", "near", "far", "none"])
    assert present == ["far/liba.a", "near/liba.so", "near/libb.a"]
