"""
The stand-in base image: what wheels are built on where no image registry answers.

It has the official manylinux image's shape and links for the same glibc, and is made from the
packages of the machine's own Debian mirror (docker/base). What it is made by, its recipe, is in
a label of the image: an image whose recipe is unchanged is ready, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import os
import platform
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from wheeldock import standin_context as contexts
from wheeldock.apt import machine_sources
from wheeldock.builder import BuildEndedError, BuildRequest, ImageOutput
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.failures import explain
from wheeldock.recipe import network_secrets
from wheeldock.record import BuildRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wheeldock.builder import Builder, ImageInfo
    from wheeldock.standin_context import Gathered

TAG = "wheeldock/stand-in:manylinux_2_28_x86_64"
"""The image's name in the engine."""

_LABEL = "org.wheeldock."
_CREATED = "org.opencontainers.image.created"
_RETRY = timedelta(days=1)
"""How long an image without some interpreter is ready before their suites are looked at again."""


def describe() -> str:
    """What the stand-in is and is not, in a sentence for the person whose wheels it builds."""
    return (
        f"the stand-in base image {TAG}, not the official manylinux image: made from Debian's "
        "packages, it links for glibc 2.28; that its wheels run on a glibc older than 2.31 follows "
        "from their symbols and has not been tried"
    )


def recipe() -> str:
    """The digest of what the stand-in is made by."""
    digest = hashlib.sha256(repr(contexts.INTERPRETERS).encode())
    for path in sorted(contexts.BASE.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(info: ImageInfo, *, now: datetime | None = None) -> bool:
    """
    Whether the image is what `build` would make.

    One that lacks an interpreter, as its suite was not there, is current for a day.
    """
    if info.labels.get(f"{_LABEL}recipe") != recipe():
        return False
    if not info.labels.get(f"{_LABEL}skipped"):
        return True
    created = datetime.fromisoformat(info.labels[_CREATED])
    return (now or datetime.now(timezone.utc)) - created < _RETRY


def build(
    builder: Builder,
    *,
    say: Callable[[str], None],
    install_packages: Callable[[Sequence[str]], None],
) -> None:
    """
    Make the stand-in, or make it anew, with every interpreter that the mirror has.

    `install_packages` installs Debian packages on this machine. Raises BaseImageUnavailableError
    when there is nothing to make it from, and what a failed build raises.
    """
    if platform.machine() != "x86_64":
        message = f"the stand-in base image is for x86_64, and this machine is {platform.machine()}"
        raise BaseImageUnavailableError(message, cure=contexts.CURE)
    mirror = contexts.debian_mirror(machine_sources())
    say(f"Making the stand-in base image from packages at {mirror.main.uri}: about a minute.")
    with contexts.gather(mirror, say, install_packages) as gathered:
        _run(builder, request(gathered))
    say(f"{TAG} is ready, with {', '.join(gathered.interpreters)}.")


def request(gathered: Gathered) -> BuildRequest:
    """The stand-in's build, in Buildx's terms."""
    return BuildRequest(
        target="image",
        dockerfile=contexts.BASE / "Dockerfile",
        context=gathered.folder,
        contexts={"recipe": contexts.BASE},
        output=ImageOutput(TAG),
        build_args={
            "TOOLS_INTERPRETER": gathered.tools_interpreter,
            "RECIPE": recipe(),
            "INTERPRETERS": " ".join(gathered.interpreters),
            "SKIPPED": " ".join(gathered.skipped),
            "CREATED": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        },
        secrets=network_secrets(os.environ),
    )


def _run(builder: Builder, request: BuildRequest) -> None:
    record = BuildRecord()
    try:
        for event in builder.build(request):
            record.add(event)
    except BuildEndedError:
        raise explain("stand-in base image", TAG, record) from None
