"""
What Buildx is asked for: a build target in the terms of the Dockerfile. Pure.

The Dockerfile's stages are keyed by what they depend on, so what goes into each request is
only what its stages need: an argument too many would rebuild what did not change.
"""

from __future__ import annotations

import json
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.request import BuildRequest, ImageOutput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.config import TargetOptions
    from wheeldock.history import History
    from wheeldock.plan import BuildTarget
    from wheeldock.seeds import Seeds
    from wheeldock.tags import Architecture

DOCKER = Path(__file__).parent / "docker"
"""The Dockerfiles and what their stages run."""


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
    builder: str | None = None
    project: str = ""
    """Whose compiler cache serves."""
    seeds: Seeds
    cold: str = ""
    """A suffix for cache mounts that no build had before; "" to use what is cached."""


def sdist_request(
    recipe: Recipe, source: Path, dockerfile: Path, output: Path, history: History | None = None
) -> BuildRequest:
    """Ask for the sdist of a source tree; `dockerfile` is a copy with an ignore file beside it."""
    place = {"SUBFOLDER": history.subfolder, "GIT_DIR": "/project/.git"} if history else {}
    return _request(
        recipe,
        target="sdist-file",
        dockerfile=dockerfile,
        context=source,
        contexts={"git": history.folder} if history else {},
        output=output,
        arguments={"INTERPRETER": recipe.tools_interpreter, **place},
    )


def wheel_request(recipe: Recipe, target: BuildTarget, sdist: Path, output: Path) -> BuildRequest:
    """Ask for one repaired wheel of the unpacked sdist in `sdist/src`."""
    frontend = recipe.options.build_frontend
    return _request(
        recipe,
        target="wheel",
        contexts={"source": sdist},
        output=output,
        arguments={
            "INTERPRETER": target.identifier.interpreter,
            "PLATFORM_TAG": target.platform_tag,
            "BUILD_FRONTEND": shlex.join([frontend.name.value, *frontend.args]),
            "BUILD_VERBOSITY": str(recipe.options.build_verbosity),
        },
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
    dockerfile: Path = DOCKER / "Dockerfile",
    context: Path = DOCKER,
    contexts: Mapping[str, Path] | None = None,
    arguments: Mapping[str, str] | None = None,
) -> BuildRequest:
    return BuildRequest(
        target=target,
        dockerfile=dockerfile,
        context=context,
        contexts={"toolbox": DOCKER / "toolbox", **(contexts or {})},
        output=output,
        build_args={
            "BASE_IMAGE": recipe.base_image,
            "TOOLS_INTERPRETER": recipe.tools_interpreter,
            "BUILD_REQUIRES": "\n".join(recipe.build_requires),
            "CONFIG_SETTINGS": json.dumps(dict(recipe.options.config_settings), sort_keys=True),
            "PROJECT": recipe.project,
            **({"COLD": recipe.cold} if recipe.cold else {}),
            **(arguments or {}),
        },
        hosts=recipe.seeds.hosts(),
        architecture=recipe.architecture,
        builder=recipe.builder,
    )
