import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheeldock.events import Event, Log, Notice, Step, parse
from wheeldock.record import TAIL_LINES, TAIL_WIDTH, BuildRecord, plain
from wheeldock.reuse import Doubt

# Recorded from Buildx 0.13.1, with most logs and transfers cut out.
DATA = Path(__file__).with_name("data")
STAGES = ["tools", "env", "sdist", "build", "repair", "wheel"]


def of(*events: Event) -> BuildRecord:
    record = BuildRecord()
    for event in events:
        record.add(event)
    return record


def recorded(name: str) -> BuildRecord:
    with (DATA / f"{name}.rawjson").open(encoding="utf-8") as lines:
        return of(*parse(lines))


def printed(*texts: str) -> list[str]:
    """The tail of a step that printed those chunks."""
    return of(*(Log("a", text) for text in texts)).tail(Step("a", "[build 1/1] RUN make"))


def step(stage: str, started: float | None = None, completed: float | None = None) -> Step:
    return Step(stage, f"[{stage} 1/1] RUN {stage}", started=started, completed=completed)


def test_seconds_of_each_stage_in_the_order_in_which_they_began() -> None:
    seconds = recorded("success").seconds
    assert list(seconds) == STAGES
    assert [round(spent, 3) for spent in seconds.values()] == pytest.approx(
        [0.011, 0.352, 0.759, 0.900, 0.581, 0.052], abs=0.001
    )


def test_a_success_is_not_cached_though_its_tools_are() -> None:
    assert not recorded("success").cached


def test_all_cached_but_for_the_look_at_the_base_image() -> None:
    record = recorded("cached")
    assert record.cached
    assert list(record.seconds) == STAGES
    assert sum(record.seconds.values()) < 0.1


def test_nothing_built_is_not_cached() -> None:
    assert not of().cached
    assert not recorded("missing_image").cached


def test_a_step_that_never_ran_is_no_obstacle_to_cached() -> None:
    hit = Step("b", "[wheel 1/1] COPY . .", started=1.0, completed=1.0, cached=True)
    assert of(step("env"), hit).cached


@pytest.mark.parametrize(
    "given_up",
    [
        Step("a", "[tools 1/1] RUN a", started=1.0),
        # As it is where another build had it run, and was stopped.
        Step("a", "[tools 1/1] RUN a", started=1.0, completed=2.0, error="context canceled"),
    ],
)
def test_a_step_that_was_given_up_is_no_obstacle_to_cached(given_up: Step) -> None:
    hit = Step("b", "[env 1/1] RUN b", started=2.0, completed=2.0, cached=True)
    assert of(given_up, hit).cached


def test_a_step_that_another_build_ran_is_not_cached() -> None:
    record = recorded("merged")
    assert record.seconds["tools"] == pytest.approx(7.26, abs=0.01)
    assert not record.cached


def test_stages_that_never_began_have_no_seconds() -> None:
    assert list(recorded("failing").seconds) == STAGES[:-1]


def test_the_intervals_of_a_step_add_up() -> None:
    record = of(
        step("build"),
        step("build", 10.0),
        step("build", 10.0, 12.0),
        step("build", 10.0, 12.0),  # the same interval, said again
        step("build", 20.0),
        step("build", 20.0, 21.5),
    )
    assert record.seconds == {"build": 3.5}


def test_steps_of_a_stage_add_up() -> None:
    one = Step("1", "[env 1/2] RUN a", started=1.0, completed=2.0)
    two = Step("2", "[env 2/2] RUN b", started=2.0, completed=4.0)
    assert of(one, two).seconds == {"env": 3.0}


def test_the_stage_that_runs() -> None:
    record = of(step("env"), step("build"))
    assert record.stage == ""
    record.add(step("env", 1.0))
    assert record.stage == "env"
    record.add(step("env", 1.0, 2.0))
    assert record.stage == "env"
    record.add(step("build", 2.0))
    assert record.stage == "build"


def test_a_stage_is_done_when_all_its_steps_are() -> None:
    one = Step("1", "[env 1/2] RUN a", started=1.0, completed=2.0)
    record = of(one, Step("2", "[env 2/2] RUN b"))
    assert not record.is_done("env")
    record.add(Step("2", "[env 2/2] RUN b", started=2.0, completed=4.0))
    assert record.is_done("env")


