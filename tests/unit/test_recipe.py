from __future__ import annotations

import json
import re
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from wheeldock import config
from wheeldock.choices import BuildFrom
from wheeldock.constraints import Constraints
from wheeldock.context import TreeContext
from wheeldock.environment import Assignment
from wheeldock.fields import BuildFrontend, DependencyVersions, FrontendName
from wheeldock.history import History
from wheeldock.identifier import BuildIdentifier
from wheeldock.plan import BuildTarget
from wheeldock.preparation import Preparation
from wheeldock.recipe import (
    Recipe,
    audit_request,
    compiler_cache_request,
    epoch_of,
    forgetting_request,
    sdist_request,
    seed_request,
    tools_file_request,
    tools_image_request,
    wheel_request,
)
from wheeldock.request import DOCKER, ImageOutput
from wheeldock.seeds import Seeds
from wheeldock.sources import DirectorySource
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from wheeldock.request import BuildRequest

DEFAULTS = config.load({}, path="", environ={}, overrides={}).everywhere
RECIPE = Recipe(
    base_image="img@sha256:1",
    architecture=Architecture.X86_64,
    tools_interpreter="cp313-cp313",
    build_requires=("scikit-build-core>=0.10", "pybind11; python_version<'4'"),
    options=DEFAULTS,
    project="tiny",
    seeds=Seeds(),
)
CP311 = BuildTarget(BuildIdentifier.parse("cp311-manylinux_x86_64"), "manylinux_2_28_x86_64")
CP314T = BuildTarget(BuildIdentifier.parse("cp314t-manylinux_x86_64"), "manylinux_2_28_x86_64")
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")
FILLS = {"seed", "look"}
"""The stages that put there what the machine has."""

TREE = TreeContext(source=DirectorySource(Path("/project")), dockerfile=Path("/scratch/Dockerfile"))
SDIST = sdist_request(RECIPE, TREE, Path("/out"))
WHEEL = wheel_request(RECIPE, CP311, Path("/sdist"), Path("/out"))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    path = tmp_path / "ca bundle.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n")
    return path


def with_options(**options: Any) -> BuildRequest:
    recipe = replace(RECIPE, options=replace(DEFAULTS, **options))
    return wheel_request(recipe, CP311, Path("/sdist"), Path("/out"))


# --- what is asked for ---


def test_an_sdist_is_built_from_the_source_tree_with_its_own_ignore_file() -> None:
    assert (SDIST.target, SDIST.context) == ("sdist-file", Path("/project"))
    assert SDIST.dockerfile == Path("/scratch/Dockerfile")
    assert "source" not in SDIST.contexts


def test_a_history_from_elsewhere_goes_to_its_place_above_the_source_tree() -> None:
    tree = replace(TREE, history=History(Path("/git"), "python/tiny"))
    request = sdist_request(RECIPE, tree, Path("/out"))
    assert request.contexts["git"] == Path("/git")
    assert request.build_args["SUBFOLDER"] == request.build_args["PACKAGE_FOLDER"] == "python/tiny"
    assert request.build_args["HISTORY"] == "/project/.git"
    assert not {"SUBFOLDER", "PACKAGE_FOLDER", "HISTORY"} & {*SDIST.build_args}
    assert "git" not in SDIST.contexts


def test_an_sdist_is_built_by_the_interpreter_of_the_tools() -> None:
    assert SDIST.build_args["INTERPRETER"] == SDIST.build_args["TOOLS_INTERPRETER"] == "cp313-cp313"


def test_a_wheel_is_built_from_the_sdist_and_from_nothing_else() -> None:
    assert WHEEL.contexts["source"] == Path("/sdist")
    assert WHEEL.context == DOCKER
    assert Path("/project") not in WHEEL.contexts.values()


