from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import architectures
from wheeldock.architectures import GROUPS, is_emulated, named, native
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Be another machine."""

    def be(name: str, *, aarch32: bool = False) -> None:
        monkeypatch.setattr("platform.machine", lambda: name)
        monkeypatch.setattr(architectures, "_runs_aarch32", lambda: aarch32)
        native.cache_clear()
        architectures._narrow.cache_clear()

    yield be
    native.cache_clear()
    architectures._narrow.cache_clear()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        # As CIBW_ARCHS=… cibuildwheel --platform linux --print-build-identifiers has it.
        ("x86_64", {"auto64": "x86_64", "auto32": "i686"}),
        ("aarch64", {"auto64": "aarch64", "auto32": ""}),
        ("aarch64+", {"auto64": "aarch64", "auto32": "armv7l"}),
        ("i686", {"auto64": "", "auto32": "i686"}),
        ("armv7l", {"auto64": "", "auto32": "armv7l"}),
        ("ppc64le", {"auto64": "ppc64le", "auto32": ""}),
        ("riscv64", {"auto64": "riscv64", "auto32": ""}),
    ],
)
def test_words_mean_what_cibuildwheel_means(
    machine: Callable[..., None], name: str, meant: dict[str, str]
) -> None:
    machine(name.rstrip("+"), aarch32=name.endswith("+"))
    assert named(["auto"]) == named(["native"]) == {native()}
    assert str(native()) == name.rstrip("+")
    for word, architecture in meant.items():
        assert named([word]) == set(filter(None, [architecture]))


@pytest.mark.parametrize(
    ("name", "architecture"),
    [("AMD64", Architecture.X86_64), ("arm64", Architecture.AARCH64), ("sparc64", None)],
)
def test_a_machine_is_known_by_what_its_system_calls_it(
    machine: Callable[..., None], name: str, architecture: Architecture | None
) -> None:
    machine(name)
    assert native() is architecture


def test_a_machine_without_a_policy_builds_what_it_emulates(machine: Callable[..., None]) -> None:
    machine("sparc64")
    assert named(["auto", "native", "auto32", "auto64"]) == frozenset()
    assert named(["auto", "s390x"]) == {Architecture.S390X}
    assert all(map(is_emulated, Architecture))


def test_all_is_all_and_words_add_up() -> None:
    assert named(["all"]) == frozenset(Architecture)
    assert named(["i686", "s390x", "i686"]) == {Architecture.I686, Architecture.S390X}
    assert not set(GROUPS) & set(Architecture)


def test_what_the_machine_runs_as_it_is_is_not_emulated(machine: Callable[..., None]) -> None:
    machine("x86_64")
    assert [a for a in Architecture if not is_emulated(a)] == ["x86_64", "i686"]
    machine("aarch64")
    assert [a for a in Architecture if not is_emulated(a)] == ["aarch64"]
    machine("aarch64", aarch32=True)
    assert [a for a in Architecture if not is_emulated(a)] == ["aarch64", "armv7l"]
