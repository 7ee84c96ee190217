from __future__ import annotations

import contextlib
import struct
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from ovf_example import Field, OvfError, Representation, read, write

# Wheels are tested on loaded machines and from read-only mounts, where the same examples have to pass each time.
settings.register_profile("wheels", derandomize=True, deadline=None)
settings.load_profile("wheels")

# The files here are made without the package, after the description of the format.
HEADER = b"""# OOMMF OVF 2.0
# Segment count: 1
# Begin: Segment
# Begin: Header
# Title: m
# Desc: two nodes
# Desc: in x
# meshtype: rectangular
# meshunit: nm
# xmin: 0
# ymin: 0
# zmin: 0
# xmax: 10
# ymax: 5
# zmax: 2.5
# valuedim: 3
# valuelabels: m_x m_y {m z}
# valueunits: A/m
# xbase: 2.5
# ybase: 2.5
# zbase: 1.25
# xnodes: 2
# ynodes: 1
# znodes: 1
# xstepsize: 5
# ystepsize: 5
# zstepsize: 2.5e0
# End: Header
"""
NUMBERS = [1.0, 2.0, 3.0, -4.5, 0.1, 1e-30]
TEXT = HEADER + b"# Begin: Data Text\n1 2\t3\n-4.5 0.1 1e-30\n# End: Data Text\n# End: Segment\n"


def binary(name: str, layout: str, check: float) -> bytes:
    data = struct.pack(layout, check, *NUMBERS)
    return HEADER + b"# Begin: %b\n%b\n# End: %b\n# End: Segment\n" % (name.encode(), data, name.encode())


