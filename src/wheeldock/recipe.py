"""
What Buildx is asked for: a build target in the terms of the Dockerfile. Pure.

The Dockerfile's stages are keyed by what they depend on, so what goes into each request is
only what its stages need: an argument too many would rebuild what did not change.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.constraints import Constraints
from wheeldock.preparation import Preparation
from wheeldock.request import DOCKER, BuildRequest, ImageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.config import TargetOptions
    from wheeldock.context import TreeContext
    from wheeldock.environment import Assignment
    from wheeldock.plan import BuildTarget
    from wheeldock.seeds import Seeds
    from wheeldock.tags import Architecture

PINS = "/toolbox/pins.txt"
"""Where steps find the versions that wheeldock pins for what it installs for a project."""

_OF_THE_PROJECT = ("env", "sdist", "build", "repair")
"""The stages in which the project's variables are there."""


_PINNED_AUDIT = ("abi3audit",)
"""The audit requirements that nobody sets; of others the versions are the project's affair."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What all targets of a run have in common."""

    base_image: str
    architecture: Architecture
    """The base image's."""
    tools_interpreter: str
    build_requires: Sequence[str]
    options: TargetOptions
    """What holds for what is asked for: a wheel's own options, or those of all."""
    constraints: Constraints = field(default_factory=Constraints)
    """The versions of what is installed besides the tools."""
    preparation: Preparation = field(default_factory=Preparation)
    """How the base image is prepared."""
    files: TreeContext | None = None
    """The project, where that uses its files."""
    builder: str | None = None
    project: str = ""
    """Whose compiler cache serves."""
    seeds: Seeds
    epoch: str = ""
    """The time that is written into what is built, in seconds since 1970; "" for the default."""
    cold: str = ""
    """A suffix for cache mounts that no build had before; "" to use what is cached."""


def sdist_request(recipe: Recipe, tree: TreeContext, output: Path) -> BuildRequest:
    """Ask for the sdist of a source tree."""
    return _request(
        recipe,
        target="sdist-file",
        tree=tree,
        contexts=tree.contexts,
        output=output,
        arguments={"INTERPRETER": recipe.tools_interpreter, **tree.places("/project")},
    )


def wheel_request(
    recipe: Recipe, target: BuildTarget, origin: Path | TreeContext, output: Path
) -> BuildRequest:
    """Ask for one repaired wheel of a source tree, or of the unpacked sdist in `origin/src`."""
    options, frontend = recipe.options, recipe.options.build_frontend
    arguments = {
        "BEFORE_BUILD": recipe.options.before_build,
        "IDENTIFIER": str(target.identifier),
        "INTERPRETER": target.identifier.interpreter,
        "PLATFORM_TAG": target.platform_tag,
        "BUILD_FRONTEND": shlex.join([frontend.name.value, *frontend.args]),
        "BUILD_VERBOSITY": str(options.build_verbosity),
        "PACKED_AGAIN": "yes" if options.repairs_by_default else "no",
        "REPAIR_COMMAND": "default" if options.repairs_by_default else options.repair_wheel_command,
    }
    request = _request_from(origin, recipe, target="wheel", output=output, arguments=arguments)
    # A variable's value may be a command, and that may fetch something, as a project's repair may.
    offline = options.repairs_by_default and not options.environment
    return replace(request, offline=("repair",) if offline else ())


def environment_request(recipe: Recipe, target: BuildTarget) -> BuildRequest:
    """Ask for the environment that a wheel is built in, and leave it to the engine's cache."""
    arguments = {"INTERPRETER": target.identifier.interpreter}
    return _request(recipe, target="env", output=None, arguments=arguments)


def audit_request(
    recipe: Recipe, commands: Sequence[str], wheel: Path, origin: Path | TreeContext
) -> BuildRequest:
    """Ask for audits of the wheel that is alone in its folder, as `wheel_request` was asked."""
    options = recipe.options
    pinned = options.audit_requires == _PINNED_AUDIT and _is_pinned(options)
    arguments = {
        "AUDIT_REQUIRES": "\n".join(options.audit_requires),
        "AUDIT_COMMANDS": json.dumps(commands),
        "PINS": PINS if pinned else "",
    }
    contexts = {"wheelhouse": wheel.parent}
    return _request_from(
        origin, recipe, target="audit", output=None, arguments=arguments, contexts=contexts
    )


def _request_from(
    origin: Path | TreeContext,
    recipe: Recipe,
    *,
    target: str,
    output: Path | None,
    arguments: Mapping[str, str],
    contexts: Mapping[str, Path] | None = None,
) -> BuildRequest:
    """Ask for something that a source tree, or the unpacked sdist in `origin/src`, goes into."""
    if isinstance(origin, Path):
        return _request(
            recipe,
            target=target,
            contexts={**(contexts or {}), "source": origin},
            output=output,
            arguments=arguments,
        )
    return _request(
        recipe,
        target=target,
        tree=origin,
        contexts={**(contexts or {}), **origin.contexts},
        output=output,
        arguments={**arguments, "BUILD_FROM": "tree", **origin.places("/src")},
    )


