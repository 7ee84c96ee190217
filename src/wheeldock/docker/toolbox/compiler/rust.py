"""
Rust's compiler behind sccache, for whatever runs cargo: maturin, setuptools-rust, a build script.

sccache compiles in a server, which is started and stopped here: one that a compiler started would
keep the build's pipes open. A wrapper that the user chose is left in its place.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compiler.size import trim

if TYPE_CHECKING:
    from compiler.results import Results

_SCCACHE = Path(sys.executable).parent / "sccache"
_SCRIPT = Path(__file__).with_name("rustc.sh")
_SIZE = 2_000_000_000
_LOCKS = 256
_WRAPPERS = ("RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER", "CARGO_BUILD_RUSTC_WRAPPER")
_SECONDS = 30
"""How long sccache may take for an answer; it takes milliseconds."""


@dataclass(frozen=True)
class RustCounts:
    """What sccache gave in one build."""

    hits: int = 0
    misses: int = 0
    """Of libraries alone: sccache cannot cache programs, plugins of the compiler, and modules."""


class CachedRust:
    """Lets cargo compile through sccache, from `start` to `stop`, if a source tree has a crate."""

    def __init__(self, source: Path, state: Path, cache: Path, slot: str) -> None:
        self._source = source
        self._state = state
        self._cache = cache
        self._slot = slot
        self._results: Results | None = None
        self._before: dict[str, str | None] = {}
        """The variables that are ours, as they were."""
        self.has_crate = has_crate(source)
        """Whether there is anything for cargo, through sccache or not."""

    def start(self) -> None:
        """Start the server and set cargo's variables."""
        if not self.has_crate or not shutil.which("rustc") or has_wrapper(self._source):
            return
        if not _SCCACHE.exists():
            print("Rust's compiles are not cached: there is no sccache for this image", flush=True)
            return
        from compiler.results import Results  # noqa: PLC0415 - 30 ms that only Rust pays

        try:
            self._results = Results(self._cache / "sccache")
            self._results.start()
            variables = self._variables()
            self._before = {name: os.environ.get(name) for name in variables}
            os.environ.update(variables)
            _sccache("--start-server", environment=_where(self._results))
        except (OSError, subprocess.SubprocessError) as error:
            print(f"Rust's compiles are not cached: {error}", flush=True)
            self._end()

    def stop(self) -> RustCounts:
        """Stop the server, which writes what it has not written yet, and say what it gave."""
        counts = RustCounts()
        if not self._before:
            return counts
        with suppress(OSError, subprocess.SubprocessError, ValueError, LookupError, TypeError):
            counts = _counts(_sccache("--show-stats", "--stats-format=json"))
        with suppress(OSError, subprocess.SubprocessError):
            _sccache("--stop-server")
        self._end()
        trim(self._cache / "sccache", _SIZE)
        return counts

    def _end(self) -> None:
        if self._results:
            self._results.stop()
        for name, value in self._before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        self._before = {}

    def _variables(self) -> dict[str, str]:
        configuration = self._state / "sccache.toml"
        configuration.touch()
        return {
            "RUSTC_WRAPPER": str(self._wrapper()),
            # What is compiled incrementally cannot be cached.
            "CARGO_INCREMENTAL": os.environ.get("CARGO_INCREMENTAL", "0"),
            "SCCACHE_CONF": str(configuration),
            "SCCACHE_SERVER_UDS": str(self._state / "sccache.socket"),
            "SCCACHE_IDLE_TIMEOUT": "0",
            # Without the server rustc runs as if there were no cache.
            "SCCACHE_IGNORE_SERVER_IO_ERROR": "1",
        }

    def _wrapper(self) -> Path:
        locks = self._cache / "running-rust"
        locks.mkdir(parents=True, exist_ok=True)
        for number in range(_LOCKS):
            (locks / f"{number:02x}").touch()
        settings = {
            "sccache": str(_SCCACHE),
            "slot": self._slot,
            "locks": str(locks),
        }
        lines = [f"{variable}={shlex.quote(value)}\n" for variable, value in settings.items()]
        wrapper = self._state / "rustc"
        wrapper.write_text("".join(["#!/bin/sh\n", *lines, _SCRIPT.read_text("utf-8")]), "utf-8")
        wrapper.chmod(0o755)
        return wrapper


def has_crate(source: Path) -> bool:
    """Whether a source tree has anything for cargo."""
    return any(True for _ in source.rglob("Cargo.toml"))


def has_wrapper(source: Path) -> bool:
    """Whether the user has a wrapper for rustc: one in the environment would replace it."""
    if any(name in os.environ for name in _WRAPPERS):
        return True
    home = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    files = [*home.glob("config*"), *source.rglob(".cargo/config*")]
    return any("rustc-wrapper" in file.read_text("utf-8", errors="replace") for file in files)


def _counts(statistics: str) -> RustCounts:
    given = json.loads(statistics)["stats"]
    hits, misses = (sum(given[name]["counts"].values()) for name in ("cache_hits", "cache_misses"))
    return RustCounts(hits, misses)


def _where(results: Results) -> dict[str, str]:
    """The variables by which a server finds its results, past any proxy."""
    return {
        "SCCACHE_WEBDAV_ENDPOINT": results.address,
        "SCCACHE_WEBDAV_TOKEN": results.token,
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }


def _sccache(option: str, *more: str, environment: dict[str, str] | None = None) -> str:
    done = subprocess.run(
        [_SCCACHE, option, *more],
        env={**os.environ, **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if more else subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        text=True,
        timeout=_SECONDS,
    )
    return done.stdout or ""
