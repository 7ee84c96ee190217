"""One target: from a request to a distribution, or to the reason why there is none."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock import reuse
from wheeldock.builder import BuildEndedError
from wheeldock.cache import NoCache, TargetCache
from wheeldock.errors import BuildFailedError, WheeldockError
from wheeldock.failures import ended_in_a_command, explain
from wheeldock.recipe import epoch_of
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport
from wheeldock.seeds import lacking
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    from wheeldock.builder import Builder
    from wheeldock.progress import Progress
    from wheeldock.request import BuildRequest
    from wheeldock.reuse import Counts
    from wheeldock.seeds import Seeder
    from wheeldock.wheelhouse import Distribution

    Requirements: TypeAlias = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class TargetResult:
    """What became of a target: its report, and its distribution or its error."""

    report: TargetReport
    distribution: Distribution | None = None
    error: WheeldockError | None = None
    provenance: bytes = b""
    """How it came about, as BuildKit says it in JSON; empty where it was not asked."""

    @classmethod
    def made(
        cls,
        name: str,
        distribution: Distribution,
        record: BuildRecord,
        seconds: float,
        requirements: Requirements | None = None,
    ) -> TargetResult:
        """The result of a build that gave a distribution, with what its environment had."""
        report = TargetReport(
            name=name,
            file=distribution.path.name,
            size=distribution.size,
            sha256=distribution.sha256(),
            stages=record.seconds,
            seconds=seconds,
            cached=record.cached,
            compiler_cache=record.caches,
            build_requirements=requirements or {},
            warning=reuse.warning(name, record.doubt, record.caches),
        )
        return cls(report, distribution=distribution)

    @classmethod
    def failed(
        cls, name: str, error: WheeldockError, record: BuildRecord, seconds: float
    ) -> TargetResult:
        """The result of a build that did not."""
        report = TargetReport(
            name=name,
            stages=record.seconds,
            seconds=seconds,
            error=error.message,
            exit_code=error.code,
        )
        return cls(report, error=error)


@dataclass(frozen=True, kw_only=True)
class TargetMaker:
    """Builds targets of one project; safe to use from several threads."""

    builder: Builder
    display: Progress
    base_image: str
    seeder: Seeder
    cache: Path | None
    """The folder of the project's cache exports; None to use and to leave none."""
    attest: bool = False
    """Whether BuildKit tells how each came about."""

    def make(
        self,
        name: str,
        request: BuildRequest,
        output: Path,
        check: Callable[[Distribution], None] | None = None,
        compiled: Callable[[Counts], None] = lambda _: None,
    ) -> TargetResult:
        """
        Build a target whose result goes to `output`; its failure is in the result.

        `check` raises WheeldockError for a distribution that is not to be had. `compiled` gets
        what came from the compiler cache, more than once, as soon as all is compiled.
        """
        cache = TargetCache(self.cache / name) if self.cache else NoCache()
        clock = time.monotonic()
        self.display.started(name)
        if foreign := cache.foreign:
            self.display.say(f"{name}: no cache is kept: {foreign} has files of someone else")
        record = BuildRecord()
        try:
            self._build(name, request, output, cache, record, compiled)
            requirements = json.loads(_take(output, "build-requirements.json") or "{}")
            provenance = _take(output, "provenance.json")
            distribution = _only_distribution(name, output)
            if check:
                check(distribution)
            cache.commit()
        except WheeldockError as error:
            result = TargetResult.failed(name, error, record, time.monotonic() - clock)
        else:
            seconds = time.monotonic() - clock
            made = TargetResult.made(name, distribution, record, seconds, requirements)
            told = replace(made.report, epoch=epoch_of(request))
            result = replace(made, report=told, provenance=provenance)
        finally:
            cache.discard()
        self.display.finished(result.report)
        if result.report.warning:
            self.display.say(result.report.warning)
        return result

    def _build(
        self,
        name: str,
        request: BuildRequest,
        output: Path,
        cache: TargetCache | NoCache,
        record: BuildRecord,
        compiled: Callable[[Counts], None],
    ) -> None:
        """Build, and again where that may help; `record` tells of the last that did all work."""
        asked = replace(request, provenance=self.attest)
        fresh = self._prepared(name, cache)
        attempt = replace(asked, cache_from=cache.usable(), cache_to=fresh)
        latest = record
        while again := self._attempt(name, attempt, latest, compiled):
            shutil.rmtree(output, ignore_errors=True)
            cache.discard()
            if again.cache_to or not attempt.cache_to:
                record.clear()
                latest = record
            else:
                # Only the export failed: all was done before, and is done no more.
                latest = BuildRecord()
            fresh = self._prepared(name, cache) if again.cache_to else None
            attempt = replace(again, cache_to=fresh)

    def _attempt(
        self,
        name: str,
        request: BuildRequest,
        record: BuildRecord,
        compiled: Callable[[Counts], None],
    ) -> BuildRequest | None:
        """Build, and return what to build instead if that may come to a better end."""
        seeded = self.seeder.times
        try:
            for event in self.builder.build(request):
                record.add(event)
                self.display.event(name, event, record)
                if record.caches is not None:
                    compiled(record.caches)
        except BuildEndedError:
            if lacking(record) and self.seeder.fill(seeded):
                return request
            error = explain(name, self.base_image, record)
            why = error.message.rpartition("\n")[2].rpartition(": ERROR: ")[2]
            if request.cache_to and str(request.cache_to) in why:
                self.display.say(f"{name}: no cache is kept: {why}")
                return replace(request, cache_to=None)
            broken = isinstance(error, BuildFailedError) and not ended_in_a_command(record)
            if request.cache_from is None or not broken:
                raise error from None
            self.display.say(
                f"{name}: building once more without the cache in {request.cache_from}, "
                f"which may be what broke this build: {why}"
            )
            return replace(request, cache_from=None)
        return None

    def _prepared(self, name: str, cache: TargetCache | NoCache) -> Path | None:
        """Where a cache export goes, or None, which is said, where there can be none."""
        try:
            return cache.prepare()
        except OSError as error:
            self.display.say(f"{name}: no cache is kept: {error.strerror}: {error.filename}")
            return None


def _take(folder: Path, name: str) -> bytes:
    """What is in a file beside the distribution, which is taken away; empty where there is none."""
    note = folder / name
    if not note.is_file():
        return b""
    found = note.read_bytes()
    note.unlink()
    return found


def _only_distribution(name: str, folder: Path) -> Distribution:
    paths = sorted(folder.iterdir())
    distribution = read_distribution(paths[0]) if len(paths) == 1 else None
    if distribution is None:
        names = ", ".join(path.name for path in paths) or "nothing"
        raise BuildFailedError(f"{name}: one distribution was due, and the build made {names}")
    return distribution