def seed_request(recipe: Recipe, folder: Path) -> BuildRequest:
    """Ask for the engine's cache mounts to be filled from a folder that `Seeds` lays out."""
    return _request(
        recipe,
        target="seed",
        contexts={"seeds": folder},
        output=None,
        arguments={"NONCE": ""},
    )


def forgetting_request(recipe: Recipe) -> BuildRequest:
    """Ask for the cache mounts of a cold run to be emptied."""
    return _request(recipe, target="forgotten", output=None)


def tools_image_request(recipe: Recipe, name: str, labels: Mapping[str, str]) -> BuildRequest:
    """Ask for the image of that name with the tools of the run."""
    request = _request(recipe, target="builder", output=ImageOutput(name))
    return replace(request, labels=labels)


def tools_file_request(recipe: Recipe, output: Path) -> BuildRequest:
    """Ask for the tools of the run in one file."""
    return _request(recipe, target="tools-file", output=output)


def compiler_cache_request(recipe: Recipe, nonce: str, output: Path) -> BuildRequest:
    """Ask for the project's compiler cache in one file; `nonce` is what no build had before."""
    return _request(
        recipe,
        target="compiler-cache-file",
        output=output,
        arguments={"NONCE": nonce},
    )


def _request(
    recipe: Recipe,
    *,
    target: str,
    output: Path | ImageOutput | None,
    tree: TreeContext | None = None,
    contexts: Mapping[str, Path] | None = None,
    arguments: Mapping[str, str] | None = None,
) -> BuildRequest:
    context = tree or recipe.files
    return BuildRequest(
        target=target,
        dockerfile=context.dockerfile if context else DOCKER / "Dockerfile",
        context=context.source.project if context else DOCKER,
        content=context.version if context else "",
        contexts={"toolbox": DOCKER / "toolbox", **(contexts or {})},
        output=output,
        build_args={
            "BASE_IMAGE": recipe.base_image,
            "TOOLS_INTERPRETER": recipe.tools_interpreter,
            "BUILD_REQUIRES": "\n".join(_environment_requires(recipe)),
            "CONSTRAINTS": "\n".join(recipe.constraints.versions),
            "BUILD_CONSTRAINTS": "\n".join(recipe.constraints.requirements),
            "PINS": PINS if _is_pinned(recipe.options) else "",
            "CONFIG_SETTINGS": json.dumps(dict(recipe.options.config_settings), sort_keys=True),
            "ENVIRONMENT": assignments(recipe.options.environment),
            "PROJECT": recipe.project,
            **({"EPOCH": recipe.epoch} if recipe.epoch else {}),
            **_preparing(recipe),
            **({"COLD": recipe.cold} if recipe.cold else {}),
            **(arguments or {}),
        },
        passed={
            "tools": recipe.preparation.environment_pass,
            **dict.fromkeys(_OF_THE_PROJECT, recipe.options.environment_pass),
        },
        hosts=recipe.seeds.hosts(),
        architecture=recipe.architecture,
        builder=recipe.builder,
    )


def _is_pinned(options: TargetOptions) -> bool:
    return options.dependency_versions.name == "pinned"


def _preparing(recipe: Recipe) -> dict[str, str]:
    """The arguments of the stage `tools` that say how the base image is prepared."""
    prepared, files = recipe.preparation, recipe.files
    values = {
        "SYSTEM_PACKAGES": "\n".join(prepared.system_packages),
        "BEFORE_ALL": prepared.before_all,
        "BEFORE_ALL_ENVIRONMENT": assignments(prepared.environment),
        "BEFORE_ALL_FILES": "project" if files else "",
        "BEFORE_ALL_PACKAGE": files.source.subfolder if files else "",
    }
    return {name: value for name, value in values.items() if value}


def _environment_requires(recipe: Recipe) -> list[str]:
    """What is installed before a build: the project's commands find pip, as in cibuildwheel."""
    options = recipe.options
    repairs = not options.repairs_by_default and options.repair_wheel_command
    return [*recipe.build_requires, *(["pip"] if options.before_build or repairs else [])]


def epoch_of(request: BuildRequest) -> int | None:
    """The time that a build is given, in seconds since 1970; None for the default."""
    epoch = request.build_args.get("EPOCH")
    return int(epoch) if epoch else None


def assignments(environment: Sequence[Assignment]) -> str:
    """The variables as toolbox/environment.sh reads them: values may have lines of their own."""
    return "\n".join(f"assign {each.name} {shlex.quote(each.value)}" for each in environment)
