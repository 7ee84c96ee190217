"""`test`: whether the wheels work where nothing was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from invoke import Context, task

from wheeldock.tasks.building import asked
from wheeldock.tasks.door import explained

if TYPE_CHECKING:
    from collections.abc import Sequence


@task(
    name="test",
    iterable=["wheel", "only"],
    help={
        "dist": "The folder with the wheels (default: dist).",
        "wheel": "A wheel to test in place of those; may be given several times.",
        "only": "This interpreter and no other; may be given several times.",
        "source": "What the wheels are of, whose options and tests hold (default: this folder).",
        "config-file": "Read this TOML file's options; {package} is the source's folder.",
        "again": "Test what has passed already, too.",
        "junit": "Write the results as JUnit XML to this file.",
        "progress": "auto, plain, json or quiet.",
    },
)
def run_tests(
    _: Context,
    dist: str = "",
    wheel: Sequence[str] | None = None,
    only: Sequence[str] | None = None,
    source: str = "",
    config_file: str = "",
    again: bool = False,
    junit: str = "",
    progress: str = "auto",
) -> None:
    """
    Install each wheel in a clean container and test it there.

    Example: invoke test --only cp313-manylinux_x86_64 --junit tests.xml
    """
    with explained():
        from wheeldock import testing

        what = asked(source, only, config_file, {"output-dir": dist})
        testing.run(what, wheels=wheel or (), again=again, junit=junit, progress=progress)
