import base64
import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wheeldock.events import Event, Log, Notice, Step, parse

# Recorded from Buildx 0.13.1, with most logs and transfers cut out.
DATA = Path(__file__).with_name("data")
STREAMS = sorted(path.stem for path in DATA.glob("*.rawjson"))
STAGES = ["tools", "env", "sdist", "build", "repair", "wheel"]
LISTS = ("vertexes", "statuses", "logs", "warnings")


def recorded(name: str) -> str:
    return (DATA / f"{name}.rawjson").read_text(encoding="utf-8")


def compact(text: str) -> str:
    """The same stream as newer Buildx writes it: one object a line."""
    return re.sub(
        r"^\{$.*?^\}$",
        lambda match: json.dumps(json.loads(match[0]), separators=(",", ":")),
        text,
        flags=re.DOTALL | re.MULTILINE,
    )


def events(name: str) -> list[Event]:
    return list(parse(recorded(name).splitlines(keepends=True)))


def steps(name: str) -> list[Step]:
    return [event for event in events(name) if isinstance(event, Step)]


def notices(name: str) -> list[str]:
    return [event.text for event in events(name) if isinstance(event, Notice)]


@pytest.mark.parametrize("name", STREAMS)
def test_indented_and_compact_objects_are_the_same_events(name: str) -> None:
    short = compact(recorded(name))
    assert "\n{\n" in recorded(name)
    assert "\n{\n" not in short
    assert list(parse(short.splitlines(keepends=True))) == events(name)


def test_a_success_names_the_stages_and_says_nothing_else() -> None:
    done = [step.stage for step in steps("success") if step.completed and step.stage]
    assert list(dict.fromkeys(done)) == STAGES
    assert notices("success") == []


def test_times_are_seconds_since_the_epoch() -> None:
    (built,) = (step for step in steps("success") if step.stage == "build" and step.completed)
    assert built.started == pytest.approx(1795518951.564726, abs=1e-3)
    assert built.completed - built.started == pytest.approx(0.900479, abs=1e-6)


def test_a_step_waits_before_it_starts() -> None:
    reports = [step for step in steps("success") if step.stage == "repair"]
    assert [(bool(step.started), bool(step.completed)) for step in reports] == [
        (False, False),
        (True, False),
        (True, True),
    ]


def test_all_cached() -> None:
    last = {step.digest: step for step in steps("cached") if step.stage}.values()
    assert [step.stage for step in last if step.cached] == [*reversed(STAGES)]
    assert [step.is_from for step in last if not step.cached] == [True]


def test_from_becomes_cached_after_it_has_started() -> None:
    reports = [step for step in steps("chunks") if step.is_from]
    assert [(bool(step.started), step.cached) for step in reports] == [
        (False, False),
        (True, False),
        (True, False),
        (True, True),
    ]


def test_copy_from_is_no_from() -> None:
    assert not Step("", "[wheel 1/1] COPY --from=repair /a FROM /").is_from
    assert Step("", "[tools 1/2] FROM docker.io/library/x:1").is_from


def test_a_failing_step_and_the_text_after_it() -> None:
    (failed,) = (step for step in steps("failing") if step.error)
    assert failed.stage == "repair"
    assert failed.error.endswith("exit code: 32")
    told = notices("failing")
    assert told[0].startswith("Dockerfile:")
    assert told[-1].startswith("ERROR: failed to solve: process")
    log = "".join(event.text for event in events("failing") if isinstance(event, Log))
    assert "\nwheeldock: adder-1.0-cp313-cp313-linux_x86_64.whl needs symbols" in log


def test_a_missing_image() -> None:
    failed = [step for step in steps("missing_image") if "no such host" in step.error]
    image = "wheeldock/stand-in:none"
    assert {step.name for step in failed} == {f"[internal] load metadata for docker.io/{image}"}
    assert {step.stage for step in failed} == {""}
    assert notices("missing_image")[-1].startswith(f"ERROR: failed to solve: {image}: ")


def test_a_cancelled_build() -> None:
    (failed,) = (step for step in steps("cancelled") if step.error)
    assert failed.stage == "build"
    assert failed.error.endswith("context canceled")
    assert notices("cancelled") == ["ERROR: failed to solve: Canceled: context canceled"]


def test_warnings_are_notices() -> None:
    assert notices("warning") == [
        "Empty continuation line found in: ENV A=1   B=2",
        "Empty continuation line found in: COPY Dockerfile  /x",
    ]


