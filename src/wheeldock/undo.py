"""`invoke setup --undo`: taking away what set-up added to this machine, and nothing else."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import aptsources, engine, packages
from wheeldock.builder import Buildx
from wheeldock.errors import EngineNotOursError, EngineUnreachableError, SetupError
from wheeldock.journal import Addition, Journal, Kind
from wheeldock.root import needed_rights

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wheeldock.root import Root

DATA = "/var/lib/docker"
"""Where an engine keeps its images."""
_USERS_OWN = ("config.json", "contexts", "cli-plugins", "buildx/instances/*")
"""What a user may have put into the Docker client's folder."""


def undo(*, yes: bool, say: Callable[[str], None], confirm: Callable[[str], bool]) -> None:
    """
    Take away what is written down, the last things first, and say each.

    What fails to go is still written down, so that it can be tried again. `confirm` is asked
    once, unless `yes`. Raises SetupError or EngineUnreachableError.
    """
    journal = Journal()
    additions = journal.additions()
    if not additions:
        say("There is nothing that set-up added to this machine.")
        return
    if not yes and not confirm(f"Set-up will take away {_in_words(additions)}. Go on?"):
        raise SetupError("nothing was taken away", cure="Run it again to be asked again.")
    work = Undo(journal, needed_rights("undo a set-up"), say)
    for kind in reversed(Kind):
        names = [each.name for each in additions if each.kind is kind]
        if names:
            work.take_away(kind, names)
            journal.forget(Addition(kind, name) for name in names)
    journal.remove_folder()
    say("What set-up added to this machine is gone.")


def _in_words(additions: Sequence[Addition]) -> str:
    packages_ = sum(each.kind is Kind.PACKAGE for each in additions)
    others = [each.name for each in additions if each.kind not in {Kind.PACKAGE, Kind.FORMAT}]
    return ", ".join([*others, *([f"{packages_} packages"] if packages_ else [])])


@dataclass(frozen=True)
class Undo:
    """The taking away of each kind of addition."""

    journal: Journal
    root: Root
    say: Callable[[str], None]

    def take_away(self, kind: Kind, names: Sequence[str]) -> None:
        """Take away what was added of a kind; what is gone already is passed over."""
        actions: dict[Kind, Callable[[Sequence[str]], None]] = {
            Kind.IMAGE: self._images,
            Kind.BUILDER: self._builders,
            Kind.SOCKET: self._sockets,
            Kind.ENGINE: self._engine,
            Kind.SERVICE: self._engine,
            Kind.PACKAGE: self._packages,
            Kind.FORMAT: self._formats,
            Kind.MOUNT: self._mounts,
            Kind.GROUP: self._groups,
            Kind.SOURCE: self._sources,
            Kind.FILE: self._files,
            Kind.CLIENT_FOLDER: self._client_folders,
            Kind.CONTENTS: self._contents,
            Kind.FOLDER: self._folders,
        }
        actions[kind](names)

    def _images(self, names: Sequence[str]) -> None:
        if any(each.name == DATA for each in self.journal.additions()):
            return  # They go with the engine.
        for name in names:
            self.say(f"Removing the image {name}.")
            with contextlib.suppress(EngineUnreachableError):
                Buildx().remove_image(name)

    def _builders(self, names: Sequence[str]) -> None:
        for name in names:
            self.say(f"Removing the builder {name}.")
            Buildx().remove_builder(name)

    def _sockets(self, names: Sequence[str]) -> None:
        for name in names:
            if Path(name).exists():
                self.say(f"Giving {name} back to root.")
                self.root.run("chown", "root", name)

    def _engine(self, _: Sequence[str]) -> None:
        try:
            engine.stop(self.say)
        except EngineNotOursError as error:
            self.say(f"{error.message} It is left.")

    def _packages(self, names: Sequence[str]) -> None:
        self.say(f"Removing {', '.join(names)}.")
        if staying := packages.remove(names, self.root):
            self.say(f"Others need {', '.join(staying)}: they stay.")

    def _formats(self, names: Sequence[str]) -> None:
        # Without an init system, packages leave them behind.
        if there := [name for name in names if Path(name).exists()]:
            self.say(f"Taking back what the kernel was told in {Path(there[0]).parent}.")
        for name in there:
            self.root.write(Path(name), "-1")

    def _mounts(self, names: Sequence[str]) -> None:
        for name in filter(os.path.ismount, names):
            self.say(f"Unmounting {name}.")
            self.root.run("umount", name)

    def _groups(self, names: Sequence[str]) -> None:
        for name in names:
            self.say(f"Removing the group {name}.")
            # 6: there is none; 8: it is somebody's first group
            self.root.run("groupdel", name, allow=(0, 6, 8))

    def _sources(self, names: Sequence[str]) -> None:
        for name in names:
            self.say(f"Removing {name} and the lists of its suite.")
            aptsources.remove_source(Path(name), self.root)

    def _files(self, names: Sequence[str]) -> None:
        self.say(f"Removing {', '.join(names)}.")
        self.root.run("rm", "-f", *names)

    def _client_folders(self, names: Sequence[str]) -> None:
        for name in names:
            if any(any(Path(name).glob(pattern)) for pattern in _USERS_OWN):
                self.say(f"Leaving {name}, which has settings of yours.")
            else:
                self._folders([name])

    def _contents(self, names: Sequence[str]) -> None:
        for name in filter(self._is_folder, names):
            self.say(f"Emptying {name}.")
            self._empty(name)

    def _folders(self, names: Sequence[str]) -> None:
        for name in filter(self._is_folder, names):
            self.say(f"Removing {name}.")
            self._empty(name)
            self.root.run("rmdir", name)

    def _is_folder(self, name: str) -> bool:
        return Path(name).is_dir() and not Path(name).is_symlink()

    def _empty(self, name: str) -> None:
        # Never into another file system: something may be mounted there.
        self.root.run("find", name, "-xdev", "-mindepth", "1", "-delete")