BINARY4 = binary("Data Binary 4", "<7f", 1234567.0)
BINARY8 = binary("Data Binary 8", "<7d", 123456789012345.0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("ovf") / "m.ovf"


def read_bytes(path: Path, content: bytes) -> Field:
    path.write_bytes(content)
    return read(path)


@pytest.mark.parametrize(("content", "dtype"), [(TEXT, "f8"), (BINARY4, "f4"), (BINARY8, "f8")])
def test_each_representation_is_read(path: Path, content: bytes, dtype: str) -> None:
    field = read_bytes(path, content)
    assert field.data.dtype == dtype
    np.testing.assert_array_equal(field.data, np.array(NUMBERS, dtype).reshape(1, 1, 2, 3))
    header = {name: value for name, value in vars(field).items() if name != "data"}
    assert header == {
        "title": "m",
        "description": ("two nodes", "in x"),
        "meshunit": "nm",
        "base": (2.5, 2.5, 1.25),
        "stepsize": (5.0, 5.0, 2.5),
        "valuelabels": ("m_x", "m_y", "m z"),
        "valueunits": ("A/m", "A/m", "A/m"),
    }


def test_x_changes_fastest(path: Path) -> None:
    content = TEXT.replace(b"ynodes: 1", b"ynodes: 2").replace(b"znodes: 1", b"znodes: 3")
    data = read_bytes(path, content.replace(b"1 2\t3\n-4.5 0.1 1e-30", b"0 0 0 " * 9 + b"0 1 0 " + b"0 0 0 " * 2)).data
    assert data.shape == (3, 2, 2, 3)
    assert np.argwhere(data == 1).tolist() == [[2, 0, 1, 1]]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace(b"# End", b"#END").replace(b"xnodes", b" X Nodes ").replace(b"meshtype", b"MESHTYPE"),
        TEXT.replace(b"\n", b"\r\n"),
        HEADER.replace(b"\n", b"\r\n") + BINARY8[len(HEADER) :],
        TEXT.replace(b"\n", b" ## said\n## aside\n#\n\n"),
        TEXT.rstrip(),
        BINARY4.replace(b"\n# End: Data", b"# End: Data"),
        TEXT.replace(b"# Title: m", b"# Title: \xff" + b"x" * 10**6 + b"\n# Desc: more" * 10**5 + b"\n" * 10**6),
    ],
    ids=["case", "crlf", "crlf-binary", "comments", "no-newline", "no-newline-after-binary", "huge-header"],
)
def test_odd_but_valid_files_are_read(path: Path, content: bytes) -> None:
    data = read_bytes(path, content).data
    np.testing.assert_array_equal(data.ravel(), np.array(NUMBERS, data.dtype))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (TEXT, b"", 'line 0: expected "# OOMMF OVF 2.0", got nothing'),
        (TEXT, b"\x89PNG\r\n", 'line 1: expected "# OOMMF OVF 2.0", got "?PNG"'),
        (TEXT, TEXT * 2, 'line 34: expected the end of the file, got "# OOMMF OVF 2.0"'),
        (b"OVF 2.0", b": rectangular mesh v1.0", 'line 1: expected "# OOMMF OVF 2.0", got "OOMMF : rect'),
        (b"count: 1", b"count: 2", 'line 2: expected "# Segment count: 1", got "Segment count: 2"'),
        (b"rectangular", b"irregular", 'line 8: expected "meshtype: rectangular", got "irregular"'),
        (b"# ynodes: 1\n", b"", 'line 27: expected a record "ynodes" in the header, got none'),
        (b"ynodes", b"xnodes", 'line 23: expected one record "xnodes", got a second one'),
        (b"# ynodes", b"# boundary: 1\n# ynodes", 'line 23: expected a record of OVF 2.0, got "boundary"'),
        (b"xnodes: 2", b"xnodes: 2.5", 'line 22: expected a whole number from 1 to 1e15 for "xnodes", got "2.5"'),
        (b"xnodes: 2", b"xnodes: 0", 'line 22: expected a whole number from 1 to 1e15 for "xnodes", got "0"'),
        (b"xnodes: 2", b"xnodes: 9e14", 'line 32: expected 2700000000000000 values, got "# End: Data Text" after 6'),
        (b"nodes: 2\n# ynodes: 1", b"nodes: 9e14\n# ynodes: 9e14", 'got "# End: Data Text" after 6'),
        (b"xnodes: 2", b"xnodes: 1", 'line 31: expected "# End: Data Text", got "-4.5 0.1 1e-30"'),
        (b"xbase: 2.5", b"xbase: nan", 'line 19: expected a finite number for "xbase", got "nan"'),
        (b"xbase: 2.5", b"xbase: 2,5", 'line 19: expected a finite number for "xbase", got "2,5"'),
        (b"{m z}", b"{m z", 'line 17: expected 3 items for "valuelabels", got "m_x m_y {m z"'),
        (b"Begin: Data Text", b"Begin: Data Binary 2", 'line 29: expected "# Begin: Data Text", "Data Binary 4" or'),
        (b"0.1", b"0.1.2", 'line 31: expected a number that fits a double, got "0.1.2"'),
        (b"0.1", b"1e999", 'line 31: expected a number that fits a double, got "1e999"'),
        (b"0.1", b"", 'line 32: expected 6 values, got "# End: Data Text" after 5'),
        (b"0.1", b"0 1", 'line 31: expected 6 values, got one more: "1e-30"'),
        (b"End: Data Text", b"End: Data Binary 4", 'line 32: expected "# End: Data Text", got "End: Data Binary 4"'),
    ],
)
def test_errors_name_file_line_and_expectation(path: Path, old: bytes, new: bytes, message: str) -> None:
    assert TEXT.count(old) == 1
    with pytest.raises(OvfError) as caught:
        read_bytes(path, TEXT.replace(old, new))
    assert str(caught.value).startswith(f"{path}: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (binary("Data Binary 4", "<7f", 7.0), "line 29: expected the check value 1234567.000000, got 7.000000"),
        (binary("Data Binary 8", ">7d", 123456789012345.0), "line 29: expected the check value 123456789012345.0"),
        (BINARY4[: len(HEADER) + 30], "line 29: expected a check value and 6 values of 4 bytes each, got 7 bytes"),
        (BINARY4.replace(b"xnodes: 2", b"xnodes: 1"), 'line 30: expected "# End: Data Binary 4", got "?'),
        (BINARY4.replace(b"xnodes: 2", b"xnodes: 9e14"), "and 2700000000000000 values of 4 bytes each, got 65 bytes"),
    ],
)
def test_errors_in_binary_data(path: Path, content: bytes, message: str) -> None:
    with pytest.raises(OvfError) as caught:
        read_bytes(path, content)
    assert message in str(caught.value)


@pytest.mark.parametrize("content", [TEXT, BINARY4, BINARY8])
def test_every_truncation_is_an_error(path: Path, content: bytes) -> None:
    for end in range(len(content) - 1):
        with pytest.raises(OvfError):
            read_bytes(path, content[:end])


