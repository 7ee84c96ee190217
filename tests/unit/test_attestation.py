from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import attestation

if TYPE_CHECKING:
    from pathlib import Path

SDIST = "tiny-1.0.tar.gz"
WHEEL, OTHER = (f"tiny-1.0-{each}-{each}-manylinux_2_28_x86_64.whl" for each in ("cp313", "cp314"))


@pytest.fixture
def output(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / attestation.FOLDER).mkdir(parents=True)
    for name in (SDIST, WHEEL, OTHER):
        (folder / name).write_bytes(name.encode())
        (folder / attestation.FOLDER / f"{name}.provenance.json").touch()
    for name in (WHEEL, OTHER):
        (folder / attestation.FOLDER / f"{name}.cdx.json").touch()
    (folder / attestation.FOLDER / "mine.json").touch()
    return folder


def left(output: Path) -> set[str]:
    return {path.name for path in (output / attestation.FOLDER).iterdir()}


def test_what_is_attested_of_files_that_stay_as_they_are_stays(output: Path) -> None:
    everything, before = left(output), attestation.attested(output)
    assert {path.name for path in before} == {SDIST, WHEEL, OTHER}
    (output / WHEEL).write_bytes((output / WHEEL).read_bytes())
    attestation.retract(before, output)
    assert left(output) == everything


def test_what_is_attested_of_another_file_goes(output: Path) -> None:
    before = attestation.attested(output)
    (output / WHEEL).write_bytes(b"another wheel")
    (output / SDIST).unlink()
    attestation.retract(before, output)
    kept = {f"{OTHER}.cdx.json", f"{OTHER}.provenance.json", "mine.json"}
    assert left(output) == kept


def test_there_may_be_nothing(tmp_path: Path) -> None:
    assert attestation.attested(tmp_path) == {}
    attestation.retract({}, tmp_path)
