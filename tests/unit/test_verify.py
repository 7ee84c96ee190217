"""Checks of what is damaged: findings, never a traceback, within bounds."""

from __future__ import annotations

import gzip
import io
import json
import struct
import tracemalloc
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rich.console import Console
from tests.unit.elf_files import linked_library
from tests.unit.wheel_files import (
    METADATA,
    MODULE,
    SDIST,
    WHEEL,
    wheel_files,
    write_sdist,
    write_wheel,
)

from wheeldock import findings, findingsview, planning, publicsecrets, sdistfile, verifying
from wheeldock.errors import DistributionsUnfitError, NotAPythonProjectError, UsageError
from wheeldock.findings import Finding, Problem, Rule, Severity, errors
from wheeldock.planning import Asked
from wheeldock.state import State
from wheeldock.verify import distributions, verify
from wheeldock.zipstructure import BrokenZipError, read_structure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FUZZ = settings(
    max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
EDITS = st.lists(st.tuples(st.integers(0, 2**16), st.binary(min_size=1, max_size=8)), max_size=6)


@cache
def good(write: Callable[[Path], Path], name: str) -> bytes:
    with TemporaryDirectory() as folder:
        return write(Path(folder, name)).read_bytes()


def edited(data: bytes, edits: list[tuple[int, bytes]], length: int | None = None) -> bytes:
    """The bytes with some replaced, at places that wrap around, and cut to a length."""
    found = bytearray(data)
    for place, new in edits:
        start = place % len(found)
        found[start : start + len(new)] = new
    return bytes(found if length is None else found[: length % (len(found) + 1)])


def look(name: str, data: bytes) -> list[Finding]:
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        found = verify([path], with_tools=False)
    assert all(isinstance(each, Finding) for each in found)
    return found


# --- damaged files ---


@FUZZ
@given(EDITS, st.none() | st.integers(0, 2**16))
def test_a_damaged_wheel_gives_findings(edits: list[tuple[int, bytes]], length: int | None) -> None:
    look(WHEEL, edited(good(write_wheel, WHEEL), edits, length))


@FUZZ
@given(EDITS)
def test_a_damaged_directory_gives_findings(edits: list[tuple[int, bytes]]) -> None:
    data = good(write_wheel, WHEEL)
    start = data.index(b"PK\1\2")
    look(WHEEL, data[:start] + edited(data[start:], edits))


@FUZZ
@given(EDITS, st.none() | st.integers(0, 2**16))
def test_a_damaged_sdist_gives_findings(edits: list[tuple[int, bytes]], length: int | None) -> None:
    tar = gzip.decompress(good(write_sdist, SDIST))
    look(SDIST, gzip.compress(edited(tar, edits, length)))
    look(SDIST, edited(good(write_sdist, SDIST), edits, length))


@FUZZ
@given(EDITS)
def test_a_damaged_library_gives_findings(edits: list[tuple[int, bytes]]) -> None:
    library = linked_library("libc.so.6", run_path="$ORIGIN")
    with TemporaryDirectory() as folder:
        files = {**wheel_files(), MODULE: edited(library, edits)}
        data = write_wheel(Path(folder, WHEEL), files).read_bytes()
    look(WHEEL, data)


@FUZZ
@given(
    st.sampled_from(["METADATA", "WHEEL", "RECORD", "entry_points", "a field"]),
    st.binary(max_size=400)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore")),
)
@example("a field", b"License-Expression: (((((")
@example("a field", b"Requires-Dist: " + b"(" * 300)
@example("entry_points", b"[a]\n[a]\n")
@example("RECORD", b'"\n' * 50)
def test_damaged_metadata_gives_findings(file: str, data: bytes) -> None:
    if file == "a field":
        data = METADATA.encode().replace(b"Summary", data + b"\nSummary")
        file = "METADATA"
    with TemporaryDirectory() as folder:
        made = write_wheel(Path(folder, WHEEL), wheel_files(**{file: data})).read_bytes()
    look(WHEEL, made)


# --- bounds ---


def test_members_that_claim_the_same_bytes_are_not_unpacked() -> None:
    # Each of 1000 names leads to one small stream: 64 MiB a name if they were believed.
    info = zipfile.ZipInfo("kernel")
    info.compress_type = zipfile.ZIP_DEFLATED
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(info, bytes(2**26))
    data = buffer.getvalue()
    start, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    directory = data[start:end] * 1000
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 1000, 1000, len(directory), start, 0)
    found = look(WHEEL, data[:start] + directory + last)
    assert {"zip-bomb", "zip-layout", "zip-duplicates"} <= {each.rule for each in found}
    assert len(found) < 100


def test_a_directory_that_is_too_long_is_not_read() -> None:
    count = 100_001
    directory = struct.pack("<IHHHHHHIIIHHHHHII", 0x02014B50, *[0] * 16) * count
    end64 = struct.pack(
        "<IQHHIIQQQQ", 0x06064B50, 44, 45, 45, 0, 0, count, count, len(directory), 0
    )
    locator = struct.pack("<IIQI", 0x07064B50, 0, len(directory), 1)
    last = struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    with pytest.raises(BrokenZipError, match="100,001 members"):
        read_structure(io.BytesIO(directory + end64 + locator + last))


def test_zip64_is_read() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, archive.open("a", "w", force_zip64=True) as file:
        file.write(b"text")
    (member,) = read_structure(buffer).members
    assert (member.directory.name, member.local.size, member.directory.size) == (b"a", 4, 4)


