from __future__ import annotations

from wheeldock.events import Log, Notice, Step
from wheeldock.masking import masked


def test_secrets_are_left_out_of_all_that_is_said() -> None:
    step = Step("sha256:a", "[build 1/1] RUN x", error="x: open sesame")
    events = [Log("d", "a sesame b"), Notice("ERROR: two\nlines"), step, Step("sha256:b", "n")]
    assert list(masked(events, ["sesame", "open sesame", "two\nlines"])) == [
        Log("d", "a *** b"),
        Notice("ERROR: ***"),
        Step("sha256:a", "[build 1/1] RUN x", error="x: ***"),
        events[3],
    ]


def test_a_line_of_a_secret_is_one_and_what_is_short_is_none() -> None:
    events = [Log("d", "first line, on")]
    assert list(masked(events, ["first line\nsecond"])) == [Log("d", "***, on")]
    assert list(masked(events, ["on", ""])) == events
