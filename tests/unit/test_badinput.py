from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.unit.test_planning import MANYLINUX_IMAGES, Bench, bench

from wheeldock.dialects import FOREIGN
from wheeldock.errors import (
    ConfigurationError,
    NothingSelectedError,
    UnknownIdentifierError,
    UsageError,
    WheeldockError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["bench"]

ONE = "one of musllinux_1_2, or an image reference"
GLOBS = "globs that select a build identifier of Linux"
TOP, PLACE = "pyproject.toml: tool.wheeldock", "pyproject.toml [tool.wheeldock]"


def refused(bench: Bench, *only: str, **options: str) -> WheeldockError:
    with pytest.raises(WheeldockError) as caught:
        bench.read(*only, **options)
    return caught.value


def lines(bench: Bench, *only: str, **options: str) -> list[str]:
    return refused(bench, *only, **options).message.splitlines()


def starts(bench: Bench, *only: str, **options: str) -> list[str]:
    """What the lines of a report are of."""
    return [line.partition(":")[0] for line in lines(bench, *only, **options)]


EVERYTHING = """\
jobs = 0
tset-command = "pytest"
build = "cp38-*"
dependency-versions = "missing.txt"
test-groups = ["tset"]
manylinux-s390x-image = "manylinux2010"
environment = "A=("
container-engine = "podman"

[tool.wheeldock.macos]
before-all = "brew install x"

[[tool.wheeldock.overrides]]
select = "cp27-*"
before-build = "x"

[[tool.wheeldock.overrides]]
select = "cp313-*"
musllinux-x86_64-image = "musllinux_1_1"
dependency-versions = "elsewhere.txt"
test-groups = ["docs"]
skip = "*"
"""


def test_all_that_is_wrong_is_in_one_report(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    monkeypatch.setenv("WHEELDOCK_CONFIG_SETTINGS", "=a")
    bench.configure(EVERYTHING, project="requires-python = 3\n[dependency-groups]\ntest = []")
    error = refused(bench, jobs="many")
    assert type(error) is ConfigurationError
    said = error.message.splitlines()
    for line in (
        "pyproject.toml: project.requires-python: got 3 (int); expected a string",
        f"{TOP}.jobs: got 0 (int); expected a whole number from 1 on, or 'auto'",
        f"{TOP}.tset-command: unknown option; did you mean 'test-command'?",
        f"{TOP}.manylinux-s390x-image: got 'manylinux2010' (str); expected {MANYLINUX_IMAGES}",
        f"{TOP}.container-engine: {FOREIGN['container-engine']}",
        f"{TOP}.macos: cibuildwheel's table for macos, and wheeldock builds for Linux",
        f"{TOP}.overrides[0].select: got 'cp27-*' (str); expected {GLOBS}",
        f"{TOP}.overrides[1].musllinux-x86_64-image: got 'musllinux_1_1' (str); expected {ONE}",
        f"{TOP}.overrides[1].skip: an option for all of a run, which no override can have",
        "WHEELDOCK_CONFIG_SETTINGS: got '=a' (str); expected KEY=VALUE words, quoted as in a shell",
        "--jobs: got 'many' (str); expected a whole number from 1 on, or 'auto'",
        f"{PLACE} build: 'cp38-*' matches no build identifier; did you mean 'cp39-*'?",
        f"{PLACE} test-groups: pyproject.toml has no dependency group 'tset'; it has test",
        "SOURCE_DATE_EPOCH: 'yesterday' is no number of seconds from 315532800 to 4354819199",
    ):
        assert line in said
    (missing,) = (line for line in said if "dependency-versions" in line)
    assert missing.startswith(f"{PLACE} dependency-versions: got 'missing.txt'; ")
    (environment,) = (line for line in said if line.startswith(f"{TOP}.environment: "))
    assert environment.endswith("; '(' stands outside of quotes")
    # What the second override has more depends on what is built, which nobody knows here.
    assert len(said) == 16
    assert "Identifiers look like" in error.cure
    assert "`git log -1 --format=%ct`" in error.cure


def test_what_is_known_is_told_for_each_identifier(bench: Bench) -> None:
    text = EVERYTHING.replace('build = "cp38-*"', "").replace('skip = "*"', "")
    bench.configure(text, project="[dependency-groups]\ntest = []")
    said = "\n".join(lines(bench))
    overrides = "pyproject.toml [tool.wheeldock.overrides[1]]"
    assert f"{overrides} dependency-versions: got 'elsewhere.txt'" in said
    assert f"{overrides} test-groups: pyproject.toml has no dependency group 'docs'" in said


@pytest.mark.parametrize(
    ("text", "options", "error"),
    [
        ("build = 'cp38-*'", {}, UnknownIdentifierError),
        ("", {"jobs": "0"}, UsageError),
        ("build = 'cp38-*'", {"jobs": "0"}, ConfigurationError),
        ("jobs = 0\nskip = '*'", {}, ConfigurationError),
        ("jobs = 0", {"jobs": "0"}, ConfigurationError),
        ("dependency-versions = 'c.txt'\nbuild = 'cp38-*'", {}, ConfigurationError),
    ],
)
def test_problems_of_one_kind_have_its_exit_code_and_others_the_configurations(
    bench: Bench, text: str, options: Mapping[str, str], error: type[WheeldockError]
) -> None:
    bench.configure(text)
    assert type(refused(bench, **options)) is error


def test_names_that_are_none_are_told_with_the_rest(bench: Bench) -> None:
    bench.configure("jobs = 0")
    assert starts(bench, "cp38-manylinux_x86_64") == ["pyproject.toml", "--only"]


@pytest.mark.parametrize(
    ("text", "places"),
    [
        # `build` may name something else.
        ("build = 3\nskip = '*'", ["build"]),
        ("build = 3\n[[tool.wheeldock.overrides]]\nselect='cp39-*'\ntest-groups='x'", ["build"]),
        ("biuld = 'cp313-*'\nskip = '*'", ["biuld"]),
        ("inherit = {build = 1}\nbuild = 'cp313-*'\nskip = '*'", ["inherit"]),
        ("enable = 'pipy'\nbuild = 'pp*'", ["enable"]),
        ("enabel = 'pypy'\nbuild = 'pp*'", ["enabel"]),
        ("archs = 'arm'\nbuild = 'cp313-*aarch64'", ["archs"]),
        ("linux = 3\nbuild = 'cp313-*'\nskip = '*'", ["linux"]),
        ("project-requires-python = '3.9'\nbuild = 'cp39-*'", ["project-requires-python"]),
        # It does not matter what `archs` is.
        ("archs = 'arm'\nbuild = 'cp313-*'\nskip = '*'", ["archs", ""]),
        ("archs = 'arm'\nbuild = 'cp38-*'", ["archs", "build"]),
        ("jobs = 0\nskip = '*'", ["jobs", "", ""]),
    ],
)
def test_nothing_is_said_of_what_a_mistake_leaves_unknown(
    bench: Bench, text: str, places: list[str]
) -> None:
    bench.configure(text, project='requires-python = ">=3.13"')
    found = [
        line.partition(":")[0].removeprefix(f"{PLACE} ")
        if line.startswith(PLACE)
        else line.removeprefix(f"{TOP}.").partition(":")[0]
        if line.startswith(TOP)
        else ""
        for line in lines(bench)
    ]
    assert found == places


def test_that_nothing_is_selected_is_told_beside_other_problems_alone(bench: Bench) -> None:
    bench.configure("build = 'cp313-*'\nskip = 'cp3*'")
    assert bench.read().selection.identifiers == ()
    bench.configure("build = 'cp313-*'\nskip = 'cp3*'\njobs = 0")
    *_, last = lines(bench)
    assert last.startswith("build and skip contradict each other")
    assert len(lines(bench, allow_empty="true")) == 1
    bench.configure("build = 'cp313-*'\nskip = 'cp3*'")
    with pytest.raises(NothingSelectedError):
        bench.plan()


def test_a_wrong_image_is_told_with_the_short_names(bench: Bench) -> None:
    bench.configure(
        "\n".join(
            f"[[tool.wheeldock.overrides]]\nselect = '*'\nmanylinux-i686-image = {value!r}"
            for value in (3, "musllinux_1_2", "a b", "manylinux_2_29", "a/b")
        )
    )
    assert [line.partition("; ")[2] for line in lines(bench)] == [
        f"expected {MANYLINUX_IMAGES}"
    ] * 4


def test_a_misspelled_option_of_cibuildwheels_hides_nothing(bench: Bench) -> None:
    text = '[project]\nname = "tiny"\nversion = "1"\n[tool.cibuildwheel]\nbiuld = "cp313-*"\n'
    (bench.folder / "pyproject.toml").write_text(f"{text}build = 'cp38-*'\n")
    assert type(refused(bench)) is UnknownIdentifierError


def test_an_images_short_name_matters_to_cibuildwheels_words_where_it_is_built_on(
    bench: Bench,
) -> None:
    text = '[project]\nname = "tiny"\nversion = "1"\n[tool.cibuildwheel]\n'
    file = bench.folder / "pyproject.toml"
    file.write_text(f"{text}manylinux-s390x-image = 'manylinux1'")
    assert bench.read().selection.identifiers
    file.write_text(f"{text}manylinux-x86_64-image = 'manylinux1'\nskip = 'cp39-*'")
    place = "pyproject.toml [tool.cibuildwheel] manylinux-x86_64-image"
    assert lines(bench) == [f"{place}: got 'manylinux1' (str); expected {MANYLINUX_IMAGES}"]
