from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from invoke import Collection
from invoke.parser import Parser

from wheeldock.tasks import ns, release

if TYPE_CHECKING:
    from invoke.parser import ParserContext


def parsed(monkeypatch: pytest.MonkeyPatch, *argv: str, name: str = "") -> ParserContext:
    """What Invoke makes of a command line, in a collection of that name."""
    monkeypatch.setattr("sys.argv", ["invoke", *argv])
    root = ns
    if name:
        root = Collection()
        root.add_collection(ns, name=name)
    return Parser(root.to_contexts()).parse_argv(list(argv))[0]


@pytest.mark.parametrize(
    ("argv", "version"),
    [
        (["tag"], ""),
        (["tag", "--sign"], ""),
        (["tag", "1.0"], "1.0"),
        (["tag", "v1.0rc1", "--no-push"], "v1.0rc1"),
        (["tag", "--sign", "--no-push", "1!2.0"], "1!2.0"),
        (["tag", "--version", "1.0"], "1.0"),
        (["tag", "build"], ""),
        (["build", "--jobs", "2", "tag"], ""),
        (["tag", "build", "--jobs", "2"], ""),
        (["setup", "tag", "2.0"], "2.0"),
    ],
)
def test_a_version_may_follow_and_may_be_left_out(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], version: str
) -> None:
    monkeypatch.setattr("sys.argv", ["invoke", *argv])
    contexts = Parser(ns.to_contexts()).parse_argv(argv)
    (context,) = (context for context in contexts if context.name == "tag")
    assert context.args["version"].value == version


@pytest.mark.parametrize(
    ("argv", "version"),
    [
        (["release", "--repository", "2", "--yes", "1.0"], "1.0"),
        (["release", "--repository=2", "-y", "1.0", "--sign"], "1.0"),
        (["release", "--repository", "2"], ""),
        (["release", "-p", "1", "--yes"], ""),
    ],
)
def test_an_options_value_is_no_version(
    monkeypatch: pytest.MonkeyPatch, argv: list[str], version: str
) -> None:
    assert parsed(monkeypatch, *argv).args["version"].value == version


def test_below_another_collection_a_version_may_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    context = parsed(monkeypatch, "wheels.tag", "1.0", name="wheels")
    assert context.args["version"].value == "1.0"


def test_the_task_takes_its_version() -> None:
    assert "version" in {argument.name for argument in release.tag.get_arguments()}
