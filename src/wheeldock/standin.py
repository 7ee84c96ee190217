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

from wheeldock.apt import machine_sources
from wheeldock.errand import run_errand
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.request import BuildRequest, ImageOutput
from wheeldock.seeds import ca_bundle
from wheeldock.standin_parts import BASE, CURE, FREE_THREADED, PACKAGED, debian_mirror

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wheeldock.builder import Builder, ImageInfo
    from wheeldock.standin_context import Gathered
    from wheeldock.standin_parts import Interpreter

TAG = "wheeldock/stand-in:manylinux_2_28_x86_64"
"""The image's name in the engine."""

BRIEF = f"the stand-in base image {TAG}, which links for glibc 2.28"
"""What a machine has that set-up finds ready; each build says more (`describe`)."""

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
    digest = hashlib.sha256(repr(PACKAGED).encode())
    for path in sorted(BASE.iterdir()):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(
    info: ImageInfo, *, free_threaded: bool = False, now: datetime | None = None
) -> bool:
    """
    Whether the image is what `build` would make.

    One that lacks an interpreter, as its suite was not there, is current for a day.
    """
    labels = info.labels
    if labels.get(f"{_LABEL}recipe") != recipe():
        return False
    if free_threaded and FREE_THREADED.name not in labels[f"{_LABEL}interpreters"].split():
        return False
    if not labels[f"{_LABEL}skipped"]:
        return True
    created = datetime.fromisoformat(labels[_CREATED])
    return (now or datetime.now(timezone.utc)) - created < _RETRY


def build(
    builder: Builder,
    *,
    say: Callable[[str], None],
    install_packages: Callable[[Sequence[str]], None],
    free_threaded: bool = False,
) -> None:
    """
    Make the stand-in, or make it anew, with every interpreter that the mirror has.

    `install_packages` installs Debian packages on this machine; `free_threaded` adds cp313t, which
    takes minutes to compile. Raises BaseImageUnavailableError when there is nothing to make it
    from, and what a failed build raises.
    """
    # What talks to package indexes takes 0.3 s to import, which a machine that is ready saves.
    from wheeldock.standin_context import gather  # noqa: PLC0415

    if platform.machine() != "x86_64":
        message = f"the stand-in base image is for x86_64, and this machine is {platform.machine()}"
        raise BaseImageUnavailableError(message, cure=CURE)
    mirror = debian_mirror(machine_sources())
    minutes = "a few minutes" if free_threaded else "about a minute"
    say(f"Making the stand-in base image from packages at {mirror.main.uri}: {minutes}.")
    with gather(
        mirror, free_threaded=free_threaded, say=say, install_packages=install_packages
    ) as gathered:
        made = request(gathered, datetime.now(timezone.utc))
        run_errand(builder, made, "stand-in base image", TAG)
    say(f"{TAG} is ready, with {_names(gathered.interpreters)}.")


def request(gathered: Gathered, now: datetime) -> BuildRequest:
    """The stand-in's build, in Buildx's terms."""
    bundle = ca_bundle(os.environ)
    return BuildRequest(
        target="image",
        dockerfile=BASE / "Dockerfile",
        context=gathered.folder,
        contexts={"recipe": BASE},
        output=ImageOutput(TAG),
        build_args={
            "TOOLS_INTERPRETER": gathered.tools_interpreter,
            "RECIPE": recipe(),
            "INTERPRETERS": _names(gathered.interpreters),
            "SKIPPED": _names(gathered.skipped),
            "CREATED": now.isoformat(timespec="seconds"),
        },
        secrets={"ca": bundle} if bundle else {},
    )


def _names(interpreters: Iterable[Interpreter]) -> str:
    return " ".join(interpreter.name for interpreter in interpreters)
