from __future__ import annotations

import pytest

from wheeldock.legacy_metadata import of_pkg_info, of_setup_cfg, of_setup_py


def test_setup_cfg_says_what_it_says_in_words() -> None:
    content = b"[metadata]\nname = a\nversion = 1%2\n[options]\npython_requires = >=3.9\n"
    assert of_setup_cfg(content) == {
        "name": "a",
        "version": "1%2",
        "requires_python": ">=3.9",
    }


def test_a_value_of_setup_cfg_that_points_elsewhere_is_unknown() -> None:
    facts = of_setup_cfg(b"[metadata]\nname = a\nversion = attr: a.__version__\n")
    assert facts["name"] == "a"
    assert "version" not in facts


def test_pkg_info_is_core_metadata() -> None:
    content = b"Metadata-Version: 2.2\nName: A.b\nVersion: 1.0\nRequires-Python: >=3.8\n\ntext"
    assert of_pkg_info(content) == {"name": "A.b", "version": "1.0", "requires_python": ">=3.8"}


@pytest.mark.parametrize(
    "call",
    [
        "from setuptools import setup\nsetup(name='a', version=V, python_requires='>=3.7')",
        "import setuptools as s\nif 1: s.setup(name='a', version=V, python_requires='>=3.7', x=y)",
    ],
)
def test_setup_py_is_read_and_not_run(call: str) -> None:
    facts = of_setup_py(f"raise SystemExit\nV = '2.0'\n{call}\n".encode())
    assert facts == {"name": "a", "version": "2.0", "requires_python": ">=3.7"}


@pytest.mark.parametrize(
    ("table", "call"),
    [
        ("dict(version='0', python_requires='>=3.8')", "setup(**kw)"),
        ("{'python_requires': R, 'version': '0'}", "if 1:\n    setup(name='a', **kw)"),
        ("dict(python_requires='>=3.6')", "setup(python_requires='>=3.8', **kw)"),
    ],
)
def test_the_pythons_may_be_in_a_table_that_setup_gets(table: str, call: str) -> None:
    facts = of_setup_py(f"R = '>=3.8'\nkw = {table}\nkw['version'] = 'f()'\n{call}\n".encode())
    assert facts["requires_python"] == ">=3.8"
    assert "version" not in facts


def test_what_setup_py_computes_is_unknown() -> None:
    assert of_setup_py(b"setup(name=f(), version=V, python_requires=3, **more)") == {}


@pytest.mark.parametrize("read", [of_setup_cfg, of_pkg_info, of_setup_py])
@pytest.mark.parametrize("content", [b"", b"print 'old'\n", b"\0", b"[x", b"\xff\xfe\n=\n"])
def test_what_cannot_be_read_says_nothing(read, content: bytes) -> None:  # noqa: ANN001
    assert not any(read(content).values())
