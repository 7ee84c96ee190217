"""
The front: a folder that comes first on PATH, with a program for each compiler's name.

It is there while a wheel is built, in a cold build without the caches. It lets only so many
compiles and links run at once, in all containers together. Where it cannot be made, the build
goes on without.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import AbstractContextManager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from compiler import assembly, includes, memory, statistics
from compiler.history import History, open_history, shipped
from compiler.mount import CACHE
from compiler.rust import CachedRust
from compiler.size import trim
from compiler.toolchain import compilers_on_path

if TYPE_CHECKING:
    from compiler.statistics import Counts
    from compiler.toolchain import Toolchain

STATE = Path("/opt/wheeldock/compilers")
"""Where the front is. A fixed path: CMake and others write down which compiler they found."""

ALL_MISSED, BYPASSED = "all-missed", "bypassed"
"""What can be odd of a rebuild's compiles, by the names that wheeldock knows."""

_TOOLBOX = Path(__file__).parent.parent
_BIN = Path(sys.executable).parent
_CCACHE_SIZE = "2G"
_LINKS_SIZE = 500_000_000
_TOOLCHAINS_SIZE = 1_000_000
_HISTORY_SIZE = 10_000_000
_CACHES = ("on_path", "includes", "ccache", "linker", "python", "running")


class CachedCompilers(AbstractContextManager[None]):
    """
    Lets the compilers on PATH go through the caches while a source tree is built.

    Of what they do themselves, only `at_once` runs at a time, whichever container it is in.
    When `cold`, nothing comes from the caches.
    """

    def __init__(
        self, source: Path, environment: Path, *, at_once: int, cold: bool = False
    ) -> None:
        self._source = source
        self._environment = environment
        self._at_once = at_once
        self._cold = cold
        self._path = os.environ["PATH"]
        self._shipped = shipped(source)
        self._rust: CachedRust | None = None
        self._history: History | None = None
        self.counts: Counts | None = None
        """What the caches gave; None if they were off."""
        self.doubt = ""
        """What is odd of that; BYPASSED only says that no compile was seen, if there was one."""

    def __enter__(self) -> None:
        """Put the front first on PATH."""
        try:
            slot = _slot(self._at_once)
            caches = {} if self._cold else _caches(slot, self._source, self._environment)
            os.environ["PATH"] = _set_up({"slot": slot, **caches})
            if caches:
                known = [self._shipped, (STATE / "identity").read_text("utf-8")]
                self._history = open_history(
                    CACHE / "history", self._source, self._environment, known
                )
                self._rust = CachedRust(self._source, STATE, CACHE, slot)
                self._rust.start()
        except (OSError, ValueError) as error:
            print(f"The compiler cache is off: {error}", flush=True)

    def __exit__(self, *_: object) -> None:
        """Take the front away, and keep the caches within their sizes."""
        if os.environ["PATH"] == self._path:
            return
        os.environ["PATH"] = self._path
        if self._history and self._rust:
            self._look_back(self._history, self._rust)
            trim(CACHE / "links", _LINKS_SIZE)
            trim(CACHE / "toolchains", _TOOLCHAINS_SIZE)
            trim(CACHE / "history", _HISTORY_SIZE)
        shutil.rmtree(STATE, ignore_errors=True)

    def _look_back(self, history: History, rust: CachedRust) -> None:
        """Count what the caches gave, and compare it with what they should have given."""
        compiles = statistics.compiles(STATE / "compiles.log", STATE / "logs" / "waited")
        self.counts = statistics.count(compiles, STATE / "links.log", rust.stop())
        if not compiles and not rust.has_crate and history.is_known:
            self.doubt = BYPASSED
        elif not self.counts.hits and history.again(compiles):
            self.doubt = ALL_MISSED
        with suppress(OSError):
            history.keep(compiles)


def _slot(at_once: int) -> str:
    """The words before a compiler's own that let only so many run at once; "" without."""
    program, folder = _BIN / "slot", CACHE / "slots" / f"{at_once}"
    if not program.exists():
        return ""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("queue", *map(str, range(at_once))):
        (folder / name).touch()
    return f"{program} {folder}"


def _once() -> str:
    """The program before a compile that lets others wait for it; "" without."""
    program = _BIN / "once"
    return str(program) if program.exists() else ""


def _running() -> str:
    """The file in which the compiles that run now have a byte each; "" without that program."""
    if not _once():
        return ""
    (STATE / "logs").mkdir()
    (CACHE / "running").touch()
    return str(CACHE / "running")


def _caches(slot: str, source: Path, environment: Path) -> dict[str, str]:
    """Configure the caches, and return the front's settings for them."""
    STATE.mkdir(parents=True)
    compilers = set(compilers_on_path(os.environ["PATH"]).values())
    toolchain, identity = memory.toolchain(compilers, CACHE / "toolchains")
    identity += assembly.fingerprint(source)
    _configure_links(toolchain, identity, slot)
    return {
        "on_path": " ".join(toolchain.on_path),
        "includes": includes.fingerprint(source, environment),
        "ccache": _configured_ccache(identity, f"{_once()} {slot}".strip()),
        "running": _running(),
        "linker": str(_TOOLBOX / "link.py") if toolchain.lists_what_it_reads else "",
        "python": str(_BIN / "python"),
    }


def _set_up(settings: dict[str, str]) -> str:
    """Make the front, and return a PATH that begins with it."""
    programs = STATE / "bin"
    programs.mkdir(parents=True)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    surroundings = {
        "path": path,
        "library_path": os.environ.get("LD_LIBRARY_PATH", ""),
        "state": str(STATE),
    }
    script = (_TOOLBOX / "compiler" / "front.sh").read_text("utf-8")
    for name, compiler in compilers_on_path(os.environ["PATH"]).items():
        values = {"compiler": compiler, **dict.fromkeys(_CACHES, ""), **surroundings, **settings}
        lines = [f"{variable}={shlex.quote(value)}\n" for variable, value in values.items()]
        program = programs / name
        program.write_text("".join(["#!/bin/sh\n", *lines, script]), "utf-8")
        program.chmod(0o755)
    return path


def _configured_ccache(identity: str, prefix: str) -> str:
    """The path of ccache, or "" where it does not run with its settings."""
    (STATE / "identity").write_text(identity, "utf-8")
    settings = {
        "cache_dir": CACHE / "ccache",
        "max_size": _CCACHE_SIZE,
        "compiler_check": "content",
        "extra_files_to_hash": STATE / "identity",
        # It goes by inodes, and those of different containers can have the same numbers.
        "inode_cache": "false",
        "stats_log": STATE / "compiles.log",
        # Only a miss runs the compiler, so only a miss waits. It is in no key.
        "prefix_command": prefix,
    }
    lines = [f"{name} = {value}\n" for name, value in settings.items()]
    (STATE / "ccache.conf").write_text("".join(lines), "utf-8")
    config = str(STATE / "ccache.conf")
    check = [str(_BIN / "ccache"), "--config-path", config, "--get-config", "max_size"]
    try:
        subprocess.run(check, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"Compiles are not cached: {error}", flush=True)
        return ""
    return check[0]


def _configure_links(toolchain: Toolchain, identity: str, slot: str) -> None:
    settings = {
        "identity": sha256(identity.encode()).hexdigest(),
        "programs": toolchain.programs,
        "folders": toolchain.library_folders,
        "cache": str(CACHE / "links"),
        "slot": slot.split(),
    }
    (STATE / "links.json").write_text(json.dumps(settings), "utf-8")
