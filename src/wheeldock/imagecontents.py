"""
What a base image has: its interpreters, and the platform that it says it is for.

The image is asked itself, by a Buildx build that takes a second, so that whatever builder can
build on it can also look into it. The answer is kept by the image's digest: it cannot change.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from wheeldock import foreign
from wheeldock.builder import BuildEndedError, Buildx
from wheeldock.errors import ConfigurationError
from wheeldock.events import Event, Step
from wheeldock.failures import explain
from wheeldock.record import BuildRecord
from wheeldock.refusals import no_registry
from wheeldock.request import DOCKER, BuildRequest
from wheeldock.seeds import Seeds, ca_bundle
from wheeldock.swap import write_whole

if TYPE_CHECKING:
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.tags import Architecture

PATIENCE = 30.0
"""Seconds that a registry has to answer. Engines wait for ever for one that accepts and is mute."""

_DIGEST = "sha256:"


@dataclass(frozen=True)
class ImageContents:
    """What a base image has to offer."""

    interpreters: frozenset[str]
    """The folders of /opt/python, e.g. `cp313-cp313`."""
    policy: str
    """AUDITWHEEL_POLICY of its environment, or "", e.g. `manylinux_2_28`."""
    platform: str
    """AUDITWHEEL_PLAT of its environment, or "", e.g. `manylinux_2_28_x86_64`."""
    has_installer: bool = False
    """Whether its `manylinux-interpreters` can install more, PyPy and GraalPy."""


def of(
    reference: str,
    image_id: str,
    builder: BuilderInfo | None = None,
    architecture: Architecture | None = None,
) -> ImageContents:
    """
    The contents of an image, remembered by its id, a digest; with "" they are not remembered.

    Raises what `look` raises.
    """
    known = recall(image_id)
    if known is None:
        known = look(reference, builder, architecture)
        remember(image_id, known)
    return known


def look(
    reference: str,
    builder: BuilderInfo | None = None,
    architecture: Architecture | None = None,
) -> ImageContents:
    """
    Look into an image of that architecture, which the builder pulls if it lacks it.

    Raises BaseImageUnavailableError, also when a registry is mute for PATIENCE seconds,
    ImageNotFoundError, RegistryAuthenticationError, EngineUnreachableError, or
    ConfigurationError for an image without a shell to look with.
    """
    with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
        output, laid_out = Path(folder, "contents"), Path(folder, "seeds")
        Seeds(ca_bundle(os.environ)).lay_out(laid_out)
        request = BuildRequest(
            target="contents",
            dockerfile=DOCKER / "Dockerfile",
            context=DOCKER,
            contexts={"toolbox": DOCKER / "toolbox", "seeds": laid_out},
            output=output,
            build_args={"BASE_IMAGE": reference},
            architecture=architecture,
            builder=builder.name if builder else None,
        )
        ask(request, reference)
        return _read(output)


def ask(request: BuildRequest, reference: str) -> None:
    """Run a build that looks into an image, and give up on a mute registry; raises as `look`."""
    # A Buildx of its own, since one that was stopped builds no more.
    buildx = Buildx()
    record = BuildRecord()
    mute = threading.Event()

    def give_up() -> None:
        mute.set()
        buildx.stop()

    patience = threading.Timer(PATIENCE, give_up)
    patience.daemon = True
    patience.start()
    try:
        for event in buildx.build(request):
            record.add(event)
            if _is_answer(event):
                patience.cancel()
    except BuildEndedError:
        if mute.is_set():
            raise no_registry(reference, f"not a word in {PATIENCE:g} s") from None
        raise _failure(reference, request.architecture, record) from None
    finally:
        patience.cancel()
        buildx.stop()


def _is_answer(event: Event) -> bool:
    """Whether the builder has the image's manifest; its layers may take as long as they need."""
    return (
        isinstance(event, Step)
        and event.name.startswith("[internal] load metadata for ")
        and event.completed is not None
    )


def _failure(reference: str, architecture: Architecture | None, record: BuildRecord) -> Exception:
    step = record.failed_step
    if step is not None and foreign.cannot_start(step, record.tail(step)):
        return foreign.not_started(f"{reference} cannot be looked into", architecture)
    if step is not None and step.stage == "look":
        problem = f"{reference} is no manylinux or musllinux image: no shell runs in it"
        return ConfigurationError([problem], cure="Name an image of their shape.")
    return explain("base image", reference, record)


def _read(folder: Path) -> ImageContents:
    return ImageContents(
        interpreters=frozenset((folder / "interpreters").read_text().split()),
        policy=(folder / "policy").read_text().strip(),
        platform=(folder / "platform").read_text().strip(),
        has_installer=bool((folder / "installer").read_text().strip()),
    )


def _file(digest: str, folder: Path | None) -> Path:
    folder = folder or user_cache_path("wheeldock") / "images"
    return folder / f"{digest.removeprefix(_DIGEST)}.json"


def recall(digest: str, folder: Path | None = None) -> ImageContents | None:
    """The contents of an image, if they were remembered in that folder, or in the user's own."""
    try:
        fields = json.loads(_file(digest, folder).read_text())
        interpreters = frozenset(map(str, fields["interpreters"]))
        return ImageContents(
            interpreters=interpreters,
            policy=str(fields["policy"]),
            platform=str(fields["platform"]),
            has_installer=bool(fields.get("has_installer")),
        )
    except (OSError, ValueError, TypeError, KeyError):
        return None


def remember(digest: str, contents: ImageContents, folder: Path | None = None) -> None:
    """Keep the contents of an image for the next run, if there is a place to write to."""
    if not digest.startswith(_DIGEST):
        return
    fields = {
        "interpreters": sorted(contents.interpreters),
        "policy": contents.policy,
        "platform": contents.platform,
        "has_installer": contents.has_installer,
    }
    with contextlib.suppress(OSError):
        write_whole(_file(digest, folder), json.dumps(fields))
