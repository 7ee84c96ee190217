"""
`invoke setup`: making a machine ready to build wheels, and `--undo`.

What is there is looked at, what has to be done follows from that alone (readiness), and then it
is done. Each thing that set-up adds is written down (journal), and undone from there.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from wheeldock import baseimage, engine, standin
from wheeldock.builder import Buildx
from wheeldock.daemon import SOCKET, Answer, ping
from wheeldock.errors import (
    BuildxMissingError,
    EngineUnreachableError,
    LockedError,
    SetupError,
    WheeldockError,
)
from wheeldock.journal import Journal
from wheeldock.provision import Consent, Provision
from wheeldock.readiness import Machine, plan
from wheeldock.root import find, rights
from wheeldock.system import this_system
from wheeldock.tags import Policy
from wheeldock.undo import undo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from wheeldock.builder import BuilderInfo

__all__ = ["run", "undo"]

LOCK_SECONDS = 1800.0
"""How long a second set-up waits for the first."""


def run(
    *,
    yes: bool,
    say: Callable[[str], None],
    confirm: Callable[[str], bool],
    free_threaded: bool = False,
) -> None:
    """
    Make the machine ready: an engine, Buildx, a builder that exports caches, the base image.

    On a machine that is ready it says so in a line. `confirm` is asked once before anything is
    done to the machine, unless `yes`. `free_threaded` adds such a CPython to a stand-in base
    image, which takes minutes to compile. Raises WheeldockError.
    """
    builder = _builder()
    image = _image_in_engine(builder, free_threaded=free_threaded) if builder else ""
    if not image:
        journal = Journal()
        with _alone(journal, say):
            provision = Provision(journal, Consent(given=yes, confirm=confirm), say)
            provision.take(plan(look()))
            builder = _proven_builder()
            if not builder.can_export_cache:
                provision.builder()
                builder = _proven_builder()
            image = provision.base_image(
                builder,
                already=_image_in_engine(builder, free_threaded=free_threaded),
                free_threaded=free_threaded,
            )
    say(f"Ready: an engine that answers, Buildx, and {image}.")


def look() -> Machine:
    """What there is on this machine."""
    place = engine.elsewhere(os.environ)
    has_client = shutil.which("docker") is not None
    failure = _failure() if has_client else None
    away = isinstance(failure, EngineUnreachableError)
    return Machine(
        system=this_system(),
        has_apt=shutil.which("apt-get") is not None,
        has_rights=rights() is not None,
        elsewhere=place,
        engine=(Answer.NO if away else Answer.YES) if place else ping(SOCKET),
        has_dockerd=find("dockerd") is not None,
        has_client=has_client,
        has_buildx=has_client and not isinstance(failure, BuildxMissingError),
    )


def _failure() -> WheeldockError | None:
    try:
        Buildx().info()
    except WheeldockError as error:
        return error
    return None


def _builder() -> BuilderInfo | None:
    """The current builder, if it will do."""
    if shutil.which("docker") is None:
        return None
    try:
        builder = Buildx().info()
    except (EngineUnreachableError, BuildxMissingError):
        return None
    return builder if builder.can_export_cache else None


def _proven_builder() -> BuilderInfo:
    """The current builder, after all has been done for it."""
    try:
        return Buildx().info()
    except BuildxMissingError as error:
        client = shutil.which("docker")
        cure = f"{client} may be a client of its own, which hides the one that apt installs."
        raise SetupError(error.message, cure=cure) from None


def _image_in_engine(builder: BuilderInfo, *, free_threaded: bool) -> str:
    """The default base image that the engine has, for people, or ""."""
    if not builder.sees_local_images:
        return ""
    buildx = Buildx()
    official = baseimage.official_image(Policy.parse(baseimage.DEFAULT), baseimage.HOME)
    if buildx.image(official.reference):
        return official.reference
    image = buildx.image(standin.TAG)
    is_ready = image and standin.is_current(image, free_threaded=free_threaded)
    return standin.BRIEF if is_ready else ""


@contextlib.contextmanager
def _alone(journal: Journal, say: Callable[[str], None]) -> Iterator[None]:
    """Let one set-up at a time at the machine. Raises LockedError."""
    journal.lock.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(journal.lock)
    try:
        try:
            lock.acquire(blocking=False)
        except Timeout:
            say("Another set-up is running; waiting for it.")
            lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        message = f"another set-up did not end in {LOCK_SECONDS:g} s"
        raise LockedError(message, cure="Wait for it or end it.") from None
    try:
        yield
    finally:
        lock.release()
