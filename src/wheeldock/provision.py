"""The steps of set-up: packages, the engine, the base image; each is said and written down."""

from __future__ import annotations

import contextlib
import grp
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from wheeldock import client, defaultimage, engine, foreign, packages, standin
from wheeldock.builder import Buildx
from wheeldock.client import SOCKET
from wheeldock.daemon import FEATURES, SETTINGS, Answer, open_socket, ping
from wheeldock.errors import CacheExportUnsupportedError, SetupError
from wheeldock.journal import Addition, Kind
from wheeldock.readiness import Step, in_words
from wheeldock.root import Root, needed_rights
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.journal import Journal
    from wheeldock.tags import Platform

_ENGINE_FOLDERS = (
    "/etc/cni",
    "/etc/docker",
    "/var/lib/docker",
    "/var/lib/containerd",
    "/opt/containerd",
    "/run/docker",
    "/run/containerd",
    "/run/runc",
)
_GROUP = "docker"
_BUILDER = "wheeldock"
_FORMATS = Path("/proc/sys/fs/binfmt_misc")
"""Where the kernel is told what runs the programs of which architecture (binfmt_misc)."""
_SERVICE_POLICY = Path("/usr/sbin/policy-rc.d")


@dataclass
class Consent:
    """Leave to change the machine, asked for once."""

    given: bool
    confirm: Callable[[str], bool]

    def ask(self, what: str) -> None:
        """Raise SetupError when the answer is no."""
        if not (self.given or self.confirm(f"Set-up will {what} on this machine. Go on?")):
            message = f"set-up was not allowed to {what}; it did nothing"
            raise SetupError(message, cure="Run it again, or do that by hand.")
        self.given = True