def test_a_package_goes_with_the_project_around_it() -> None:
    source = DirectorySource(Path("/home/project/libs/tiny"), "libs/tiny")
    request = sdist_request(RECIPE, replace(TREE, source=source), Path("/out"))
    assert request.context == Path("/home/project")
    assert request.build_args["PACKAGE_FOLDER"] == "libs/tiny"
    assert not {"SUBFOLDER", "HISTORY"} & {*request.build_args}
    elsewhere = replace(TREE, source=source, history=History(Path("/git"), "python"))
    arguments = sdist_request(RECIPE, elsewhere, Path("/out")).build_args
    assert arguments["SUBFOLDER"] == "python"
    assert arguments["PACKAGE_FOLDER"] == "python/libs/tiny"


def test_a_wheel_may_be_built_from_the_tree() -> None:
    source = DirectorySource(Path("/home/project/libs/tiny"), "libs/tiny")
    tree = replace(TREE, source=source, history=History(Path("/git"), ""))
    request = wheel_request(RECIPE, CP311, tree, Path("/out"))
    assert (request.context, request.dockerfile) == (Path("/home/project"), TREE.dockerfile)
    assert request.contexts["git"] == Path("/git")
    assert "source" not in request.contexts
    more = {"BUILD_FROM": "tree", "PACKAGE_FOLDER": "libs/tiny", "HISTORY": "/src/.git"}
    assert request.build_args == {**WHEEL.build_args, **more}


@pytest.mark.parametrize(
    ("target", "interpreter"), [(CP311, "cp311-cp311"), (CP314T, "cp314-cp314t")]
)
def test_a_wheel_is_built_by_its_own_interpreter(target: BuildTarget, interpreter: str) -> None:
    request = wheel_request(RECIPE, target, Path("/sdist"), Path("/out"))
    assert request.build_args["INTERPRETER"] == interpreter
    assert request.build_args["PLATFORM_TAG"] == target.platform_tag


def test_what_all_targets_share_is_the_same_for_each() -> None:
    recipe = replace(RECIPE, builder="far")
    requests = [
        sdist_request(recipe, TREE, Path("/out")),
        wheel_request(recipe, CP311, Path("/sdist"), Path("/out")),
    ]
    for request in requests:
        assert request.builder == "far"
        assert request.architecture is Architecture.X86_64
        assert request.hosts == RECIPE.seeds.hosts()
        assert request.build_args["BASE_IMAGE"] == "img@sha256:1"


def test_a_build_may_have_a_time() -> None:
    assert epoch_of(WHEEL) is None
    dated = wheel_request(replace(RECIPE, epoch="1700000000"), CP311, Path("/sdist"), Path("/out"))
    assert dated.build_args == {**WHEEL.build_args, "EPOCH": "1700000000"}
    assert epoch_of(dated) == 1700000000


def test_no_argument_is_a_variable_of_gits() -> None:
    # Each is in the environment of its stage's steps, where builds ask Git for a version.
    assert re.findall(r"^ARG (GIT_\w+)", DOCKERFILE, re.MULTILINE) == []


def test_a_cold_build_has_an_argument_that_no_other_has() -> None:
    assert "COLD" not in WHEEL.build_args
    cold = wheel_request(replace(RECIPE, cold="-cold-1"), CP311, Path("/sdist"), Path("/out"))
    assert cold.build_args == {**WHEEL.build_args, "COLD": "-cold-1"}
    assert cold.use_cache, "--no-cache empties the cache mounts of other builds"


# --- what keys its stages ---


def test_requests_for_two_wheels_differ_in_what_they_are_for_alone() -> None:
    one, other = (
        dict(wheel_request(RECIPE, target, Path("/sdist"), Path("/out")).build_args)
        for target in (CP311, CP314T)
    )
    assert {name for name in one | other if one[name] != other[name]} == {
        "IDENTIFIER",
        "INTERPRETER",
    }


def test_variables_are_told_in_their_order_and_as_a_shell_reads_them() -> None:
    variables = [Assignment("A", '"it\'s\n$B"'), Assignment("B", "$(nproc)")]
    text = with_options(environment=variables).build_args["ENVIRONMENT"]
    assert shlex.split(text) == ["assign", "A", variables[0].value, "assign", "B", "$(nproc)"]
    assert WHEEL.build_args["ENVIRONMENT"] == "", "the Dockerfile's default"


