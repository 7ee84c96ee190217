from __future__ import annotations

import re

import pytest

from wheeldock import epoch
from wheeldock.errors import ConfigurationError
from wheeldock.recipe import DOCKER


@pytest.mark.parametrize(("text", "chosen"), [("", ""), (" 1700000000\n", "1700000000")])
def test_the_time_is_the_environments(text: str, chosen: str) -> None:
    assert epoch.chosen({"SOURCE_DATE_EPOCH": text}) == chosen


def test_without_the_variable_there_is_the_default() -> None:
    assert epoch.chosen({}) == ""


@pytest.mark.parametrize("text", ["now", "-1", "0", "1.5", "315532799", "4354819200", "٣" * 10])
def test_what_no_archive_can_have_is_an_error(text: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(repr(text))) as caught:
        epoch.chosen({"SOURCE_DATE_EPOCH": text})
    assert "git log" in caught.value.cure


def test_each_step_whose_result_ships_is_reproducible() -> None:
    steps = re.split(r"^FROM ", (DOCKER / "Dockerfile").read_text("utf-8"), flags=re.MULTILINE)
    scripts = ("build_sdist.py", "build_wheel.py", "repair_wheel.py")
    ship = [step for step in steps if any(script in step for script in scripts)]
    assert len(ship) == len(scripts)
    for step in ship:
        assert "\nARG EPOCH=\n" in step
        # The configured variables come after it, and are stronger.
        assert step.index("reproducible.sh") < step.index("source /toolbox/environment.sh")