def test_a_large_member_is_never_held_as_a_whole(tmp_path: Path) -> None:
    path = write_wheel(tmp_path / WHEEL, {"ovf/zeros": bytes(24 * 2**20), **wheel_files()})
    tracemalloc.start()
    try:
        assert "record" not in {each.rule for each in verify([path], with_tools=False)}
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 12 * 2**20


def test_a_bomb_of_an_sdist_is_not_unpacked_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdistfile, "SMALLEST_BOMB", 2**20)
    path = write_sdist(tmp_path / SDIST, {"zeros": bytes(2**21)})
    (found,) = [each for each in verify([path], with_tools=False) if each.rule == "archive"]
    assert "it unpacks to more than 1,048,576 bytes" in found.what


def test_a_metadata_file_that_is_too_long_is_not_read(tmp_path: Path) -> None:
    path = write_wheel(tmp_path / WHEEL, wheel_files(METADATA=METADATA + "x" * (8 * 2**20)))
    found = {each.rule: each for each in verify([path], with_tools=False)}
    assert "more than 8,388,608 bytes" in found["dist-info"].what


# --- what is made of findings ---


def test_many_findings_of_a_kind_are_counted(tmp_path: Path) -> None:
    more = {f"ovf/{number}.cpp": b"" for number in range(findings.MOST_OF_A_KIND + 5)}
    path = write_wheel(tmp_path / WHEEL, {**more, **wheel_files()})
    found = [each for each in verify([path], with_tools=False) if each.rule == "source-files"]
    assert len(found) == findings.MOST_OF_A_KIND + 1
    assert found[-1].what == "and 5 more like these"


def test_a_finding_is_a_line() -> None:
    def check(_: object) -> Iterator[Problem]:
        """It is so."""
        yield Problem("RECORD", "it is not so", "Make it so.")

    (found,) = Rule("so", Severity.WARNING, check).findings(None, WHEEL)
    assert str(found) == f"warning so: {WHEEL}: RECORD: it is not so"
    assert errors([found]) == []


def test_findings_are_shown_worst_first_and_each_cure_once(tmp_path: Path) -> None:
    paths = [write_wheel(tmp_path / WHEEL)]
    shape = {"file": WHEEL, "place": "", "cure": "Mend it."}
    found = [
        Finding(severity=Severity.NOTE, rule="b", what="odd", **{**shape, "cure": ""}),
        Finding(severity=Severity.ERROR, rule="a", what="[bad]", **shape),
        Finding(severity=Severity.ERROR, rule="a", what="worse", **shape),
    ]
    console = Console(file=io.StringIO(), width=100)
    findingsview.show(paths, found, console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.index("error a: [bad]") < text.index("error a: worse") < text.index("note b: odd")
    assert text.count("Mend it.") == 1
    assert text.endswith("1 file: 2 errors, 1 note\n")


def test_distributions_of_a_folder_are_those_by_suffix_the_sdist_first(tmp_path: Path) -> None:
    for name in (WHEEL, SDIST, "notes.txt", "odd.whl"):
        (tmp_path / name).touch()
    assert [path.name for path in distributions(tmp_path)] == [SDIST, "odd.whl", WHEEL]


def run(folder: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool = False) -> None:
    monkeypatch.chdir(folder)
    verifying.run(Asked(options={}), folder="", largest=100, as_json=as_json)


def test_a_folder_without_distributions_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no wheel and no sdist in dist"):
        run(tmp_path, monkeypatch)


def test_errors_end_with_their_number_and_json_has_them_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dist").mkdir()
    write_wheel(tmp_path / "dist" / "odd.whl", wheel_files())
    with pytest.raises(DistributionsUnfitError, match="2 errors in dist"):
        run(tmp_path, monkeypatch, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["files"] == ["odd.whl"]
    rules = {each["rule"]: each["severity"] for each in told["findings"]}
    assert rules == {
        "file-name": "error",
        "file-size": "error",
        "sdist": "warning",
        "not-checked": "note",
    }


KEY = b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"MIIEpAIBAAKCAQEAu1SU1LfVLPHCozMxH2Mo4lgOEePz" * 2
PUBLIC = '[project]\nname = "%s"\nversion = "1.0"\n[tool.wheeldock]\npublic-secrets = ["ovf/a.key"]'


@pytest.mark.parametrize(
    ("files", "variable", "is_public"),
    [
        ({"pyproject.toml": PUBLIC % "ovf"}, None, True),
        ({"pyproject.toml": PUBLIC % "ovf"}, "", False),
        ({"pyproject.toml": PUBLIC % "another"}, None, False),
        ({"pyproject.toml": PUBLIC % "another"}, "ovf/a.key", True),
        ({}, None, False),
        ({}, "ovf/a.key", True),
    ],
)
def test_secrets_are_public_by_the_files_own_project_or_the_environment(
    files: dict[str, str],
    variable: str | None,
    is_public: bool,  # noqa: FBT001 - of a table
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "dist").mkdir()
    path = write_wheel(tmp_path / "dist" / WHEEL, {"ovf/a.key": KEY, **wheel_files()})
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    if variable is not None:
        monkeypatch.setenv("WHEELDOCK_PUBLIC_SECRETS", variable)
    monkeypatch.chdir(tmp_path)
    try:
        inputs = planning.read(Asked(options={}), State.here())
    except NotAPythonProjectError:
        inputs = None
    assert publicsecrets.of(inputs, [path]) == (("ovf/a.key",) if is_public else ())
