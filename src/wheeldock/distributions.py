"""
Debian releases to test wheels in, made from the packages of the machine's own mirror.

They take the place of Debian's official images where no registry answers, and unlike those they
have a Python, the release's own.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from wheeldock import rootfs
from wheeldock.apt import AptError, machine_sources, told_expired
from wheeldock.errand import run_errand
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.images import TEST_IMAGE, TEST_NAME
from wheeldock.request import BuildRequest, ImageOutput
from wheeldock.standin_parts import BASE, DEBIAN_NAMES, debian_mirror
from wheeldock.trialfiles import DOCKERFILE

if TYPE_CHECKING:
    from collections.abc import Callable

    from wheeldock.builder import Builder
    from wheeldock.tags import Architecture

_NAME = re.compile(r"(?:docker\.io/)?(?:library/)?debian:(?P<suite>[a-z]+)(?:-slim)?")
_PACKAGES = ("ca-certificates", "python3", "python3-venv")
"""A release's own Python, with all that a virtual environment needs, and what it trusts."""


def stand_in(name: str, architecture: Architecture) -> str:
    """The name in the engine of what takes an image's place, or "" where nothing can."""
    match = _NAME.fullmatch(name)
    if match is None or architecture not in DEBIAN_NAMES:
        return ""
    return f"{TEST_NAME}:{match['suite']}-{architecture}"


def build(
    name: str, architecture: Architecture, builder: Builder, *, say: Callable[[str], None]
) -> None:
    """
    Make what takes the place of an image that has a stand-in.

    Raises BaseImageUnavailableError when the mirror has no such suite, or there is no mirror.
    """
    tag = stand_in(name, architecture)
    suite = tag.partition(":")[2].partition("-")[0]
    if shutil.which("mmdebstrap") is None:
        message = f"test-images: {tag} cannot be made in place of {name}: mmdebstrap is missing"
        raise BaseImageUnavailableError(message, cure="`apt-get install mmdebstrap` installs it.")
    mirror = debian_mirror(machine_sources())
    say(f"Making {tag}, in place of {name}, from packages at {mirror.main.uri}: half a minute.")
    cache = user_cache_path("wheeldock", ensure_exists=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="test-image-") as home:
        context, work = Path(home, "context"), Path(home, "work")
        context.mkdir()
        work.mkdir()
        try:
            is_valid = rootfs.make(
                context / "rootfs.tar",
                mirror.sources(suite, architecture),
                architecture=DEBIAN_NAMES[architecture],
                hook=(BASE / "rootfs.sh").read_text(encoding="utf-8"),
                work=work,
                packages=_PACKAGES,
            )
        except AptError as error:
            message = f"test-images: {tag} cannot be made in place of {name}: {error}"
            cure = f"Name a suite that {mirror.main.uri} has, or an image of a registry."
            raise BaseImageUnavailableError(message, cure=cure) from None
        if not is_valid:
            say(told_expired(suite, mirror.main.uri))
        run_errand(builder, request(tag, name, architecture, context), tag, tag)


def request(tag: str, name: str, architecture: Architecture, context: Path) -> BuildRequest:
    """The image's build, in Buildx's terms."""
    return BuildRequest(
        target="distribution",
        dockerfile=DOCKERFILE,
        context=context,
        output=ImageOutput(tag),
        build_args={"BASE_IMAGE": "scratch"},
        architecture=architecture,
        labels={
            TEST_IMAGE: name,
            "org.opencontainers.image.created": datetime.now(timezone.utc).isoformat(),
            "org.opencontainers.image.title": f"Stand-in for {name}, to test wheels in",
        },
    )
