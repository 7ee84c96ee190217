from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_cache import export

from wheeldock.builder import BuildEndedError
from wheeldock.cache import TargetCache
from wheeldock.errors import BuildFailedError, StoppedError
from wheeldock.events import Event, Log, Notice, Step
from wheeldock.progress import Progress
from wheeldock.request import BuildRequest
from wheeldock.seeds import Seeder, Seeds
from wheeldock.targets import TargetMaker, TargetResult

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wheeldock.reuse import Counts

SDIST = "tiny-1.0.tar.gz"
DIGEST = 'failed commit on ref "layer-sha256:04": unexpected commit digest sha256:d3'
COPYING = [Step("1", "exporting to client directory", 1.0, error=DIGEST)]
COMPILING = [
    Step(
        "1",
        "[build 1/1] RUN make",
        1.0,
        error="process did not complete successfully: exit code: 1",
    )
]


class Builder:
    """Fails with each list of events in turn, then builds."""

    def __init__(self, *failures: Sequence[Event], log: str = "") -> None:
        self.failures = list(failures)
        self.log = log
        self.requests: list[BuildRequest] = []

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.requests.append(request)
        if request.output is None:
            yield Notice("seeded")
            return
        assert request.cache_to is None or list(request.cache_to.iterdir()) == []
        assert isinstance(request.output, Path)
        assert not request.output.exists()
        request.output.mkdir()
        if self.failures:
            (request.output / "half").touch()
            if request.cache_to:
                (request.cache_to / "ingest").mkdir()
            yield from self.failures.pop(0)
            raise BuildEndedError
        (request.output / SDIST).write_bytes(b"made")
        if request.cache_to:
            export(request.cache_to)
        yield Log("1", self.log)
        yield Step("1", "[file 1/1] COPY", 1.0, 2.0)

    def stop(self) -> None:
        """Do nothing."""


