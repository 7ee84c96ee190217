"""What a step may use of the machine, and how build tools learn of it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.unit.compiler_modules import load_script

if TYPE_CHECKING:
    from pathlib import Path

machine = load_script("machine")

GIB = 2**30


@pytest.mark.parametrize(
    ("processors", "memory", "at_once"),
    [
        (2, 24 * GIB, 2),
        (64, 256 * GIB, 64),
        (64, 16 * GIB, 16),
        (8, GIB // 2, 1),
        (0.5, 8 * GIB, 1),
        (2.5, 8 * GIB, 2),
    ],
)
def test_a_processor_and_a_gibibyte_for_each_compile(
    processors: float, memory: int, at_once: int
) -> None:
    assert machine.compiles_at_once(processors, memory) == at_once


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"{text}\n")


def test_processors_without_a_quota(tmp_path: Path) -> None:
    allowed = len(os.sched_getaffinity(0))
    assert machine.processors(tmp_path) == allowed
    write(tmp_path / "cpu.max", "max 100000")
    assert machine.processors(tmp_path) == allowed
    write(tmp_path / "cpu/cpu.cfs_quota_us", "-1")
    write(tmp_path / "cpu/cpu.cfs_period_us", "100000")
    assert machine.processors(tmp_path) == allowed


def test_processors_with_a_quota(tmp_path: Path) -> None:
    write(tmp_path / "two/cpu.max", "50000 100000")
    write(tmp_path / "one/cpu/cpu.cfs_quota_us", "50000")
    write(tmp_path / "one/cpu/cpu.cfs_period_us", "100000")
    write(tmp_path / "large/cpu.max", "100000000 100000")
    assert machine.processors(tmp_path / "two") == 0.5
    assert machine.processors(tmp_path / "one") == 0.5
    assert machine.processors(tmp_path / "large") == len(os.sched_getaffinity(0))


def test_memory(tmp_path: Path) -> None:
    write(tmp_path / "meminfo", "MemTotal:       4194304 kB\nMemFree:  1 kB")
    of = {"meminfo": tmp_path / "meminfo"}
    assert machine.memory(tmp_path, **of) == 4 * GIB
    write(tmp_path / "memory/memory.limit_in_bytes", "9223372036854771712")
    assert machine.memory(tmp_path, **of) == 4 * GIB
    write(tmp_path / "memory.max", "max")
    assert machine.memory(tmp_path, **of) == 4 * GIB
    write(tmp_path / "memory.max", f"{GIB}")
    assert machine.memory(tmp_path, **of) == GIB


def test_of_this_machine() -> None:
    assert machine.processors() > 0
    assert machine.memory() > GIB // 8


def test_build_tools_learn_of_it() -> None:
    assert machine.parallel_builds({}, 3) == {"CMAKE_BUILD_PARALLEL_LEVEL": "3", "MAKEFLAGS": "-j3"}


def test_what_somebody_has_set_stays() -> None:
    own = {"MAKEFLAGS": "", "CMAKE_BUILD_PARALLEL_LEVEL": "1"}
    assert machine.parallel_builds(own, 3) == {}


def test_make_takes_it(tmp_path: Path) -> None:
    recipe = "a b: ; @echo $@ >> log; while [ $$(wc -l < log) -lt 2 ]; do sleep 0.01; done"
    write(tmp_path / "Makefile", f"all: a b\n{recipe}")
    environment = os.environ | machine.parallel_builds({}, 2)
    # With one job at a time the first would wait for the second for ever.
    make = ["make", "-C", str(tmp_path)]
    subprocess.run(make, env=environment, check=True, capture_output=True, timeout=10)
