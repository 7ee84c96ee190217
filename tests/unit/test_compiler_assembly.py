"""What inline assembly could read of a source tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import load

if TYPE_CHECKING:
    from pathlib import Path

assembly = load("assembly")


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.c", 'asm(".include \\"file\\"");'),
        ("a.h", 'asm(".data\\n.incbin\\t\\"file\\"");'),
        ("a.hpp", 'asm("blob: .incbin " FILE);'),
        ("a.cpp", 'asm(R"(\n.include "file"\n)");'),
        ("a.c.in", "asm(\".text;.include '@FILE@'\");"),
        ("a.pyx", 'cdef extern from *:\n    """\n    asm(".incbin \\"file\\"");\n    """'),
        ("A.C", '#define INCBIN ".incbin"'),
    ],
)
def test_where_it_could_read_a_file_all_of_them_count(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / "inner").mkdir()
    seen = []
    for content in ("1", "2"):
        (tmp_path / "inner/file").write_text(content)
        (tmp_path / name).unlink(missing_ok=True)
        assert assembly.fingerprint(tmp_path) == ""
        (tmp_path / name).write_text(code)
        seen.append(assembly.fingerprint(tmp_path))
        assert seen[-1] == assembly.fingerprint(tmp_path)
    (tmp_path / "inner/file").rename(tmp_path / "file")
    assert len({*seen, assembly.fingerprint(tmp_path)}) == 3


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("a.c", '#include "tables.inc"\nint x = options.include;'),
        ("a.c", 'char *folder = "/usr/.included";'),
        ("README.md", 'asm(".include \\"file\\"");'),
    ],
)
def test_other_code_leaves_compiles_to_themselves(tmp_path: Path, name: str, code: str) -> None:
    (tmp_path / name).write_text(code)
    (tmp_path / "gone.c").symlink_to("nowhere")
    assert assembly.fingerprint(tmp_path) == ""
