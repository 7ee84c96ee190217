from __future__ import annotations

import pytest

from wheeldock import foreign
from wheeldock.errors import BuildFailedError, EmulationMissingError
from wheeldock.events import Log, Step
from wheeldock.failures import explain
from wheeldock.record import BuildRecord
from wheeldock.tags import Architecture

NAME = "cp313-manylinux_aarch64"


def failed(log: str, error: str = "exit code: 1", stage: str = "build") -> BuildRecord:
    record = BuildRecord()
    name = f"[{stage} 1/1] RUN python"
    record.add(Step("1", name, started=1.0))
    record.add(Log("1", log))
    record.add(Step("1", name, started=1.0, completed=2.0, error=error))
    return record


@pytest.mark.parametrize("stage", ["tools", "build", "seed"])
def test_a_step_whose_shell_does_not_start_needs_qemu(stage: str) -> None:
    error = explain(NAME, "img", failed("exec /bin/bash: exec format error\n", stage=stage))
    assert isinstance(error, EmulationMissingError)
    assert NAME in error.message
    assert "for aarch64" in error.message
    assert "invoke setup --archs aarch64" in error.cure
    assert "--install arm64" in error.cure


def test_other_engines_say_so_in_the_steps_error() -> None:
    error = explain(NAME, "img", failed("", "failed: exec /bin/sh: exec format error"))
    assert isinstance(error, EmulationMissingError)


def test_what_is_for_no_identifier_names_no_architecture() -> None:
    error = explain("seed", "img", failed("exec /bin/sh: exec format error\n"))
    assert "for another architecture" in error.message
    assert "--install all" in error.cure


def test_a_program_within_a_step_that_does_not_start_is_the_builds_own_matter() -> None:
    error = explain(NAME, "img", failed("/bin/sh: 1: ./tool: Exec format error\n"))
    assert isinstance(error, BuildFailedError)
    assert error.cure == ""


def test_a_crash_in_qemu_is_told_with_the_log() -> None:
    log = (
        "g++ -c a.cpp\n"
        "qemu: uncaught target signal 11 (Segmentation fault) - core dumped\n"
        "error: command '/usr/bin/g++' failed with exit code -11\n"
    )
    error = explain(NAME, "img", failed(log))
    assert isinstance(error, BuildFailedError)
    assert "a program crashed in QEMU: Segmentation fault" in error.message
    assert "g++ -c a.cpp" in error.message
    assert "a newer one" in error.cure


def test_missing_emulators_are_named_with_what_needs_them() -> None:
    names = [f"cp3{minor}-manylinux_armv7l" for minor in range(9, 15)]
    error = foreign.missing({Architecture.AARCH64: [NAME], Architecture.ARMV7L: names})
    first, second = error.message.splitlines()
    assert first.endswith(NAME)
    assert second.endswith(f"{names[0]} and 5 others")
    assert "invoke setup --archs aarch64,armv7l" in error.cure
    assert "--install arm64,arm`" in error.cure
