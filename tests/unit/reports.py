"""What a run came to, for what shows it or reads it again."""

from __future__ import annotations

from typing import Any

from wheeldock.report import RunReport, TargetReport

SDIST = TargetReport(
    name="sdist",
    file="pyovf-0.3.0.tar.gz",
    size=130_028,
    sha256="0123456789abcdef" * 4,
    stages={"env": 0.0, "sdist": 0.0},
    seconds=0.41,
    cached=True,
)
FAILED = TargetReport(
    name="cp39-manylinux_x86_64",
    file=None,
    size=None,
    sha256=None,
    stages={"env": 4.1, "build": 8.0},
    seconds=12.6,
    cached=False,
    error="cp39-manylinux_x86_64, stage build: exit code 1\n    a.c:1: error: no [bold]such thing",
    exit_code=30,
)
CACHES = {"compiles": {"hits": 3, "misses": 1}, "links": {"hits": 1, "misses": 0}}
"""Of a target that compiled."""


def wheel(minor: int, *, cached: bool = False) -> TargetReport:
    """Of CPython 3.`minor`."""
    return TargetReport(
        name=f"cp3{minor}-manylinux_x86_64",
        file=f"pyovf-0.3.0-cp3{minor}-cp3{minor}-manylinux_2_28_x86_64.whl",
        size=1_234_567,
        sha256="fedcba9876543210" * 4,
        stages={} if cached else {"tools": 20.12, "env": 4.0, "build": 12.3, "wheel": 0.01},
        seconds=0.4 if cached else 36.6,
        cached=cached,
    )


def run(*targets: TargetReport, **facts: Any) -> RunReport:
    """The report of a run of those targets, with those facts instead of what tests have alike."""
    alike = {
        "wheeldock": "0.1.0",
        "project": "tiny",
        "version": "1.0",
        "started": "2026-11-24T10:51:21+00:00",
        "seconds": 12.34,
        "base_image": "example.org/manylinux@sha256:0",
        "stand_in": False,
    }
    return RunReport(targets=targets, **{**alike, **facts})
