from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock import architectures, emulation
from wheeldock.builder import BuildEndedError
from wheeldock.errors import BuildFailedError, EmulationMissingError
from wheeldock.events import Event, Log, Step
from wheeldock.identifier import BuildIdentifier
from wheeldock.probe import program
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.request import BuildRequest

AARCH64, S390X = Architecture.AARCH64, Architecture.S390X
IDENTIFIERS = [
    BuildIdentifier.parse(f"cp313-manylinux_{name}") for name in ("x86_64", "aarch64", "s390x")
]


class FakeEngine:
    """An engine that runs programs of some architectures."""

    def __init__(
        self, *runs: Architecture, says: str = "exec /program: exec format error\n"
    ) -> None:
        self.emulates = set(runs)
        self.says = says
        self.tried: list[Architecture | None] = []

    def build(self, request: BuildRequest) -> Iterator[Event]:
        assert request.architecture is not None
        content = (request.context / "program").read_bytes()
        assert content.startswith(program(request.architecture))
        self.tried.append(request.architecture)
        if request.architecture not in self.emulates:
            step = Step("1", "[probe 2/2] RUN /program", 1.0)
            yield step
            yield Log("1", self.says)
            yield Step("1", step.name, 1.0, 2.0, error="exit code: 1")
            raise BuildEndedError

    def stop(self) -> None:
        """Nothing runs."""


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An x86_64 that was started just now."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(architectures, "native", lambda: Architecture.X86_64)
    boot = tmp_path / "boot"
    boot.write_text("one\n")
    monkeypatch.setattr(emulation, "_BOOT_ID", boot)
    return boot


def test_only_what_needs_qemu_is_tried() -> None:
    engine = FakeEngine(AARCH64, S390X)
    emulation.check(engine, None, IDENTIFIERS)
    assert engine.tried == [AARCH64, S390X]


def test_what_does_not_run_is_named_with_its_targets() -> None:
    with pytest.raises(EmulationMissingError, match=r"s390x.*cp313-manylinux_s390x") as caught:
        emulation.check(FakeEngine(AARCH64), None, IDENTIFIERS)
    assert "aarch64" not in caught.value.message


def test_that_it_runs_is_noted_for_a_builder_until_the_machine_starts_anew(machine: Path) -> None:
    engine = FakeEngine(AARCH64)
    for _ in range(2):
        assert emulation.runs(engine, "a/b", AARCH64)
    assert len(engine.tried) == 1
    assert emulation.runs(engine, None, AARCH64)
    machine.write_text("two\n")
    assert emulation.runs(engine, "a/b", AARCH64)
    assert len(engine.tried) == 3


def test_that_it_does_not_is_tried_each_time(machine: Path) -> None:
    engine = FakeEngine()
    assert not emulation.runs(engine, None, AARCH64)
    engine.emulates.add(AARCH64)
    assert emulation.runs(engine, None, AARCH64)
    machine.unlink()
    engine.emulates.clear()
    assert not emulation.runs(engine, None, AARCH64), "without a boot id nothing is taken for noted"


def test_another_failure_is_told_as_what_it_is() -> None:
    with pytest.raises(BuildFailedError, match="the probe for aarch64"):
        emulation.runs(FakeEngine(says="killed\n"), None, AARCH64)
