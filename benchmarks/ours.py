"""wheeldock's own way."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import wheeldock
from benchmarks.checks import WrongResultError, check_cached
from benchmarks.command import run
from benchmarks.place import identifiers, without
from wheeldock import report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from benchmarks.place import Place
    from benchmarks.scenarios import Scenario

Stages: TypeAlias = "Mapping[str, Mapping[str, float]]"
"""Seconds of each stage of each target."""

_CACHE_ID = "id=wheeldock-"


class Wheeldock:
    """`wheeldock build`, with cache mounts of its own instead of those that the user has filled."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._saved: Path | None = None
        package = place.home / "wheeldock"
        shutil.copytree(Path(wheeldock.__file__).parent, package)
        _rename_cache_mounts(package, place.image.prefix)
        # As pip does it, whoever installed what wheeldock imports.
        for folder in (package, sysconfig.get_path("purelib")):
            compileall.compile_dir(folder, quiet=2)

    def build(self, pythons: Sequence[str]) -> None:
        """Build in the project's folder, as a user does."""
        if self._saved:
            self._run((), "cache.restore", self._saved)
        self._run(pythons, "build", "--output-dir", self._place.output)

    def _run(self, pythons: Sequence[str], *words: str | Path) -> None:
        place = self._place
        run(
            Path(sys.executable).with_name("wheeldock"),
            *words,
            cwd=place.tree,
            environment={
                **without(os.environ, "WHEELDOCK_"),
                "PYTHONPATH": str(place.home),
                "XDG_CACHE_HOME": str(place.home / "cache"),
                "WHEELDOCK_BUILD": identifiers(pythons),
                "WHEELDOCK_MANYLINUX_X86_64_IMAGE": place.image.reference,
            },
        )

    def move(self) -> None:
        """Save the cache as a CI does, for the next build to restore."""
        self._saved = self._place.home / "saved"
        self._run((), "cache.save", self._saved)
        shutil.rmtree(self._place.tree / ".wheeldock")
        shutil.rmtree(self._place.home / "cache")

    def check(self, scenario: Scenario, pythons_before: Sequence[str]) -> Stages:
        """
        Check that what should come from the cache did, and nothing else.

        Return where the time went. Raises WrongResultError.
        """
        targets = report.read(self._place.tree / ".wheeldock" / "report.json").targets
        check_cached(targets, scenario, pythons_before)
        return {target.name: target.stages for target in targets}

    def close(self) -> None:
        """All is in the image's layers, cache mounts and folders."""


def _rename_cache_mounts(package: Path, prefix: str) -> None:
    renamed = 0
    for path in package.rglob("*"):
        if path.is_file() and _CACHE_ID.encode() in (content := path.read_bytes()):
            path.write_bytes(content.replace(_CACHE_ID.encode(), f"id={prefix}".encode()))
            renamed += 1
    if not renamed:
        raise WrongResultError(f"no cache mount's id begins with {_CACHE_ID}: cold is not cold")
