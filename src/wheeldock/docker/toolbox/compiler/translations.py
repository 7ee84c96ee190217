"""
Cython behind a cache, for whatever runs it: setuptools, Meson, CMake.

Some run it in their own process and some as a program. In both it is a module of the build
environment's Python, so there it is that the cache is put before it, by `_wheeldock_cython.py` of
`startup/`, which each environment has.
"""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path

from compiler import statistics
from compiler.size import trim

_TOOLBOX = Path(__file__).parents[1]
_NAME = "_wheeldock_cython"
_LOG = Path("/tmp/wheeldock-translations.log")  # noqa: S108 - the container is this build's alone
_SIZE = 500_000_000


class CachedTranslations(AbstractContextManager[None]):
    """Lets an environment's Cython translate a source tree through the cache in a folder."""

    def __init__(self, source: Path, environment: Path, cache: Path, log: Path = _LOG) -> None:
        self._site = next(environment.glob("lib/*/site-packages"), None)
        self._source = source
        self._cache = cache
        self._log = log

    def __enter__(self) -> None:
        """Put the cache before whatever Cython the environment has, or will have."""
        self._log.unlink(missing_ok=True)
        if self._site is None:
            return
        settings = {
            "toolbox": str(_TOOLBOX),
            "cache": str(self._cache),
            "log": str(self._log),
            "source": str(self._source),
        }
        (self._site / f"{_NAME}.json").write_text(json.dumps(settings), "utf-8")
        (self._site / f"{_NAME}.pth").write_text(f"import {_NAME}\n", "utf-8")

    def __exit__(self, *_: object) -> None:
        """Leave the environment as it was, and keep the cache within its size."""
        if self._site is not None:
            for suffix in (".json", ".pth"):
                (self._site / f"{_NAME}{suffix}").unlink(missing_ok=True)
        if self._log.exists():
            trim(self._cache, _SIZE)

    @property
    def are_likely(self) -> bool:
        """Whether the environment has Cython before a build backend says what it needs besides."""
        return self._site is not None and (self._site / "Cython").is_dir()

    @property
    def counts(self) -> statistics.TranslationCounts:
        """What the cache gave."""
        return statistics.translations(self._log)