def test_where_a_wheel_goes_is_in_no_build_argument() -> None:
    elsewhere = wheel_request(RECIPE, CP311, Path("/other/sdist"), Path("/other/out"))
    assert elsewhere.build_args == WHEEL.build_args


def test_what_the_machine_has_is_in_no_steps_key(bundle: Path) -> None:
    seeds = Seeds(ca_bundle=bundle, compiler_cache=bundle)
    seeded = wheel_request(replace(RECIPE, seeds=seeds), CP311, Path("/sdist"), Path("/out"))
    assert seeded.build_args == WHEEL.build_args
    assert seeded.contexts == WHEEL.contexts
    assert not seeded.secrets, "BuildKit reads the whole root file system for a secret mount"
    assert seeded.hosts.keys() == WHEEL.hosts.keys(), "the names are in the keys"
    assert seeded.hosts != WHEEL.hosts


def test_the_tools_are_kept_by_builds_of_the_same_stage() -> None:
    image = tools_image_request(RECIPE, "tiny-builder:x", {"a": "b"})
    assert (image.target, image.output) == ("builder", ImageOutput("tiny-builder:x"))
    assert image.labels == {"a": "b"}
    file = tools_file_request(RECIPE, Path("/fresh"))
    assert (file.target, file.output) == ("tools-file", Path("/fresh"))
    for request in (image, file):
        assert request.hosts == WHEEL.hosts
        for name in ("BASE_IMAGE", "TOOLS_INTERPRETER"):
            assert request.build_args[name] == WHEEL.build_args[name]
    assert not WHEEL.labels


def test_cache_mounts_are_filled_by_a_build_that_gives_nothing() -> None:
    request = seed_request(RECIPE, Path("/scratch/seeds"))
    assert (request.target, request.output) == ("seed", None)
    assert request.contexts["seeds"] == Path("/scratch/seeds")
    assert request.build_args["PROJECT"] == WHEEL.build_args["PROJECT"] == "tiny"


def test_the_compiler_cache_is_read_anew_each_time() -> None:
    request = compiler_cache_request(RECIPE, "abc", Path("/out"))
    assert (request.target, request.output) == ("compiler-cache-file", Path("/out"))
    assert request.build_args["NONCE"] == "abc"


def test_an_image_that_is_not_prepared_has_no_argument_for_that() -> None:
    assert not {name for name in WHEEL.build_args if name.startswith(("BEFORE_ALL", "SYSTEM_"))}


def test_how_an_image_is_prepared_is_the_same_in_all_requests(tmp_path: Path) -> None:
    prepared = Preparation(
        system_packages=("a", "b"), before_all="x", environment=(Assignment("A", "1"),)
    )
    tree = TreeContext(source=DirectorySource(tmp_path / "sub", "sub"), dockerfile=tmp_path / "D")
    recipe = replace(RECIPE, preparation=prepared, files=tree)
    requests = [
        sdist_request(recipe, tree, Path("/out")),
        wheel_request(recipe, CP311, Path("/sdist"), Path("/out")),
        tools_file_request(recipe, Path("/fresh")),
        tools_image_request(recipe, "tiny-builder:x", {}),
    ]
    for request in requests:
        assert (request.context, request.dockerfile) == (tmp_path, tmp_path / "D")
        arguments = request.build_args
        assert (arguments["SYSTEM_PACKAGES"], arguments["BEFORE_ALL"]) == ("a\nb", "x")
        assert arguments["BEFORE_ALL_ENVIRONMENT"] == "assign A 1"
        assert (arguments["BEFORE_ALL_FILES"], arguments["BEFORE_ALL_PACKAGE"]) == (
            "project",
            "sub",
        )
    without = wheel_request(replace(recipe, files=None), CP311, Path("/sdist"), Path("/out"))
    assert without.context == DOCKER
    assert "BEFORE_ALL_FILES" not in without.build_args