def test_a_character_cut_in_two_by_a_chunk_is_read() -> None:
    logs = [event.text for event in events("chunks") if isinstance(event, Log)]
    assert len(logs) > 2
    assert "\u2018quoted\u2019" in "".join(logs)
    assert "\ufffd" not in "".join(logs)


def log(raw: bytes, stream: int = 1) -> str:
    entry = {"vertex": "a", "stream": stream, "data": base64.b64encode(raw).decode()}
    return json.dumps({"logs": [entry]})


def test_chunks_of_other_streams_do_not_mix() -> None:
    lines = [log(b"\xe2", 1), log(b"\xc3", 2), log(b"\x80\x98", 1), log(b"\xa9", 2)]
    assert list(parse(lines)) == [Log("a", "\u2018"), Log("a", "\u00e9")]


def test_half_a_character_at_the_end_is_not_lost() -> None:
    assert list(parse([log(b"ab\xe2")])) == [Log("a", "ab"), Log("a", "\ufffd")]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"vertexes": 5}', []),
        ('{"vertexes": [null, 3, []]}', []),
        ('{"vertexes": [{"digest": 7, "started": 1, "cached": "x"}]}', [Step("", "")]),
        ('{"vertexes": [{"digest": "a", "started": "2026-13-99T00:00:00Z"}]}', [Step("a", "")]),
        ('{"logs": [{"data": "YQ=="}]}', [Log("", "a")]),
        ('{"logs": [{"vertex": "a", "stream": [], "data": "YQ=="}]}', [Log("a", "a")]),
        ('{"logs": [{"vertex": "a", "data": "no base64"}]}', [Log("a", "no base64")]),
        ('{"logs": [{"vertex": "a", "data": null}]}', []),
        ('{"warnings": [{"short": "YQ"}]}', [Notice("YQ")]),
        ("[1]", [Notice("[1]")]),
        ("{}", [Notice("{}")]),
        ('{"something": "else"}', [Notice('{"something": "else"}')]),
        ('{"vertexes"', [Notice('{"vertexes"')]),
        ("5", [Notice("5")]),
    ],
)
def test_odd_json(line: str, expected: list[Event]) -> None:
    assert list(parse([line])) == expected


def test_deep_json_is_a_line_like_any_other() -> None:
    line = '{"logs":' * 100_000
    assert list(parse([line])) == [Notice(line)]


@pytest.mark.parametrize(
    "lines",
    [
        ["{", "ERROR: it broke", "done"],
        ["{", '  "vertexes": [', "ERROR: cut off"],
        ["{", "  no JSON", "}"],
        ["}", "{"],
        ["{", "{", "{ "],
    ],
)
def test_braces_that_are_no_status(lines: list[str]) -> None:
    assert list(parse(lines)) == [Notice(line) for line in lines]


def test_an_object_after_one_that_was_cut_off_is_read() -> None:
    whole = ["{", '  "warnings": [{"short": "YQ=="}]', "}"]
    assert list(parse([*whole[:2], *whole])) == [*map(Notice, whole[:2]), Notice("a")]


@settings(deadline=None)
@given(st.lists(st.text(st.sampled_from('{} "\r\u2028a\ud800') | st.characters()) | st.just("{")))
def test_no_line_is_lost(lines: list[str]) -> None:
    said = [event.text for event in parse(lines) if isinstance(event, Notice)]
    assert [text for text in said if text.strip()] == [
        line.rstrip("\r\n") for line in lines if line.strip()
    ]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_text_between_the_objects_changes_nothing_else(draw: st.DataObject) -> None:
    name = draw.draw(st.sampled_from(STREAMS))
    lines = compact(recorded(name)).splitlines()
    text = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)
    inserted = draw.draw(st.lists(st.tuples(st.integers(0, len(lines)), text.filter(str.strip))))
    for place, line in inserted:
        lines.insert(place, "#" + line)
    got = list(parse(lines))
    extra = [event for event in got if isinstance(event, Notice) and event.text[0] == "#"]
    assert len(extra) == len(inserted)
    assert [event for event in got if event not in extra] == events(name)


FIELDS = ["digest", "name", "started", "completed", "cached", "error", "vertex", "stream", "data"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(FIELDS),
            inner,
            max_size=8,
        )
    ),
)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(LISTS), JSON | st.lists(JSON)))
def test_json_of_any_shape_is_read(status: dict[str, object]) -> None:
    for event in parse([*json.dumps(status, indent=2).splitlines(), json.dumps(status)]):
        assert isinstance(event, (Step, Log, Notice))
