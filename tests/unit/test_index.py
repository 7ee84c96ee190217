from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pypi_simple import PYPI_SIMPLE_ENDPOINT

from wheeldock.index import index_url

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that pip reads, on a machine that has no other."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "user"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path}/machine:{tmp_path}/weaker")
    monkeypatch.setattr("sys.prefix", str(tmp_path / "venv"))
    monkeypatch.setattr("wheeldock.index._MACHINE_FILE", str(tmp_path / "etc" / "pip.conf"))
    return tmp_path / "pip.conf"


def configure(path: Path, url: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"[global]\nindex-url = {url}\n")


@pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_the_environment_names_the_index(configuration: Path, variable: str) -> None:
    configure(configuration, "http://file")
    environ = {"PIP_CONFIG_FILE": str(configuration), variable: "http://environment/50%25"}
    assert index_url(environ) == "http://environment/50%25"


def test_uv_may_give_its_index_a_name(configuration: Path) -> None:
    assert configuration.name == "pip.conf"
    assert index_url({"UV_DEFAULT_INDEX": "mine=http://a/?b=c"}) == "http://a/?b=c"


def test_without_any_word_it_is_the_librarys_own(configuration: Path) -> None:
    assert index_url({"PIP_INDEX_URL": ""}) == PYPI_SIMPLE_ENDPOINT
    configuration.write_text("[install]\nindex-url = http://other\n")
    assert index_url({"PIP_CONFIG_FILE": str(configuration)}) == PYPI_SIMPLE_ENDPOINT


def test_pips_files_come_from_the_weakest_to_the_strongest(configuration: Path) -> None:
    folder = configuration.parent
    names = ["weaker/pip", "machine/pip", "etc", ".pip", "user/pip", "venv"]
    weakest_first = [folder / name / "pip.conf" for name in names]
    for path in weakest_first:
        path.parent.mkdir(parents=True)
        configure(path, f"http://{path.parent.parent.name}%20{path.parent.name}")
        assert index_url({}) == f"http://{path.parent.parent.name}%20{path.parent.name}"
    configure(configuration, "http://named")
    assert index_url({"PIP_CONFIG_FILE": str(configuration)}) == "http://named"
    assert index_url({"PIP_CONFIG_FILE": "/dev/null"}) == PYPI_SIMPLE_ENDPOINT
