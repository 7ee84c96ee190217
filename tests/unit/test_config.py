from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.specifiers import SpecifierSet

from wheeldock.choices import BuildFrom
from wheeldock.config import Config, TargetOptions, load, source_text
from wheeldock.environment import Assignment
from wheeldock.errors import ConfigurationError, UsageError
from wheeldock.fields import BuildFrontend, DependencyVersions, FrontendName
from wheeldock.identifier import BuildIdentifier, Group
from wheeldock.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

GLOBS = "globs of build identifiers, such as 'cp313-*' or 'cp3{11,12}-manylinux_*'"
JOBS = "a whole number from 1 on, or 'auto'"
TABLE = "a table whose values are strings or lists of strings"

CP39, CP313 = map(BuildIdentifier.parse, ["cp39-manylinux_x86_64", "cp313-manylinux_x86_64"])


def configure(
    table: Mapping[str, object] | None = None,
    environ: Mapping[str, str] | None = None,
    **overrides: object,
) -> Config:
    return of_tool({"wheeldock": table or {}}, environ, **overrides)


def of_tool(
    tool: Mapping[str, object], environ: Mapping[str, str] | None = None, **overrides: object
) -> Config:
    return load(
        tool,
        path="pyproject.toml",
        environ=environ or {},
        overrides={name.replace("_", "-"): value for name, value in overrides.items()},
    )


def problems(
    table: Mapping[str, object], environ: Mapping[str, str] | None = None
) -> tuple[str, ...]:
    with pytest.raises(ConfigurationError) as caught:
        configure(table, environ)
    return caught.value.problems


def test_every_option_has_a_field_and_a_default() -> None:
    images = {option for option in OPTIONS if option.endswith("-image")}
    ours = {field.name for field in fields(Config)}
    theirs = {field.name for field in fields(TargetOptions)}
    for option, rule in OPTIONS.items():
        if option not in images:
            assert option.replace("-", "_") in (theirs if rule.per_target else ours), option
    assert configure().everywhere.images.keys() == images
    assert set(configure().origins.items()) == {(option, "default") for option in OPTIONS}


def test_the_defaults_are_those_of_the_readme() -> None:
    images = configure().everywhere.images
    assert images["manylinux-x86_64-image"] == "manylinux_2_28"
    assert images["musllinux-x86_64-image"] == "musllinux_1_2"
    assert configure() == Config(
        build=("*",),
        skip=(),
        archs=("auto",),
        enable=frozenset(),
        allow_empty=False,
        test_skip=(),
        project_requires_python=SpecifierSet(),
        source=".",
        build_from=BuildFrom.SDIST,
        output_dir=Path("dist"),
        jobs=None,
        builder="",
        cache_dir=Path(".wheeldock/cache"),
        tag_format="",
        public_secrets=(),
        release_branches=(),
        everywhere=TargetOptions(
            images=images,
            before_all="",
            system_packages=(),
            before_build="",
            environment=(),
            environment_pass=(),
            build_frontend=BuildFrontend(FrontendName.DEFAULT),
            config_settings={},
            build_verbosity=0,
            dependency_versions=DependencyVersions("pinned"),
            repair_wheel_command="auditwheel repair -w {dest_dir} {wheel}",
            audit_command=("abi3audit --strict --report {abi3_wheel}",),
            audit_requires=("abi3audit",),
            test_command="",
            before_test="",
            test_sources=(),
            test_requires=(),
            test_extras=(),
            test_groups=(),
            test_environment=(),
            test_images=(),
        ),
    )


def test_groups_are_enabled_by_every_place_that_names_one() -> None:
    config = configure({"enable": ["pypy"]}, {"WHEELDOCK_ENABLE": "graalpy"}, enable="pypy-eol")
    assert config.enable == {Group.PYPY, Group.PYPY_EOL, Group.GRAALPY}
    where = "pyproject.toml [tool.wheeldock] enable + WHEELDOCK_ENABLE + --enable"
    assert config.origin("enable") == where


