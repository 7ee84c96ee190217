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

from wheeldock import (
    architectures,
    baseimage,
    choices,
    client,
    emulation,
    foreign,
    officialimages,
    standin,
)
from wheeldock.architectures import is_emulated
from wheeldock.builder import Buildx
from wheeldock.client import SOCKET
from wheeldock.daemon import Answer, ping
from wheeldock.errors import (
    BuildxMissingError,
    EngineUnreachableError,
    LockedError,
    SetupError,
    UsageError,
    WheeldockError,
)
from wheeldock.journal import Journal
from wheeldock.provision import Consent, Provision
from wheeldock.readiness import Machine, plan
from wheeldock.root import find, rights
from wheeldock.system import this_system
from wheeldock.tags import Platform, Policy
from wheeldock.undo import undo
from wheeldock.values import Unexpected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.tags import Architecture

__all__ = ["run", "undo"]

LOCK_SECONDS = 1800.0
"""How long a second set-up waits for the first."""


def run(
    *,
    yes: bool,
    say: Callable[[str], None],
    confirm: Callable[[str], bool],
    archs: str = "",
    free_threaded: bool = False,
) -> None:
    """
    Make the machine ready: an engine, Buildx, a builder that exports caches, the base image.

    On a machine that is ready it says so in a line. `confirm` is asked once before anything is
    done to the machine, unless `yes`. `archs` names architectures, as the option does, that it is
    to be ready for besides its own: their base images, and QEMU. `free_threaded` adds such a
    CPython to a stand-in base image, which takes minutes to compile. Raises WheeldockError.
    """
    platforms = _platforms(archs)
    builder = _builder()
    images = _images(platforms, builder, free_threaded=free_threaded) if builder else [""]
    if not all(images) or _not_run(platforms):
        journal = Journal()
        with _alone(journal, say):
            provision = Provision(journal, Consent(given=yes, confirm=confirm), say)
            provision.take(plan(look()))
            builder = _proven_builder()
            if not builder.can_export_cache:
                provision.builder()
                builder = _proven_builder()
            _emulate(platforms, provision)
            there = _images(platforms, builder, free_threaded=free_threaded)
            images = [
                provision.base_image(
                    builder,
                    platform,
                    already=already,
                    free_threaded=_is_compiled(platform, free_threaded=free_threaded),
                )
                for platform, already in zip(platforms, there, strict=True)
            ]
    say(f"Ready: an engine that answers, Buildx, and {', and '.join(images)}.")


def _platforms(archs: str) -> tuple[Platform, ...]:
    """What the machine is to be ready for: what it always is, and what was asked for."""
    words = choices.archs(archs or "auto")
    if isinstance(words, Unexpected):
        message = f"--archs: got {words.value!r}; expected {words.expected}"
        raise UsageError(message)
    home = baseimage.HOME
    others = architectures.named(words) - {home.architecture, architectures.native()}
    return (home, *(Platform(home.libc, each) for each in sorted(others)))


def _not_run(platforms: Iterable[Platform]) -> list[Architecture]:
    """The architectures that need QEMU here, and whose programs the engine does not run."""
    each = (platform.architecture for platform in platforms)
    return [a for a in each if is_emulated(a) and not emulation.runs(Buildx(), None, a)]


def _emulate(platforms: Iterable[Platform], provision: Provision) -> None:
    """Let the engine run programs of all platforms. Raises SetupError."""
    if lacking := _not_run(platforms):
        provision.emulation(lacking)
        if still := _not_run(platforms):
            message = f"QEMU is installed, and the engine runs no programs of {', '.join(still)}"
            raise SetupError(message, cure=foreign.cure(still))


def look() -> Machine:
    """What there is on this machine."""
    place = client.elsewhere(os.environ)
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


def _is_compiled(platform: Platform, *, free_threaded: bool) -> bool:
    """Whether such a CPython is compiled for a platform; in QEMU it would take half an hour."""
    return free_threaded and platform == baseimage.HOME


def _images(
    platforms: Iterable[Platform], builder: BuilderInfo, *, free_threaded: bool
) -> list[str]:
    """The default base image of each platform that the engine has, for people, or ""."""
    return [
        _image_in_engine(
            platform, free_threaded=_is_compiled(platform, free_threaded=free_threaded)
        )
        if builder.sees_local_images
        else ""
        for platform in platforms
    ]


def _image_in_engine(platform: Platform, *, free_threaded: bool) -> str:
    buildx = Buildx()
    official = officialimages.official_image(Policy.parse(baseimage.DEFAULT), platform)
    if buildx.image(official.reference):
        return official.reference
    image = buildx.image(standin.tag(platform.architecture))
    is_ready = image and standin.is_current(image, free_threaded=free_threaded)
    return standin.brief(platform.architecture) if is_ready else ""


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
