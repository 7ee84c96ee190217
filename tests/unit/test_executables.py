from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from wheeldock.errors import BaseImageUnavailableError
from wheeldock.executables import fetch, fits, unpack
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "filename",
    [
        "uv-1.2.3-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "uv-1.2.3-py3-none-manylinux_2_28_x86_64.whl",
        "uv-1.2.3-py2.py3-none-manylinux_2_5_x86_64.manylinux1_x86_64.musllinux_1_1_x86_64.whl",
    ],
)
def test_a_wheel_of_that_version_for_an_old_glibc_fits(filename: str) -> None:
    assert fits(filename, Requirement("uv==1.2.3"), Architecture.X86_64)


def test_a_wheel_is_for_one_architecture() -> None:
    filename = "uv-1.2.3-py3-none-manylinux_2_17_aarch64.manylinux2014_aarch64.whl"
    assert fits(filename, Requirement("uv==1.2.3"), Architecture.AARCH64)


@pytest.mark.parametrize(
    "filename",
    [
        "uv-1.2.4-py3-none-manylinux_2_17_x86_64.whl",
        "uv-1.2.3-py3-none-manylinux_2_31_x86_64.whl",
        "uv-1.2.3-py3-none-manylinux_2_17_aarch64.whl",
        "uv-1.2.3-py3-none-musllinux_1_1_x86_64.whl",
        "uv-1.2.3.tar.gz",
    ],
)
def test_any_other_file_does_not(filename: str) -> None:
    assert not fits(filename, Requirement("uv==1.2.3"), Architecture.X86_64)


def test_scripts_are_unpacked_as_executables(tmp_path: Path) -> None:
    wheel = tmp_path / "wheel"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tool-1.data/scripts/tool", b"\x7fELF")
        archive.writestr("tool/__init__.py", "")
        archive.writestr("tool-1.dist-info/RECORD", "")

    unpack(wheel, tmp_path)

    assert (tmp_path / "tool").read_bytes() == b"\x7fELF"
    assert (tmp_path / "tool").stat().st_mode & 0o777 == 0o755
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tool", "wheel"]


def test_an_index_that_does_not_answer_is_named_without_its_credentials(tmp_path: Path) -> None:
    environ = {"PIP_INDEX_URL": "http://user:secret@127.0.0.1:9/simple"}

    with pytest.raises(BaseImageUnavailableError) as caught:
        fetch([Requirement("uv==1.2.3")], Architecture.X86_64, tmp_path, environ)

    assert "uv==1.2.3" in caught.value.message
    assert "secret" not in f"{caught.value.message}{caught.value.cure}"