def test_the_stronger_place_wins_and_is_remembered() -> None:
    table = {
        "jobs": 1,
        "builder": "a",
        "skip": "cp39-*",
        "output-dir": "o",
        "linux": {"builder": "c", "skip": "cp310-*"},
    }
    environ = {"WHEELDOCK_JOBS": "2", "WHEELDOCK_BUILDER": "b", "WHEELDOCK_OUTPUT_DIR": ""}
    config = configure(table, environ, jobs="3", output_dir=None)
    assert (config.jobs, config.origin("jobs")) == (3, "--jobs")
    assert (config.builder, config.origin("builder")) == ("b", "WHEELDOCK_BUILDER")
    assert config.skip == ("cp310-*",)
    assert config.origin("skip") == "pyproject.toml [tool.wheeldock.linux] skip"
    assert config.output_dir == Path("o")
    assert config.origin("output-dir") == "pyproject.toml [tool.wheeldock] output-dir"
    assert config.origin("build") == "default"


def test_an_override_is_for_what_it_selects_and_weaker_than_a_variable() -> None:
    table = {
        "before-build": "a",
        "linux": {"before-build": "b", "test-command": "t"},
        "overrides": [
            {"select": ["cp39-*"], "before-build": "c", "config-settings": {"x": "1"}},
            {"select": "cp3*", "config-settings": {"y": "2"}, "test-command": "u"},
        ],
    }
    config = configure(table, {"WHEELDOCK_TEST_COMMAND": "v"})
    old, new = config.for_target(CP39), config.for_target(CP313)
    assert (config.everywhere.before_build, new.before_build, old.before_build) == ("b", "b", "c")
    assert config.everywhere.config_settings == {}
    assert old.config_settings == new.config_settings == {"y": "2"}
    assert old.test_command == new.test_command == config.everywhere.test_command == "v"
    where = "pyproject.toml [tool.wheeldock.overrides[0]] before-build"
    assert config.origin("before-build", CP39) == where
    assert (
        config.origin("before-build", CP313) == "pyproject.toml [tool.wheeldock.linux] before-build"
    )
    assert config.origin("jobs", CP39) == "default"


def test_what_inherits_joins_what_was_there_before() -> None:
    table = {
        "environment": {"A": "a"},
        "before-all": "one",
        "audit-requires": "twine",
        "inherit": {"audit-requires": "prepend"},
        "linux": {"before-all": ["two", "three"], "inherit": "before-all"},
        "overrides": [
            {
                "select": "cp39-*",
                "inherit": {"environment": "append", "before-all": "none"},
                "environment": "B=$A",
                "before-all": "four",
            }
        ],
    }
    environ = {
        "WHEELDOCK_ENVIRONMENT": "C=c",
        "WHEELDOCK_ENVIRONMENT_LINUX": "D=d",
        "WHEELDOCK_INHERIT": "environment: prepend; environment-linux test-skip-macos",
    }
    config = configure(table, environ)
    old, everywhere = config.for_target(CP39), config.everywhere
    assert everywhere.audit_requires == ("twine", "abi3audit")
    assert everywhere.before_all == "one && two && three"
    assert old.before_all == "four"
    assert [a.name for a in old.environment] == ["C", "A", "B", "D"]
    assert everywhere.environment[1] == Assignment("A", '"a"')
    assert config.origin("environment", CP39) == (
        "pyproject.toml [tool.wheeldock] environment + "
        "pyproject.toml [tool.wheeldock.overrides[0]] environment + "
        "WHEELDOCK_ENVIRONMENT + WHEELDOCK_ENVIRONMENT_LINUX"
    )