@dataclass(frozen=True)
class Provision:
    """Set-up's work on a machine."""

    journal: Journal
    consent: Consent
    say: Callable[[str], None]

    def take(self, steps: Sequence[Step]) -> None:
        """Take steps, after asking. Raises SetupError or EngineUnreachableError."""
        if not steps:
            return
        self.say(f"This machine needs set-up to {in_words(steps)}.")
        self.consent.ask(in_words(steps))
        root = needed_rights("set a machine up")
        actions = {
            Step.INSTALL_ENGINE: self._install_engine,
            Step.INSTALL_CLIENT: lambda root: self._install(packages.CLIENT, root),
            Step.INSTALL_BUILDX: lambda root: self._install(packages.BUILDX, root),
            Step.START_ENGINE: self._start_engine,
            Step.OPEN_SOCKET: self._open_socket,
        }
        for step in steps:
            actions[step](root)

    def builder(self) -> None:
        """
        Make a builder that exports caches, for an engine that does not.

        Raises SetupError, or CacheExportUnsupportedError when it does not start.
        """
        self.consent.ask(f"make a Buildx builder, {_BUILDER}")
        self.say(f"The engine exports no caches: making the builder {_BUILDER}, which does.")
        self.journal.add(Kind.BUILDER, _BUILDER)
        try:
            Buildx().create_builder(_BUILDER)
        except CacheExportUnsupportedError:
            self.journal.forget([Addition(Kind.BUILDER, _BUILDER)])
            raise

    def emulation(self, architectures: Sequence[Architecture]) -> None:
        """
        Let the engine run programs of other architectures, after asking.

        Raises SetupError where set-up does not install QEMU.
        """
        names = ", ".join(architectures)
        what = f"install QEMU for programs of {names}"
        place = client.elsewhere(os.environ)
        if place or not packages.is_here():
            why = f"{place} names another machine" if place else "it can on Debian and Ubuntu"
            raise SetupError(f"set-up would {what}: {why}", cure=foreign.cure(architectures))
        self.consent.ask(what)
        root = needed_rights("install QEMU")
        # Packages that find it there tell the kernel of their emulators as they are installed.
        if not os.path.ismount(_FORMATS):
            self.say(f"Mounting {_FORMATS}.")
            root.run("mount", "-t", "binfmt_misc", "binfmt_misc", str(_FORMATS))
            self.journal.add(Kind.MOUNT, _FORMATS)
        before = set(_FORMATS.iterdir())
        try:
            packages.install(packages.EMULATION, root, self.journal, self.say)
        finally:
            self.journal.add(Kind.FORMAT, *sorted({*_FORMATS.iterdir()} - before))

    def base_image(
        self,
        builder: BuilderInfo,
        platform: Platform,
        *,
        already: str,
        free_threaded: bool = False,
    ) -> str:
        """
        A platform's default base image for people, after it was got, unless it is there already.

        Raises what `defaultimage.ensure` raises.
        """
        if already:
            return already
        if not (cache := user_cache_path("wheeldock")).exists():
            self.journal.add(Kind.FOLDER, cache)
        image = defaultimage.ensure(
            Buildx(),
            say=self._say_unless_final,
            install_packages=self._install_packages,
            platform=platform,
            builder=builder,
            free_threaded=free_threaded,
        )
        if builder.sees_local_images:
            self.journal.add(Kind.IMAGE, image.reference)
        return image.description

    def _say_unless_final(self, text: str) -> None:
        if text not in map(standin.describe, Architecture):
            self.say(text)

    def _install_packages(self, names: Sequence[str]) -> None:
        if packages.installed().issuperset(names):
            return
        self.consent.ask(f"install {', '.join(names)}")
        packages.install(names, needed_rights("install packages"), self.journal, self.say)

    def _install_engine(self, root: Root) -> None:
        for folder in _ENGINE_FOLDERS:
            self._note_folder(Path(folder), root)
        self._note_client_folder()
        if not _group_exists():
            self.journal.add(Kind.GROUP, _GROUP)
        names = packages.find(packages.ENGINE, root, self.journal, self.say)
        if engine.has_systemd():
            self._write_settings(root)
            packages.install(names, root, self.journal, self.say)
        else:
            with self._services_held(root):
                packages.install(names, root, self.journal, self.say)

    def _install(self, bundles: Sequence[packages.Bundle], root: Root) -> None:
        self._note_client_folder()
        names = packages.find(bundles, root, self.journal, self.say)
        packages.install(names, root, self.journal, self.say)

    def _start_engine(self, root: Root) -> None:
        engine.start(self.say)
        if ping(SOCKET) is Answer.FORBIDDEN:
            self._open_socket(root)

    def _open_socket(self, root: Root) -> None:
        self.say(f"Giving {SOCKET} to this user until the engine is started again.")
        self.journal.add(Kind.SOCKET, SOCKET)
        open_socket(SOCKET, root)

    def _write_settings(self, root: Root) -> None:
        """Turn on the containerd image store before the service is started for the first time."""
        if SETTINGS.exists():
            return
        self.say(f"Turning on the containerd image store: {SETTINGS}.")
        self.journal.add(Kind.FILE, SETTINGS)
        root.write(SETTINGS, json.dumps({"features": FEATURES}, indent=1))

    @contextlib.contextmanager
    def _services_held(self, root: Root) -> Iterator[None]:
        """Let no package start a service: without an init system we start the engine."""
        if _SERVICE_POLICY.exists():
            yield
            return
        self.journal.add(Kind.FILE, _SERVICE_POLICY)
        root.write(_SERVICE_POLICY, "#!/bin/sh\nexit 101\n")
        root.run("chmod", "755", str(_SERVICE_POLICY))
        try:
            yield
        finally:
            root.run("rm", "-f", str(_SERVICE_POLICY))
            self.journal.forget([Addition(Kind.FILE, str(_SERVICE_POLICY))])

    def _note_folder(self, folder: Path, root: Root) -> None:
        """Write down that a folder is not there, or has nothing in it, before that changes."""
        if not folder.exists():
            self.journal.add(Kind.FOLDER, folder)
        elif not root.run("find", str(folder), "-mindepth", "1", "-print", "-quit"):
            self.journal.add(Kind.CONTENTS, folder)

    def _note_client_folder(self) -> None:
        folder = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
        if not folder.exists():
            self.journal.add(Kind.CLIENT_FOLDER, folder)


def _group_exists() -> bool:
    try:
        grp.getgrnam(_GROUP)
    except KeyError:
        return False
    return True