class Says(Progress):
    """A display that keeps what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


class Bench:
    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache" / "sdist"
        self.output = folder / "out"
        self.display = Says()

    def make(
        self,
        builder: Builder,
        compiled: Callable[[Counts], None] = lambda _: None,
        **arguments: str,
    ) -> TargetResult:
        maker = self.maker(builder, self.cache.parent)
        request = BuildRequest(
            target="t",
            dockerfile=Path("D"),
            context=Path(),
            output=self.output,
            build_args=arguments,
        )
        return maker.make("sdist", request, self.output, compiled=compiled)

    def maker(self, builder: Builder, cache: Path | None) -> TargetMaker:
        folder = self.output.parent
        seeding = BuildRequest(
            target="seed",
            dockerfile=Path("D"),
            context=Path(),
            contexts={"seeds": folder / "seeds"},
            output=None,
        )
        seeder = Seeder(builder, "base", Seeds(), seeding)
        return TargetMaker(
            builder=builder, display=self.display, base_image="base", seeder=seeder, cache=cache
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_what_was_exported_is_imported_next_time(bench: Bench) -> None:
    builder = Builder()
    bench.make(builder)
    bench.output.rename(bench.output.with_name("first"))
    bench.make(builder)
    assert [request.cache_from for request in builder.requests] == [None, bench.cache]


def test_the_time_that_a_build_is_given_is_told(bench: Bench) -> None:
    assert bench.make(Builder(), EPOCH="1700000000").report.epoch == 1700000000


def test_what_the_compiler_cache_gave_is_told_before_the_build_ends(bench: Bench) -> None:
    told: list[Counts] = []
    builder = Builder(log='wheeldock-cache: {"compiles": {"hits": 2, "misses": 1}}\n')
    bench.make(builder, told.append)
    # With the line that says so, and with the step that comes after it.
    assert told == [{"compiles": {"hits": 2, "misses": 1}}] * 2


def test_a_cache_that_breaks_a_build_is_left_out_and_that_is_said(bench: Bench) -> None:
    export(bench.cache, b"broken")
    builder = Builder(COPYING)
    result = bench.make(builder)
    assert result.error is None
    assert result.report.file == SDIST
    assert result.report.stages == {"file": 1.0}
    assert [request.cache_from for request in builder.requests] == [bench.cache, None]
    (said,) = bench.display.said
    assert "unexpected commit digest" in said
    export(bench.cache.with_name("expected"))
    assert {path.name for path in bench.cache.rglob("*")} == {
        path.name for path in bench.cache.with_name("expected").rglob("*")
    }


def test_a_cache_that_cannot_be_written_costs_no_build_and_that_is_said(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = bench.cache.with_name("sdist.new")
    monkeypatch.setattr(TargetCache, "fresh", property(lambda _: fresh))
    export(bench.cache)
    full = f"ERROR: failed to solve: write {fresh}/ingest/ref: no space left on device"
    builder = Builder([Step("1", "[build 1/1] RUN make", 1.0, 6.0), Notice(full)])
    result = bench.make(builder)
    assert result.error is None
    assert (result.report.stages, result.report.cached) == ({"build": 5.0}, False)
    asked = [(request.cache_from, bool(request.cache_to)) for request in builder.requests]
    assert asked == [(bench.cache, True), (bench.cache, False)]
    (said,) = bench.display.said
    assert said.startswith("sdist: no cache is kept: failed to solve: write ")
    assert [path.name for path in bench.cache.parent.iterdir()] == ["sdist"]


def test_a_cache_whose_folder_has_no_room_costs_no_build(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(cache: TargetCache) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(cache.path))

    monkeypatch.setattr(TargetCache, "prepare", full)
    builder = Builder()
    assert bench.make(builder).error is None
    assert [request.cache_to for request in builder.requests] == [None]
    assert bench.display.said == [
        f"sdist: no cache is kept: No space left on device: {bench.cache}"
    ]


def test_a_build_that_fails_without_the_cache_too_has_failed(bench: Bench) -> None:
    export(bench.cache)
    builder = Builder(COPYING, COPYING)
    assert type(bench.make(builder).error) is BuildFailedError
    assert len(builder.requests) == 2
    assert bench.cache.is_dir()


@pytest.mark.parametrize(
    ("events", "error"),
    [
        (COMPILING, BuildFailedError),
        ([Notice("ERROR: failed to solve: context canceled")], StoppedError),
    ],
)
def test_a_failure_of_another_cause_is_not_tried_again(
    bench: Bench, events: Sequence[Event], error: type[Exception]
) -> None:
    export(bench.cache)
    builder = Builder(events)
    assert type(bench.make(builder).error) is error
    assert len(builder.requests) == 1
    assert bench.display.said == []


def test_a_build_that_lacks_what_the_machine_has_is_tried_again_with_it(bench: Bench) -> None:
    export(bench.cache)
    lack = Step("1", "[tools 1/1] RUN x", 1.0, error="did not complete successfully: exit code: 97")
    builder = Builder([lack, Log("1", "wheeldock-seeds: missing: the CA bundle\n")])
    assert bench.make(builder).error is None
    targets = [(request.target, request.cache_from) for request in builder.requests]
    assert targets == [("t", bench.cache), ("seed", None), ("t", bench.cache)]
    assert bench.display.said == []


def test_a_build_without_a_cache_is_not_tried_again(bench: Bench) -> None:
    builder = Builder(COPYING)
    assert type(bench.make(builder).error) is BuildFailedError
    assert len(builder.requests) == 1


def test_a_folder_of_someone_else_is_left_alone(bench: Bench) -> None:
    bench.cache.mkdir(parents=True)
    (bench.cache / "thesis.txt").write_text("mine")
    assert bench.make(Builder()).error is None
    assert [path.name for path in bench.cache.parent.rglob("*")] == ["sdist", "thesis.txt"]
    (said,) = bench.display.said
    assert str(bench.cache) in said


def test_without_a_cache_folder_nothing_is_imported_or_exported(bench: Bench) -> None:
    builder = Builder()
    maker = bench.maker(builder, None)
    request = BuildRequest(target="t", dockerfile=Path("D"), context=Path(), output=bench.output)
    assert maker.make("sdist", request, bench.output).error is None
    (request,) = builder.requests
    assert (request.cache_from, request.cache_to) == (None, None)
    assert not bench.cache.parent.exists()


def test_what_is_odd_of_its_compiles_is_said_and_in_the_report(bench: Bench) -> None:
    counts = '{"compiles": {"hits": 0, "misses": 2}, "links": {"hits": 0, "misses": 1}'
    made = bench.make(Builder(log=f'wheeldock-cache: {counts}, "doubt": "all-missed"}}\n'))
    assert bench.display.said == [made.report.warning]
    assert made.report.warning.startswith("sdist: none of its 2 compiles ")