def test_every_problem_is_told_at_once_with_its_place() -> None:
    table = {
        "jobs": "two",
        "buidl": "*",
        "skip": ["{"],
        "config-settings": {"a": {}},
        "linux": {"before-al": "x", "test-command": 3},
        "overrides": [
            {"select": "cp39-*", "environment": {"A": '"'}, "jobs": 2, "testcommand": "x"},
            {"select": "cp3[", "jobs": 1},
            {"select": "cp36-*", "before-all": "x"},
            {"before-all": 1},
            3,
        ],
    }
    environ = {
        "WHEELDOCK_JOBS": "0",
        "WHEELDOCK_OUTPUT_DRI": "x",
        "WHEELDOCK_ENVIRONMENT": "A=(",
        "WHEELDOCK_XBUILD_TOOLS": "x",
    }
    with pytest.raises(ConfigurationError) as caught:
        configure(table, environ, jobs="-1")
    shell = "assignments as in a shell, such as 'A=1 B=\"$A two\"', or a table of them"
    top, override = "pyproject.toml: tool.wheeldock", "pyproject.toml: tool.wheeldock.overrides"
    assert caught.value.problems == (
        f"{top}.jobs: got 'two' (str); expected {JOBS}",
        f"{top}.buidl: unknown option; did you mean 'build'?",
        f"{top}.skip: got '{{' (str); expected {GLOBS}",
        f"{top}.config-settings: got {{'a': {{}}}} (dict); expected {TABLE}",
        f"{top}.linux.before-al: unknown option; did you mean 'before-all'?",
        f"{top}.linux.test-command: got 3 (int); expected a shell command, or a list of them",
        (
            f"{override}[0].environment: got {{'A': '\"'}} (dict); expected {shell}; "
            '\'A="""\' has no end'
        ),
        f"{override}[0].jobs: an option for all of a run, which no override can have",
        f"{override}[0].testcommand: unknown option; did you mean 'test-command'?",
        f"{override}[1].select: got 'cp3[' (str); expected {GLOBS}",
        f"{override}[1].jobs: an option for all of a run, which no override can have",
        (
            f"{override}[2].select: got 'cp36-*' (str); "
            "expected globs that select a build identifier of Linux"
        ),
        f"{override}[3].select: missing; it has the globs of the build identifiers meant",
        f"{override}[3].before-all: got 1 (int); expected a shell command, or a list of them",
        f"{override}[4]: got 3 (int); expected a table",
        f"WHEELDOCK_JOBS: got 0 (int); expected {JOBS}",
        f"WHEELDOCK_ENVIRONMENT: got 'A=(' (str); expected {shell}; '(' stands outside of quotes",
        "WHEELDOCK_OUTPUT_DRI: unknown option; did you mean 'output-dir'?",
        "WHEELDOCK_XBUILD_TOOLS: cibuildwheel's option for cross-builds, and wheeldock does none",
        f"--jobs: got -1 (int); expected {JOBS}",
    )


WRONG = {
    **{option: {"a": {"b": "c"}} for option in OPTIONS},
    **dict.fromkeys(["environment", "test-environment"], 3),
}


@pytest.mark.parametrize("option", OPTIONS)
def test_a_wrong_type_is_told_for_every_option(option: str) -> None:
    (problem,) = problems({option: WRONG[option]})
    assert problem.startswith(f"pyproject.toml: tool.wheeldock.{option}: got ")
    assert "; expected " in problem


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"linux": 3}, "linux: got 3 (int); expected a table"),
        ({"overrides": {}}, "overrides: got {} (dict); expected an array of tables"),
        ({"inherit": 3}, "inherit: got 3 (int); expected a table of options whose values are one "),
        ({"inherit": "skip: 'x"}, 'inherit: got "skip: \'x" (str); expected a table of options '),
        ({"inherit": {"skp": "none"}}, "inherit: skp: unknown option; did you mean 'skip'?"),
        ({"inherit": {"jobs": "append"}}, "inherit: jobs: this option inherits nothing"),
        (
            {"inherit": {"skip": "after"}},
            "inherit: skip: got 'after' (str); expected one of none, append, prepend",
        ),
        ({"macos": {}}, "macos: cibuildwheel's table for macos, and wheeldock builds for Linux"),
        (
            {"container-engine": "podman"},
            "container-engine: cibuildwheel's; here Docker Buildx builds (see the option builder)",
        ),
        ({"zzz": 1}, "zzz: unknown option; the options are build, skip, "),
    ],
)
def test_what_has_no_meaning_is_told(table: Mapping[str, object], problem: str) -> None:
    assert problems(table)[0].startswith(f"pyproject.toml: tool.wheeldock.{problem}")