def test_variables_of_the_machine_are_named_for_the_stages_that_have_them() -> None:
    assert not any(WHEEL.passed.values())
    prepared = Preparation(before_all="x", environment_pass=("A",))
    options = replace(DEFAULTS, environment_pass=("B",))
    recipe = replace(RECIPE, preparation=prepared, options=options)
    passed = wheel_request(recipe, CP311, Path("/sdist"), Path("/out")).passed
    assert passed == {"tools": ("A",), **dict.fromkeys(["env", "sdist", "build", "repair"], ("B",))}


def test_auditwheel_alone_repairs_without_a_network() -> None:
    assert WHEEL.offline == ("repair",)
    assert with_options(repair_wheel_command="pip install mine; mine {wheel}").offline == ()
    assert with_options(environment=(Assignment("A", "$(curl example)"),)).offline == ()


def test_build_requirements_keep_their_order_one_a_line() -> None:
    assert WHEEL.build_args["BUILD_REQUIRES"].splitlines() == list(RECIPE.build_requires)


def test_before_build_finds_pip_in_the_environment() -> None:
    arguments = with_options(before_build="pip list").build_args
    assert arguments["BEFORE_BUILD"] == "pip list"
    assert arguments["BUILD_REQUIRES"].splitlines() == [*RECIPE.build_requires, "pip"]
    assert WHEEL.build_args["BEFORE_BUILD"] == "", "the Dockerfile's default"


def test_config_settings_have_one_spelling() -> None:
    first = {"b": "1", "a": ["x", "y"], "ü": '"'}
    texts = {
        with_options(config_settings=settings).build_args["CONFIG_SETTINGS"]
        for settings in (first, dict(reversed(first.items())), first | {"a": ("x", "y")})
    }
    assert [json.loads(text) for text in texts] == [first]


@pytest.mark.parametrize(
    "name",
    [
        "CONFIG_SETTINGS",
        "BUILD_FRONTEND",
        "BUILD_VERBOSITY",
        "CONSTRAINTS",
        "PINS",
        "REPAIR_COMMAND",
    ],
)
def test_options_that_nobody_sets_are_the_dockerfiles_defaults(name: str) -> None:
    assert f"ARG {name}={WHEEL.build_args[name]}\n" in DOCKERFILE


def test_a_build_frontend_and_its_arguments_are_a_shells_words() -> None:
    frontend = BuildFrontend(FrontendName.BUILD_UV, ("-Ca=b c", "-n"))
    arguments = with_options(build_frontend=frontend, build_verbosity=-1).build_args
    assert arguments["BUILD_FRONTEND"] == "'build[uv]' '-Ca=b c' -n"
    assert arguments["BUILD_VERBOSITY"] == "-1"


@pytest.mark.parametrize("command", ["", "cp {wheel} {dest_dir}"])
def test_a_repair_of_ones_own_is_the_command_as_it_is(command: str) -> None:
    arguments = with_options(repair_wheel_command=command).build_args
    assert arguments["REPAIR_COMMAND"] == command
    assert (WHEEL.build_args["PACKED_AGAIN"], arguments["PACKED_AGAIN"]) == ("yes", "no")
    assert ("pip" in arguments["BUILD_REQUIRES"].splitlines()) is bool(command)


def test_constraints_take_the_place_of_pins() -> None:
    versions = DependencyVersions("packages", packages=("a==1", "b<2"))
    options = replace(DEFAULTS, dependency_versions=versions)
    recipe = replace(RECIPE, options=options, constraints=Constraints(("a==1", "b<2"), ("c",)))
    arguments = wheel_request(recipe, CP311, Path("/sdist"), Path("/out")).build_args
    assert (arguments["CONSTRAINTS"], arguments["PINS"]) == ("a==1\nb<2", "")
    assert arguments["BUILD_CONSTRAINTS"] == "c"


def audited(**options: Any) -> BuildRequest:
    recipe = replace(RECIPE, options=replace(DEFAULTS, **options))
    wheel = Path("/out/tiny-1.0-cp311-abi3-any.whl")
    return audit_request(recipe, ["check {wheel}"], wheel, Path("/sdist"))


