"""
The stand-in base image: what wheels are built on where no image registry answers.

It has the official manylinux image's shape and links for the same glibc, and is made from the
packages of the machine's own Debian mirror (docker/base). What it is made by, its recipe, is in
a label of the image: an image whose recipe is unchanged is ready, and nothing is fetched.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from wheeldock.apt import machine_sources
from wheeldock.architectures import is_emulated
from wheeldock.baseimage import DEFAULT, stand_in_reference
from wheeldock.errand import run_errand
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.request import BuildRequest, ImageOutput
from wheeldock.seeds import ca_bundle
from wheeldock.standin_parts import (
    BASE,
    CURE,
    DEBIAN_NAMES,
    FREE_THREADED,
    PACKAGED,
    debian_mirror,
)
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from wheeldock.builder import Builder, ImageInfo
    from wheeldock.standin_context import Gathered
    from wheeldock.standin_parts import Interpreter

_LABEL = "org.wheeldock."
_CREATED = "org.opencontainers.image.created"
_RETRY = timedelta(days=1)
"""How long an image without some interpreter is ready before their suites are looked at again."""


def tag(architecture: Architecture) -> str:
    """The image's name in the engine."""
    return stand_in_reference(DEFAULT, architecture)


def brief(architecture: Architecture) -> str:
    """What a machine has that set-up finds ready; each build says more (`describe`)."""
    return f"the stand-in base image {tag(architecture)}, which links for glibc 2.28"


def describe(architecture: Architecture) -> str:
    """What the stand-in is and is not, in a sentence for the person whose wheels it builds."""
    return (
        f"the stand-in base image {tag(architecture)}, not the official manylinux image: made from "
        "Debian's packages, it links for glibc 2.28; that its wheels run on a glibc older than "
        "2.31 follows from their symbols and has not been tried"
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
    architecture: Architecture = Architecture.X86_64,
    free_threaded: bool = False,
) -> None:
    """
    Make the stand-in, or make it anew, with every interpreter that the mirror has.

    One for another architecture than this machine's is made in QEMU. `install_packages` installs
    Debian packages on this machine; `free_threaded` adds cp313t, which takes minutes to compile.
    Raises BaseImageUnavailableError when there is nothing to make it from, and what a failed
    build raises.
    """
    # What talks to package indexes takes 0.3 s to import, which a machine that is ready saves.
    from wheeldock.standin_context import gather  # noqa: PLC0415

    name = tag(architecture)
    if architecture not in DEBIAN_NAMES:
        known = " and ".join(DEBIAN_NAMES)
        message = f"there is a stand-in base image for {known}, and none for {architecture}"
        raise BaseImageUnavailableError(message, cure=CURE)
    mirror = debian_mirror(machine_sources())
    is_long = free_threaded or is_emulated(architecture)
    minutes = "a few minutes" if is_long else "about a minute"
    say(f"Making {name} from packages at {mirror.main.uri}: {minutes}.")
    with gather(
        mirror,
        architecture=architecture,
        free_threaded=free_threaded,
        say=say,
        install_packages=install_packages,
    ) as gathered:
        made = request(gathered, architecture, datetime.now(timezone.utc))
        run_errand(builder, made, "stand-in base image", name)
    say(f"{name} is ready, with {_names(gathered.interpreters)}.")


def request(gathered: Gathered, architecture: Architecture, now: datetime) -> BuildRequest:
    """The stand-in's build, in Buildx's terms."""
    bundle = ca_bundle(os.environ)
    return BuildRequest(
        target="image",
        dockerfile=BASE / "Dockerfile",
        context=gathered.folder,
        contexts={"recipe": BASE},
        output=ImageOutput(tag(architecture)),
        build_args={
            "ARCHITECTURE": architecture.value,
            "TOOLS_INTERPRETER": gathered.tools_interpreter,
            "RECIPE": recipe(),
            "INTERPRETERS": _names(gathered.interpreters),
            "SKIPPED": _names(gathered.skipped),
            "CREATED": now.isoformat(timespec="seconds"),
        },
        secrets={"ca": bundle} if bundle else {},
        architecture=architecture,
    )


def _names(interpreters: Iterable[Interpreter]) -> str:
    return " ".join(interpreter.name for interpreter in interpreters)