def test_our_table_may_be_no_table() -> None:
    with pytest.raises(ConfigurationError) as caught:
        of_tool({"wheeldock": 3})
    assert caught.value.problems == (
        "pyproject.toml: tool.wheeldock: got 3 (int); expected a table",
    )


def test_problems_of_the_command_line_alone_are_a_matter_of_usage() -> None:
    with pytest.raises(UsageError) as caught:
        configure(jobs="many", output_dir="")
    assert caught.value.message == (
        f"--jobs: got 'many' (str); expected {JOBS}\n"
        "--output-dir: got '' (str); expected the path of a folder"
    )


def test_a_value_that_a_stronger_place_replaces_must_be_right_all_the_same() -> None:
    with pytest.raises(ConfigurationError):
        configure({"jobs": 0}, jobs="1")


def test_a_variable_of_ours_by_its_prefix_alone_is_left_alone() -> None:
    environ = {"WHEELDOCK_TEST_ENGINE": "x", "PATH": "/bin", "WHEELDOCK_SKIP_MACOS": "x"}
    assert configure({}, environ) == configure()


def test_a_variable_that_is_empty_empties_an_option_that_can_be_empty() -> None:
    table = {"build": "cp3*", "skip": "cp39-*", "test-command": "t", "manylinux-x86_64-image": "a"}
    environ = dict.fromkeys(
        [
            "WHEELDOCK_BUILD",
            "WHEELDOCK_SKIP",
            "WHEELDOCK_TEST_COMMAND",
            "WHEELDOCK_MANYLINUX_X86_64_IMAGE",
        ],
        "",
    )
    config = configure(table, environ)
    assert (config.build, config.skip) == (("*",), ())
    assert config.everywhere.test_command == ""
    assert config.everywhere.images["manylinux-x86_64-image"] == "a"


def test_lists_and_tables_come_as_text_from_the_environment() -> None:
    environ = {
        "WHEELDOCK_CONFIG_SETTINGS": "a=b 'c=d e'",
        "WHEELDOCK_TEST_REQUIRES_LINUX": "pytest 'x; python_version<\"3\"'",
        "WHEELDOCK_BUILD_VERBOSITY": "1",
    }
    options = configure({}, environ).everywhere
    assert options.config_settings == {"a": "b", "c": "d e"}
    assert options.test_requires == ("pytest", 'x; python_version<"3"')
    assert options.build_verbosity == 1


def test_the_repair_is_the_default_until_another_is_asked_for() -> None:
    assert configure().everywhere.repairs_by_default
    same = {"repair-wheel-command": "auditwheel repair -w {dest_dir} {wheel}"}
    assert configure(same).everywhere.repairs_by_default
    assert not configure({"repair-wheel-command": ""}).everywhere.repairs_by_default


