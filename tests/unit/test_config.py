from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from wheeldock.config import Config, load, source_text
from wheeldock.errors import ConfigurationError, UsageError
from wheeldock.options import OF_CIBUILDWHEEL, OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

GLOBS = "globs of build identifiers, such as 'cp313-*' or 'cp3{11,12}-manylinux_*'"

JOBS = "a whole number from 1 on, or 'auto'"
TABLE = "a table whose values are strings or lists of strings"


def configure(
    table: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    **overrides: object,
) -> Config:
    return load(
        table or {},
        path="pyproject.toml",
        environ=environ or {},
        overrides={name.replace("_", "-"): value for name, value in overrides.items()},
    )


def test_every_option_has_a_field_and_a_default() -> None:
    names = [option.replace("-", "_") for option in OPTIONS]
    assert [field.name for field in fields(Config)] == [*names, "origins"]
    assert list(configure().origins) == list(OPTIONS)
    assert set(configure().origins.values()) == {"default"}


def test_the_defaults_are_those_of_the_readme() -> None:
    assert configure() == Config(
        build=("*",),
        skip=(),
        source=".",
        output_dir=Path("dist"),
        jobs=None,
        manylinux_x86_64_image="manylinux_2_28",
        cache_dir=Path(".wheeldock/cache"),
        config_settings={},
        builder="",
    )


def test_the_stronger_place_wins_and_is_remembered() -> None:
    table = {"jobs": 1, "builder": "a", "skip": "cp39-*", "output-dir": "o"}
    environ = {"WHEELDOCK_JOBS": "2", "WHEELDOCK_BUILDER": "b", "WHEELDOCK_SKIP": ""}
    config = configure(table, environ, jobs="3", output_dir=None)
    assert (config.jobs, config.origin("jobs")) == (3, "--jobs")
    assert (config.builder, config.origin("builder")) == ("b", "WHEELDOCK_BUILDER")
    assert config.skip == ("cp39-*",)
    assert config.origin("skip") == "pyproject.toml [tool.wheeldock] skip"
    assert config.output_dir == Path("o")
    assert config.origin("build") == "default"


def test_every_problem_is_told_at_once_with_its_place() -> None:
    table = {"jobs": "two", "buidl": "*", "skip": ["{"], "config-settings": {"a": 1}}
    environ = {"WHEELDOCK_JOBS": "0", "WHEELDOCK_OUTPUT_DRI": "x"}
    with pytest.raises(ConfigurationError) as caught:
        configure(table, environ, jobs="-1")
    assert caught.value.problems == (
        f"pyproject.toml: tool.wheeldock.jobs: got 'two' (str); expected {JOBS}",
        "pyproject.toml: tool.wheeldock.buidl: unknown option; did you mean 'build'?",
        f"pyproject.toml: tool.wheeldock.skip: got '{{' (str); expected {GLOBS}",
        f"pyproject.toml: tool.wheeldock.config-settings: got {{'a': 1}} (dict); expected {TABLE}",
        f"WHEELDOCK_JOBS: got 0 (int); expected {JOBS}",
        "WHEELDOCK_OUTPUT_DRI: unknown option; did you mean 'output-dir'?",
        f"--jobs: got -1 (int); expected {JOBS}",
    )


def test_problems_of_the_command_line_alone_are_a_matter_of_usage() -> None:
    with pytest.raises(UsageError) as caught:
        configure(jobs="many", build="")
    assert caught.value.message == (
        f"--jobs: got 'many' (str); expected {JOBS}\n"
        f"--build: got '' (str); expected at least one of {GLOBS}"
    )


def test_a_value_that_a_stronger_place_replaces_must_be_right_all_the_same() -> None:
    with pytest.raises(ConfigurationError):
        configure({"jobs": 0}, jobs="1")


@pytest.mark.parametrize("option", sorted(OF_CIBUILDWHEEL))
def test_an_option_of_cibuildwheel_alone_is_said_to_be_one(option: str) -> None:
    with pytest.raises(ConfigurationError, match="cibuildwheel has this option"):
        configure({option: "x"})


def test_an_unknown_key_without_a_likeness_lists_the_options() -> None:
    with pytest.raises(ConfigurationError, match="unknown option; the options are build, skip, "):
        configure({"zzz": 1})


def test_a_variable_of_ours_by_its_prefix_alone_is_left_alone() -> None:
    assert configure({}, {"WHEELDOCK_TEST_ENGINE": "x", "PATH": "/bin"}) == configure()


def test_settings_come_as_text_from_the_environment() -> None:
    config = configure({}, {"WHEELDOCK_CONFIG_SETTINGS": "a=b 'c=d e'"})
    assert config.config_settings == {"a": "b", "c": "d e"}


def test_the_source_is_the_command_lines_then_the_environments() -> None:
    environ = {"WHEELDOCK_SOURCE": "b"}
    assert source_text(environ, "a") == "a"
    assert source_text(environ) == "b"
    assert source_text({"WHEELDOCK_SOURCE": ""}) == "."