def test_an_audit_has_the_wheel_and_what_it_was_made_of() -> None:
    request = audited()
    assert (request.target, request.output) == ("audit", None)
    assert request.contexts["wheelhouse"] == Path("/out")
    assert request.contexts["source"] == Path("/sdist")
    assert json.loads(request.build_args["AUDIT_COMMANDS"]) == ["check {wheel}"]
    assert request.build_args["AUDIT_REQUIRES"] == "abi3audit"


def test_an_audit_of_the_trees_wheel_has_the_tree() -> None:
    request = audit_request(RECIPE, ["check {wheel}"], Path("/out/x.whl"), TREE)
    assert request.build_args["BUILD_FROM"] == "tree"
    assert request.context == TREE.source.project
    assert request.contexts["wheelhouse"] == Path("/out")


def test_audit_requirements_are_pinned_where_nobody_sets_them() -> None:
    latest = DependencyVersions("latest")
    assert audited().build_args["PINS"] == "/toolbox/pins.txt"
    assert audited(audit_requires=("abi3audit>0",)).build_args["PINS"] == ""
    assert audited(dependency_versions=latest).build_args["PINS"] == ""


# --- the Dockerfile ---


@pytest.mark.parametrize("request_", [SDIST, WHEEL], ids=["sdist", "wheel"])
def test_the_dockerfile_has_what_is_asked_for(request_: BuildRequest) -> None:
    declared = set(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    assert set(request_.build_args) <= declared
    stages = set(re.findall(r"^FROM \S+ AS ([\w-]+)$", DOCKERFILE, re.MULTILINE))
    assert {request_.target, *(f"from-{choice}" for choice in BuildFrom)} <= stages
    assert f"\nARG BUILD_FROM={BuildFrom.SDIST}\n" in DOCKERFILE


def test_every_argument_without_a_default_is_given_for_a_wheel() -> None:
    needed = set(re.findall(r"^ARG (\w+)$", DOCKERFILE, re.MULTILINE)) - {"NONCE", "AUDIT_COMMANDS"}
    assert needed <= set(WHEEL.build_args)


def test_every_foreign_context_of_the_dockerfile_is_given() -> None:
    used = set(re.findall(r"(?:from=|^FROM )([\w-]+)\b", DOCKERFILE, re.MULTILINE)) - {"scratch"}
    used -= {"from"}  # what BUILD_FROM chooses
    stages = set(re.findall(r"^FROM \S+ AS ([\w-]+)$", DOCKERFILE, re.MULTILINE))
    assert used - stages - {"seeds", "wheelhouse"} <= set(SDIST.contexts)
    assert set(WHEEL.contexts) <= used


def test_what_is_mounted_from_the_toolbox_is_there() -> None:
    toolbox = WHEEL.contexts["toolbox"]
    files = re.findall(r"from=kit,source=([\w./-]+)", DOCKERFILE)
    files += re.findall(r"/toolbox/([\w-]+\.(?:py|sh|txt))", DOCKERFILE)
    assert files
    assert [name for name in files if not (toolbox / name).exists()] == []


def test_the_cache_mounts_of_a_cold_build_are_all_emptied_after_it() -> None:
    mounts = r"id=(\S*\$\{COLD\}),"
    stage = DOCKERFILE.partition(" AS forgotten\n")[2].partition("\nFROM ")[0]
    assert set(re.findall(mounts, stage)) == set(re.findall(mounts, DOCKERFILE))
    assert forgetting_request(replace(RECIPE, cold="-cold-1")).target == "forgotten"


def test_a_cold_build_runs_the_tools_and_all_cache_mounts_are_its_own() -> None:
    stages = {
        stage.split()[2]: stage for stage in re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    }
    assert "\nARG COLD=\n" in stages["tools"].partition("RUN")[0]
    for name, stage in stages.items():
        for mount in re.findall(r"--mount=type=cache\S*", stage):
            if "id=wheeldock-seeds," in mount and (mount.endswith(",readonly") or name in FILLS):
                continue  # no build left anything there
            assert "${COLD}," in mount, (name, mount)
            assert "\nARG COLD=\n" in stage, name