def test_a_project_without_our_table_is_read_as_cibuildwheels() -> None:
    table = {
        "build": "",
        "before-all": "a",
        "macos": {"x": 1},
        "xbuild-tools": [],
        "free-threaded-support": True,
        "linux": {"manylinux-x86_64-image": ""},
        "overrides": [
            {"select": "*-macosx_*", "before-all": 3},
            {"select": "cp39-*", "before-all": "b", "container-engine": "podman"},
        ],
    }
    environ = {
        "CIBW_SKIP": "cp310-*",
        "CIBW_SKIP_MACOS": "x",
        "CIBW_OUTPUT_DIR": "wheelhouse",
        "CIBW_TEST_COMMAND_LINUX": "t",
        "CIBW_CONTAINER_ENGINE": "podman",
        "CIBW_JOBS": "x",
        "WHEELDOCK_JOBS": "2",
        "CIBW_PLATFORM": "linux",
        "CIBW_BIULD": "x",
    }
    config = of_tool({"cibuildwheel": table}, environ)
    ours = {name for name, option in OPTIONS.items() if option.own} - {"output-dir"}
    names = ", ".join(
        dict.fromkeys(re.sub("-.*-image", "-…-image", name) for name in OPTIONS if name not in ours)
    )
    assert config.build == ("*",)
    assert config.everywhere.before_all == "a"
    assert config.origin("before-all") == "pyproject.toml [tool.cibuildwheel] before-all"
    assert config.for_target(CP39).before_all == "b"
    assert config.everywhere.images["manylinux-x86_64-image"] == "manylinux_2_28"
    assert (config.skip, config.jobs, config.output_dir) == (("cp310-*",), 2, Path("wheelhouse"))
    assert config.everywhere.test_command == "t"
    unknown = f"unknown option; the options are {names}"
    engine = "cibuildwheel's; here Docker Buildx builds (see the option builder)"
    assert config.remarks == (
        (
            "pyproject.toml has no [tool.wheeldock]: taking cibuildwheel's configuration, "
            "[tool.cibuildwheel], CIBW_SKIP, CIBW_OUTPUT_DIR, CIBW_TEST_COMMAND_LINUX"
        ),
        (
            "pyproject.toml: tool.cibuildwheel.xbuild-tools: "
            "cibuildwheel's option for cross-builds, and wheeldock does none"
        ),
        f"pyproject.toml: tool.cibuildwheel.free-threaded-support: {unknown}",
        f"pyproject.toml: tool.cibuildwheel.overrides[1].container-engine: {engine}",
        f"CIBW_CONTAINER_ENGINE: {engine}",
        "CIBW_BIULD: unknown option; did you mean 'build'?",
    )


def test_what_is_empty_in_cibuildwheels_words_sets_nothing_where_it_cannot_be_empty() -> None:
    table = {"archs": [], "build": [], "build-verbosity": "", "skip": []}
    environ = {"CIBW_ARCHS": "", "CIBW_ARCHS_LINUX": "", "CIBW_BUILD_VERBOSITY": ""}
    for config in (
        of_tool({"cibuildwheel": table}),
        of_tool({"cibuildwheel": {}}, environ),
        of_tool({"cibuildwheel": {"build-verbosity": 2}}, environ),
    ):
        assert (config.build, config.skip, config.archs) == (("*",), (), ("auto",))
        assert config.everywhere.build_verbosity == 0
    config = of_tool({"cibuildwheel": {"archs": "aarch64"}}, environ)
    assert config.archs == ("aarch64",)


def test_an_empty_list_is_of_the_wrong_type_where_no_list_can_be() -> None:
    with pytest.raises(ConfigurationError, match=r"environment: got \[\]"):
        of_tool({"cibuildwheel": {"environment": []}})


def test_what_has_no_counterpart_may_inherit_in_cibuildwheels_words() -> None:
    table = {"inherit": {"xbuild-tools": "append", "build-verbosity": "none"}}
    assert of_tool({"cibuildwheel": table}, {"CIBW_INHERIT": "xbuild-tools"}).jobs is None
    with pytest.raises(ConfigurationError, match="xbuild-tools: unknown option"):
        of_tool({"wheeldock": {"inherit": {"xbuild-tools": "append"}}})


