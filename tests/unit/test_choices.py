from __future__ import annotations

import pytest

from wheeldock.choices import (
    BuildFrom,
    archs,
    build_from,
    enable,
    yes_or_no,
    yes_or_no_from_text,
)
from wheeldock.identifier import Group
from wheeldock.values import Unexpected


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("auto", ("auto",)),
        (["x86_64", "i686"], ("x86_64", "i686")),
        (" x86_64, i686\taarch64,", ("x86_64", "i686", "aarch64")),
        ("Auto64 AARCH64", ("auto64", "aarch64")),
        (["auto64 i686", ""], ("auto64", "i686")),
    ],
)
def test_architectures_are_words_with_spaces_or_commas(
    value: object, words: tuple[str, ...]
) -> None:
    assert archs(value) == words


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        ("arm64", "(did you mean aarch64?)"),
        ("AMD64", "(did you mean x86_64?)"),
        (["x86_64", "ppc64"], "(did you mean ppc64le?)"),
        ("universal2", "riscv64"),
        ("", "at least one of auto, native,"),
        ([], "at least one of"),
        (3, "at least one of"),
    ],
)
def test_what_is_no_architecture_is_refused_with_what_may_be_meant(
    value: object, hint: str
) -> None:
    read = archs(value)
    assert isinstance(read, Unexpected)
    assert hint in read.expected


@pytest.mark.parametrize(
    ("value", "groups"),
    [
        ("", set()),
        ([], set()),
        ("pypy graalpy", {Group.PYPY, Group.GRAALPY}),
        (["pypy-eol", "pyodide-prerelease"], {Group.PYPY_EOL}),
        (["pypy graalpy"], {Group.PYPY, Group.GRAALPY}),
        ("cpython-freethreading", set()),
        ("all", set(Group)),
        ("pypy all", set(Group)),
    ],
)
def test_groups_are_words(value: object, groups: set[Group]) -> None:
    assert enable(value) == groups


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("pypy_eol", "(did you mean pypy-eol?)"),
        ("nonsense", "one of cpython-prerelease, pypy, pypy-eol, graalpy, all"),
        (True, "a list or a string of"),
    ],
)
def test_what_is_no_group_is_refused(value: object, expected: str) -> None:
    read = enable(value)
    assert isinstance(read, Unexpected)
    assert expected in read.expected


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), (" YES ", True), ("y", True), ("0", False), ("f", False)],
)
def test_yes_and_no_have_many_words(text: str, *, value: bool) -> None:
    assert yes_or_no(yes_or_no_from_text(text)) is value


@pytest.mark.parametrize("choice", BuildFrom)
def test_what_wheels_are_built_from_is_one_of_two(choice: BuildFrom) -> None:
    assert build_from(str(choice)) is choice


@pytest.mark.parametrize("value", ["", "Tree", "wheel", True, ["tree"]])
def test_wheels_are_built_from_nothing_else(value: object) -> None:
    assert build_from(value) == Unexpected(value, "one of sdist, tree")


@pytest.mark.parametrize("value", ["maybe", 1, None])
def test_what_is_neither_yes_nor_no_is_refused(value: object) -> None:
    assert isinstance(yes_or_no(value), Unexpected)