def test_a_stage_is_done_when_another_build_has_done_it() -> None:
    own = Step("1", "[tools 1/1] RUN a", started=1.0)
    shared = Step("2", "[tools 1/1] RUN a", started=1.0, completed=2.0)
    assert of(own, shared).is_done("tools")
    assert of(shared, own).is_done("tools")
    assert not of(own).is_done("tools")


def test_a_failed_stage_is_not_done() -> None:
    assert not recorded("failing").is_done("repair")
    assert recorded("failing").is_done("build")


def test_the_stage_of_an_event() -> None:
    record = of(step("build", 1.0))
    assert record.stage_of(Log("build", "text")) == "build"
    assert record.stage_of(step("build", 1.0)) == "build"
    assert record.stage_of(Log("other", "text")) == ""
    assert record.stage_of(Notice("text")) == ""


def test_the_step_that_failed_and_what_it_printed() -> None:
    record = recorded("failing")
    failed = record.failed_step
    assert failed is not None
    assert failed.stage == "repair"
    assert any(line.startswith("wheeldock: ") for line in record.tail(failed))


def test_a_step_cancelled_with_another_did_not_fail() -> None:
    cancelled = Step("1", "[env 1/1] RUN a", error="exit code: 137: context canceled")
    failed = Step("2", "[build 1/1] RUN b", error="exit code: 1")
    assert of(cancelled, failed, Notice("ERROR: exit code: 1")).failed_step == failed


def test_a_build_that_was_cancelled_failed_where_it_was() -> None:
    failed = recorded("cancelled").failed_step
    assert failed is not None
    assert failed.stage == "build"


def test_a_cancelled_step_is_not_why_a_build_failed_outside_of_all_steps() -> None:
    cancelled = Step("1", "[internal] load .dockerignore", error="context canceled")
    assert of(cancelled, Notice("ERROR: failed to solve: no such image")).failed_step is None
    assert of(cancelled).failed_step == cancelled


def test_a_success_has_no_failed_step() -> None:
    assert recorded("success").failed_step is None


def test_lines_that_came_in_pieces_are_whole() -> None:
    record = recorded("chunks")
    (name,) = (name for name in record._tails)
    assert record.tail(Step(name, "")) == [
        "half a line",
        "100%",
        "red \u2018quoted\u2019",
        "no newline at the end",
    ]
    assert record.last_line == "no newline at the end"


def test_the_tail_is_the_last_lines() -> None:
    numbers = [str(number) for number in range(1000)]
    assert printed("\n".join(numbers) + "\n") == numbers[-TAIL_LINES:]
    assert printed(*(number + "\n" for number in numbers)) == numbers[-TAIL_LINES:]
    assert printed("\n".join(numbers)) == numbers[-TAIL_LINES:]


def test_each_step_has_a_tail_of_its_own() -> None:
    record = of(Log("a", "one "), Log("b", "two\n"), Log("a", "line\n"))
    assert record.tail(Step("a", "")) == ["one line"]
    assert record.tail(Step("b", "")) == ["two"]
    assert record.tail(Step("c", "")) == []


def test_endless_lines_are_cut() -> None:
    record = BuildRecord()
    for _ in range(100):
        record.add(Log("a", "x" * 10_000))
    assert sum(map(len, record._open.values())) <= TAIL_WIDTH
    assert [len(line) for line in printed("x" * 10_000 + "\n")] == [TAIL_WIDTH]


def test_notices_are_bounded() -> None:
    record = of(*(Notice(str(number)) for number in range(10_000)))
    assert len(record.notices) < 1000
    assert record.notices[-1] == "9999"