def test_variables_of_cibuildwheels_that_ask_for_what_is_not_here_are_told() -> None:
    environ = {
        "CIBW_PLATFORM": "macos",
        "CIBW_DEBUG_KEEP_CONTAINER": "1",
        "CIBW_DEBUG_TRACEBACK": "0",
        "CIBW_CACHE_PATH": "",
    }
    assert of_tool({}, environ).remarks == (
        (
            "CIBW_DEBUG_KEEP_CONTAINER: "
            "cibuildwheel's; no container stays here (see `invoke image.list`)"
        ),
        "CIBW_PLATFORM: cibuildwheel's; wheeldock builds for Linux",
    )
    assert of_tool({"wheeldock": {}}, environ).remarks == ()


def test_a_wrong_value_of_cibuildwheels_is_as_wrong_here() -> None:
    with pytest.raises(ConfigurationError) as caught:
        of_tool({"cibuildwheel": {"environment": "A"}}, {"CIBW_BUILD_FRONTEND": "poetry"})
    first, second = caught.value.problems
    assert first.startswith("pyproject.toml: tool.cibuildwheel.environment: got 'A' (str); ")
    assert second.startswith("CIBW_BUILD_FRONTEND: got 'poetry' (str); ")


def test_cibuildwheels_words_are_not_read_beside_ours() -> None:
    table = {"skip": "cp39-*", "linux": {"before-all": "make deps"}, "macos": {"skip": "*x86*"}}
    tool = {"wheeldock": {"jobs": 2}, "cibuildwheel": table}
    config = of_tool(tool, {"CIBW_SKIP": "cp310-*"})
    assert (config.skip, config.everywhere.before_all, config.jobs) == ((), "", 2)
    (remark,) = config.remarks
    assert remark == (
        "pyproject.toml has [tool.wheeldock], so that nothing of cibuildwheel's is read and these "
        "have no effect: tool.cibuildwheel.skip, tool.cibuildwheel.linux.before-all, CIBW_SKIP. "
        "Set those options in [tool.wheeldock], be it to their defaults; or remove that table, and "
        "`invoke init` translates cibuildwheel's"
    )


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        pytest.param({"skip": "cp310-*"}, {"skip": "cp39-*"}, id="another value"),
        pytest.param({"skip": ""}, {"skip": "cp39-*"}, id="the default, by name"),
        pytest.param({"linux": {"skip": ""}}, {"skip": "cp39-*"}, id="for Linux"),
        pytest.param(
            {"overrides": [{"select": "*", "before-all": "a"}]}, {"before-all": "b"}, id="override"
        ),
        pytest.param({}, {"build": "*", "environment": {}, "before-all": ""}, id="defaults"),
        pytest.param({}, {"macos": {"skip": "cp39-*"}}, id="another platform"),
        pytest.param({}, {"overrides": [{"select": "*-win*", "before-all": "b"}]}, id="Windows"),
        pytest.param({}, {"container-engine": "podman", "buidl": "*"}, id="not an option here"),
        pytest.param({}, "no table", id="not a table"),
    ],
)
def test_a_table_of_cibuildwheels_that_would_change_nothing_is_no_news(
    ours: Mapping[str, object], theirs: object
) -> None:
    assert of_tool({"wheeldock": ours, "cibuildwheel": theirs}).remarks == ()


def test_a_table_whose_name_is_misspelt_is_told() -> None:
    (remark,) = of_tool({"wheeldok": {"jobs": 2}, "wheel": {}, "docker": {}}).remarks
    assert remark == "pyproject.toml: [tool.wheeldok] is not read; did you mean [tool.wheeldock]?"


def test_a_project_with_neither_has_nothing_to_remark() -> None:
    assert of_tool({}) == configure()
    assert of_tool({}).remarks == ()


def test_the_source_is_the_command_lines_then_the_environments() -> None:
    environ = {"WHEELDOCK_SOURCE": "b"}
    assert source_text(environ, "a") == "a"
    assert source_text(environ) == "b"
    assert source_text({"WHEELDOCK_SOURCE": ""}) == "."
