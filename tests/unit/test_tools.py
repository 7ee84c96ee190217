from __future__ import annotations

import gzip
import threading
from typing import TYPE_CHECKING

import pytest
from tests.unit.test_images import TOOLS, FakeEngine, info

from wheeldock import images
from wheeldock.builder import BuildEndedError, BuildStoppedError
from wheeldock.events import Log, Notice, Step
from wheeldock.request import BuildRequest, ImageOutput
from wheeldock.seeds import Seeder, Seeds
from wheeldock.tools import KeptTools, ToolsKeeper

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.events import Event

OTHER = "0" * 64
CONTENT = gzip.compress(b"tools" * 1000, mtime=0)  # tests are named by it, alike in each worker


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's folder of their own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "home"))


@pytest.fixture
def kept(tmp_path: Path) -> KeptTools:
    return KeptTools(tmp_path / "tiny/tools-manylinux_2_28_x86_64")


def put(kept: KeptTools, content: bytes = CONTENT, inputs: str = TOOLS.inputs) -> None:
    kept.path.mkdir(parents=True, exist_ok=True)
    kept.file.write_bytes(content)
    (kept.path / "inputs").write_text(inputs)


# --- what is kept ---


def test_nothing_is_there_at_first(kept: KeptTools) -> None:
    assert (kept.inputs, kept.flaw()) == ("", "missing")


@pytest.mark.parametrize("inputs", ["", "other", "\xe4", "g" * 64])
def test_what_is_no_digest_tells_of_nothing(kept: KeptTools, inputs: str) -> None:
    put(kept, inputs=inputs)
    assert (kept.inputs, kept.flaw()) == ("", "missing")


@pytest.mark.parametrize("thorough", [False, True])
def test_a_whole_one_has_no_flaw(kept: KeptTools, *, thorough: bool) -> None:
    put(kept)
    assert kept.inputs == TOOLS.inputs
    assert kept.flaw(thorough=thorough) == ""


@pytest.mark.parametrize(
    ("content", "flaw", "found"),
    [
        (b"", "no tools", "no tools"),
        (b"something else", "no tools", "no tools"),
        (CONTENT[:-20], "", "corrupt"),
        (CONTENT[:20] + b"\0" + CONTENT[21:], "", "corrupt"),
    ],
)
def test_what_is_damaged_is_found(kept: KeptTools, content: bytes, flaw: str, found: str) -> None:
    put(kept, content)
    assert kept.flaw() == flaw
    assert kept.flaw(thorough=True) == found


def test_tools_of_two_checkouts_are_kept_with_what_they_were_made_from(kept: KeptTools) -> None:
    other = KeptTools(kept.path, checkout="89abcdef")
    with kept.renewed() as mine:
        with other.renewed() as theirs:
            (theirs / KeptTools.FILE).write_bytes(b"theirs")
            other.note_inputs("b" * 64)
        (mine / KeptTools.FILE).write_bytes(b"mine")
        assert kept.file.read_bytes() == b"theirs"
        assert kept.inputs == "b" * 64
        kept.note_inputs("a" * 64)
    assert kept.file.read_bytes() == b"mine"
    assert kept.inputs == "a" * 64


# --- keeping ---


class Engine(FakeEngine):
    """An engine that notes what is built on it."""

    def __init__(self, *infos: images.ImageInfo) -> None:
        super().__init__(*infos)
        self.built: list[str] = []
        self.fails: dict[str, list[Event]] = {}
        """What is said before a target's build fails, once."""
        self.stopped = False
        self.meeting: threading.Barrier | None = None
        """Where builds wait for each other."""

    def build(self, request: BuildRequest) -> Iterator[Event]:
        self.built.append(request.target)
        if self.meeting:
            self.meeting.wait(timeout=10)
        if request.target in self.fails:
            yield from self.fails.pop(request.target)
            raise BuildStoppedError if self.stopped else BuildEndedError
        yield Step("1", f"[{request.target} 1/1] COPY", 1.0, 2.0)
        if request.target == "tools-file":
            assert not isinstance(request.output, (ImageOutput, type(None)))
            (request.output / KeptTools.FILE).write_bytes(CONTENT)


class Bench:
    """What keeps the tools of `tiny`."""

    def __init__(self, engine: Engine, kept: KeptTools, *, has_images: bool = True) -> None:
        self.engine = engine
        self.kept = kept
        self.said: list[str] = []
        folder = kept.path.parent
        contexts = {"seeds": folder / "seeds"}
        seeding = BuildRequest(
            target="seed", dockerfile=folder, context=folder, output=None, contexts=contexts
        )
        image = BuildRequest(
            target="builder", dockerfile=folder, context=folder, output=ImageOutput(TOOLS.name)
        )
        self.keeper = ToolsKeeper(
            buildx=engine,
            seeder=Seeder(engine, "base", Seeds(), seeding),
            tools=TOOLS,
            kept=kept,
            image=image if has_images else None,
            file=BuildRequest(
                target="tools-file", dockerfile=folder, context=folder, output=kept.fresh
            ),
            say=self.said.append,
        )

    def keep(self) -> list[str]:
        """Keep them and return what was built for that."""
        self.engine.built.clear()
        self.keeper.keep()
        return self.engine.built