def test_the_last_line_is_of_the_step_that_spoke_last_and_not_blank() -> None:
    assert of().last_line == ""
    assert of(Log("a", "one\n"), Log("b", "two\n\n  \n")).last_line == "two"
    assert of(Log("b", "two\n"), Log("a", "one\nthr")).last_line == "thr"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;file:///x\x1b\\link\x1b]8;;\x07", "link"),
        ("\x1b(B\x1bMtext\x1b[2J\x1b[10;10H", "text"),
        (" 10%\r 20%\r100%", "100%"),
        ("done\r", "done"),
        ("a\tb", "a       b"),
        ("bell\x07 null\x00 back\x08", "bell null back"),
        ("\x9b31mC1", "31mC1"),
        ("no\u00a0break", "no break"),
        ("\u202eright to left", "right to left"),
        ("\udc80surrogate", "surrogate"),
        ("\u65e5\u672c\u8a9e \U0001f600", "\u65e5\u672c\u8a9e \U0001f600"),
        ("\x1b", ""),
    ],
)
def test_a_line_as_a_terminal_shows_it(line: str, shown: str) -> None:
    assert plain(line) == shown


@settings(deadline=None)
@given(st.text(st.sampled_from("\x1b[]31m;?\r\t\x07\x9c\udc80") | st.characters()))
def test_a_shown_line_moves_no_cursor(line: str) -> None:
    assert plain(line).isprintable()
    assert plain(plain(line)) == plain(line)


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from("ab\n \u00e9")), max_size=20))
def test_how_a_log_is_cut_does_not_matter(chunks: list[str]) -> None:
    text = "".join(chunks)
    lines = text.split("\n")
    assert printed(*chunks) == (lines if lines[-1] else lines[:-1])[-TAIL_LINES:]


NAMES = st.sampled_from(["[env 1/1] RUN a", "[build 1/2] RUN b", "[internal] load", ""])
TIMES = st.none() | st.sampled_from([1.0, 2.0, 3.0])
STEPS = st.builds(
    Step,
    st.sampled_from("abc"),
    NAMES,
    started=TIMES,
    completed=TIMES,
    cached=st.booleans(),
    error=st.sampled_from(["", "exit code: 1", "context canceled"]),
)


@settings(deadline=None)
@given(st.lists(STEPS | st.builds(Log, st.sampled_from("abc"), st.text()) | st.builds(Notice)))
def test_events_in_any_order(events: list[Event]) -> None:
    record = of(*events)
    assert record.stage in {"", *record.seconds}
    assert all(spent >= 0 for spent in record.seconds.values())
    failed = record.failed_step
    assert failed is None or (failed.error and len(record.tail(failed)) <= TAIL_LINES)


# --- what the caches gave ---

COUNTS = '{"compiles": {"hits": 3, "misses": 1}, "links": {"hits": 1, "misses": 0}}'


def caches(*texts: str) -> object:
    return of(*(Log("a", text) for text in texts)).caches


def test_the_caches_hits_and_misses() -> None:
    expected = {"compiles": {"hits": 3, "misses": 1}, "links": {"hits": 1, "misses": 0}}
    assert caches(f"more\nwheeldock-cache: {COUNTS}\nmore\n") == expected
    assert caches("wheeldock-cac", f"he: {COUNTS[:20]}", f"{COUNTS[20:]}\n") == expected


def test_a_build_that_only_translated() -> None:
    expected = {"translations": {"hits": 2, "misses": 0}}
    assert caches(f"wheeldock-cache: {json.dumps(expected)}\n") == expected


def test_a_build_that_compiled_nothing_says_nothing_of_caches() -> None:
    assert caches("built\n") is None


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[]", "null", '{"compiles": {"hits": 1}, "links": {}}', COUNTS.replace("3", '"x"')],
)
def test_a_line_that_only_looks_like_the_caches(text: str) -> None:
    assert caches(f"wheeldock-cache: {text}\n") is None


def test_a_line_that_names_the_caches_elsewhere() -> None:
    assert caches(f"I say wheeldock-cache: {COUNTS}\n") is None


def doubt(value: str) -> object:
    line = f'wheeldock-cache: {COUNTS[:-1]}, "doubt": {value}}}\n'
    return of(Log("a", line)).doubt


def test_what_a_build_finds_odd_of_its_compiles() -> None:
    assert doubt('"all-missed"') is Doubt.ALL_MISSED
    assert doubt('"bypassed"') is Doubt.BYPASSED
    assert doubt('""') is None
    assert of(Log("a", f"wheeldock-cache: {COUNTS}\n")).doubt is None


@pytest.mark.parametrize("value", ['"else"', "1", "[]"])
def test_a_doubt_that_nobody_knows(value: str) -> None:
    assert doubt(value) is None
