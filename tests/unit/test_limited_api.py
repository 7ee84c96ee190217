from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.limited_api import of_files, of_settings

if TYPE_CHECKING:
    from collections.abc import Sequence


@pytest.mark.parametrize(
    ("file", "text", "abis"),
    [
        ("pyproject.toml", '[tool.scikit-build]\nwheel.py-api = "cp312"', {"cp312-abi3"}),
        ("pyproject.toml", '[tool.scikit-build]\nwheel.py-api = "py3"', {"py3-none"}),
        ("pyproject.toml", '[tool.scikit-build]\nwheel.py-api = ""', set()),
        ("pyproject.toml", '[tool.distutils.bdist_wheel]\npy-limited-api="cp39"', {"cp39-abi3"}),
        ("pyproject.toml", "[tool.meson-python]\nlimited-api = true", {"cp32-abi3"}),
        ("pyproject.toml", "[tool.meson-python]\nlimited-api = false", set()),
        ("pyproject.toml", '[tool.maturin]\nfeatures = ["pyo3/abi3-py310"]', {"cp310-abi3"}),
        ("pyproject.toml", '[tool.maturin]\nbindings = "cffi"', {"py3-none"}),
        ("pyproject.toml", "# py-limited-api is for later\n[tool]", set()),
        ("setup.cfg", "[bdist_wheel]\npy_limited_api = cp37", {"cp37-abi3"}),
        ("setup.cfg", "[bdist_wheel]\nuniversal = 0", set()),
        ("setup.py", "setup(options={'bdist_wheel': {'py_limited_api': 'cp311'}})", {"cp311-abi3"}),
        ("setup.py", "Extension('a', ['a.c'], py_limited_api=True)", {"cp32-abi3"}),
        ("setup.py", "Extension('a', ['a.c'], py_limited_api=False)", set()),
        ("setup.py", "RustExtension('a', py_limited_api='auto')", {"cp32-abi3"}),
        ("setup.py", "def get_tag(self):\n    return 'py3', 'none', platform", {"py3-none"}),
        ("setup.py", "raise RuntimeError('abi3 wheels cannot be built')", {"cp32-abi3"}),
        ("hatch_build.py", "build_data['tag'] = f'py3-none-{platform}'", {"py3-none"}),
        ("Cargo.toml", 'pyo3 = {features = ["abi3-py38", "extension-module"]}', {"cp38-abi3"}),
        ("Cargo.toml", 'pyo3 = {features = ["abi3"]}', {"cp32-abi3"}),
        ("meson.build", "py.extension_module('a', 'a.c', limited_api: '3.9')", {"cp32-abi3"}),
        ("meson.build", "py.extension_module('a', 'a.c')", set()),
        ("README.md", "has abi3 wheels", set()),
    ],
)
def test_files_say_which_abis_wheels_should_have(file: str, text: str, abis: set[str]) -> None:
    assert of_files({file: text.encode()}) == abis


def test_what_several_files_say_counts_together() -> None:
    files = {
        "setup.py": b"Extension(py_limited_api=True)",
        "setup.cfg": b"\xff\npy-limited-api = cp38",
    }
    assert of_files(files) == {"cp32-abi3", "cp38-abi3"}


@pytest.mark.parametrize(
    ("key", "value", "abis"),
    [
        ("--build-option", "--py-limited-api=cp311", {"cp311-abi3"}),
        ("--global-option", ["--verbose", "--py-limited-api=cp36"], {"cp36-abi3"}),
        ("wheel.py-api", "cp312", {"cp312-abi3"}),
        ("setup-args", "-Dpython.allow_limited_api=true", {"cp32-abi3"}),
        ("setup-args", "-Dpython.allow_limited_api=false", set()),
        ("cmake.build-type", "Release", set()),
    ],
)
def test_so_do_config_settings(key: str, value: str | Sequence[str], abis: set[str]) -> None:
    assert of_settings({key: value}) == abis