@given(content=st.one_of(st.binary(), st.binary().map(HEADER.__add__)))
def test_random_bytes_are_an_error(path: Path, content: bytes) -> None:
    with pytest.raises(OvfError):
        read_bytes(path, content)


EDITS = st.lists(st.tuples(st.integers(0, len(BINARY8)), st.integers(0, 9), st.binary(max_size=9)), min_size=1)


@settings(max_examples=500)
@given(content=st.sampled_from([TEXT, BINARY4, BINARY8]).map(bytearray), edits=EDITS)
def test_damaged_files_are_read_or_refused(path: Path, content: bytearray, edits: list[tuple[int, int, bytes]]) -> None:
    for start, length, new in edits:
        content[start : start + length] = new
    with contextlib.suppress(OvfError):
        assert read_bytes(path, bytes(content)).data.size > 0


def line(exclude: str) -> st.SearchStrategy[str]:
    characters = st.characters(codec="utf-8", exclude_characters=exclude)
    return st.text(characters).map(lambda text: text.strip(" \t\v\f"))


@st.composite
def fields(draw: st.DrawFn) -> dict[str, Any]:
    shape = draw(npst.array_shapes(min_dims=4, max_dims=4, max_side=4))
    words = st.lists(line('#\r\n{}"'), min_size=shape[3], max_size=shape[3]).map(tuple)
    triple = st.tuples(*[st.floats(-1e100, 1e100)] * 3)
    return {
        "data": draw(npst.arrays(draw(st.sampled_from(["f4", "f8", "i4"])), shape)),
        "title": draw(line("#\r\n")),
        "description": tuple(draw(st.lists(line("#\r\n")))),
        "meshunit": draw(line("#\r\n")),
        "base": draw(triple),
        "stepsize": draw(triple),
        "valuelabels": draw(words),
        "valueunits": draw(words),
    }


@pytest.mark.parametrize(("representation", "dtype"), [("text", "f8"), ("binary4", "f4"), ("binary8", "f8")])
@pytest.mark.filterwarnings("ignore:overflow encountered in cast")
@given(field=fields())
def test_what_is_written_is_read(path: Path, representation: Representation, dtype: str, field: dict[str, Any]) -> None:
    write(path, Field(**field), representation)
    again = vars(read(path))
    assert again["data"].dtype == dtype
    np.testing.assert_array_equal(again.pop("data"), field.pop("data").astype(dtype))
    assert again == field


def test_bare_arrays_are_written_with_defaults(path: Path) -> None:
    array = np.arange(48)[::-2].reshape(2, 3, 2, 2).swapaxes(0, 1)
    write(path, array, "text")
    field = read(path)
    np.testing.assert_array_equal(field.data, array)
    assert (field.valuelabels, field.valueunits) == (("value_0", "value_1"), ("1", "1"))
    assert b"# xmin: -0.5\n# xmax: 1.5\n" in path.read_bytes()


DATA = np.zeros((1, 1, 1, 1))


@pytest.mark.parametrize(
    ("field", "representation", "message"),
    [
        (np.zeros((2, 2, 3)), "text", r"expected data of shape \(z, y, x, value\)"),
        (np.zeros((2, 0, 2, 3)), "text", "none of them 0"),
        (Field(DATA, valuelabels=("x", "y")), "text", "expected a label and a unit for each component of a value: 1"),
        (Field(DATA, valuelabels=("{",)), "text", 'expected no braces and no quotes in "valuelabels", got "{"'),
        (Field(DATA, title="a\nb"), "text", 'expected one line without "##" for "Title", got "a.b"'),
        (Field(DATA, title="a ## b"), "text", 'expected one line without "##" for "Title", got "a ## b"'),
        (Field(DATA, stepsize=(1, np.inf, 1)), "text", 'expected a finite number for "ystepsize", got inf'),
        (DATA, "binary2", "got 'binary2'; expected one of text, binary4, binary8"),
    ],
)
def test_what_ovf_cannot_say_is_not_written(tmp_path: Path, field: Any, representation: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        write(tmp_path / "m.ovf", field, representation)
    assert not list(tmp_path.iterdir())


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    def work(number: int) -> bool:
        array = np.random.default_rng(number).random((8, 8, 8, 3))
        write(tmp_path / str(number), array, "text")
        return np.array_equal(read(tmp_path / str(number)).data, array)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(work, range(32)))