def current() -> Engine:
    """An engine that has the image as it would be made today."""
    return Engine(info(TOOLS.name, labels=TOOLS.labels()))


def test_image_and_file_are_made_when_there_are_none(kept: KeptTools) -> None:
    bench = Bench(Engine(), kept)
    assert sorted(bench.keep()) == ["builder", "tools-file"]
    assert kept.inputs == TOOLS.inputs
    assert kept.flaw(thorough=True) == ""
    assert [path.name for path in kept.path.parent.iterdir()] == [kept.path.name]
    assert bench.said == []


def test_image_and_file_are_made_at_once(kept: KeptTools) -> None:
    bench = Bench(Engine(), kept)
    bench.engine.meeting = threading.Barrier(2)
    bench.keep()
    assert bench.said == []


def test_nothing_is_made_when_nothing_changed(kept: KeptTools) -> None:
    put(kept)
    assert Bench(current(), kept).keep() == []


def test_only_what_is_out_of_date_is_made(kept: KeptTools) -> None:
    put(kept)
    assert Bench(Engine(), kept).keep() == ["builder"]
    old = {**TOOLS.labels(), images.INPUTS: "other"}
    assert Bench(Engine(info(TOOLS.name, labels=old)), kept).keep() == ["builder"]
    put(kept, b"old", inputs=OTHER)
    assert Bench(current(), kept).keep() == ["tools-file"]
    assert kept.file.read_bytes() == CONTENT


def test_a_file_that_is_gone_or_none_of_tools_is_made_again(kept: KeptTools) -> None:
    for damage in (kept.file.unlink, lambda: kept.file.write_bytes(b"something else")):
        put(kept)
        damage()
        assert Bench(current(), kept).keep() == ["tools-file"]
        assert kept.flaw(thorough=True) == ""


def test_a_builder_without_the_engines_images_makes_none(kept: KeptTools) -> None:
    assert Bench(Engine(), kept, has_images=False).keep() == ["tools-file"]


def test_what_is_someone_elses_is_not_replaced(kept: KeptTools) -> None:
    kept.path.mkdir(parents=True)
    (kept.path / "notes.txt").write_text("mine")
    assert Bench(current(), kept).keep() == []
    assert [path.name for path in kept.path.iterdir()] == ["notes.txt"]


def failed(line: str) -> list[Event]:
    step = Step("1", "[tools 2/2] RUN", started=1.0, completed=2.0, error="exit code: 1")
    return [step, Log("1", f"{line}\n")]


def test_a_failure_is_said_and_leaves_what_was_there(kept: KeptTools) -> None:
    put(kept, inputs=OTHER)
    bench = Bench(current(), kept)
    bench.engine.fails["tools-file"] = [*failed("no network"), Notice("ERROR: x")]
    assert bench.keep() == ["tools-file"]
    (said,) = bench.said
    assert said.startswith(f"The tools of {TOOLS.name} are not kept: tools")
    assert kept.inputs == OTHER
    assert [path.name for path in kept.path.parent.iterdir()] == [kept.path.name]


def test_a_failure_of_the_image_is_said_and_the_file_is_made(kept: KeptTools) -> None:
    bench = Bench(Engine(), kept)
    bench.engine.fails["builder"] = [*failed("no space"), Notice("ERROR: x")]
    assert sorted(bench.keep()) == ["builder", "tools-file"]
    (said,) = bench.said
    assert said.startswith(f"The image {TOOLS.name} is not made: tools")
    assert kept.inputs == TOOLS.inputs


@pytest.mark.parametrize("stopped", [False, True])
def test_only_a_build_that_was_stopped_is_no_failure(kept: KeptTools, *, stopped: bool) -> None:
    put(kept)
    bench = Bench(Engine(), kept)
    bench.engine.fails["builder"] = []
    bench.engine.stopped = stopped
    assert bench.keep() == ["builder"]
    assert bool(bench.said) is not stopped


def test_what_the_engine_lacks_is_put_there_first(kept: KeptTools) -> None:
    bench = Bench(current(), kept)
    bench.engine.fails["tools-file"] = failed("wheeldock-seeds: missing: the CA bundle")
    assert bench.keep() == ["tools-file", "seed", "tools-file"]
    assert kept.inputs == TOOLS.inputs


def test_the_last_use_is_noted(kept: KeptTools) -> None:
    Bench(current(), kept).keeper.use()
    assert images.last_used(TOOLS.name).exists()
