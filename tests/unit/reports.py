"""What a run came to, for what shows it or reads it again."""

from __future__ import annotations

from typing import Any

from wheeldock.report import RunReport, TargetReport


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
