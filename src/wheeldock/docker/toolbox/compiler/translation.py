"""
A translation of Cython's, from the cache when every input is what it was.

It runs where Cython runs: in the Python that a wheel is built for, of whatever version that is, in
the process of a build backend or in one of its own. What Cython reads and writes is what the
process opens meanwhile. Sound before fast: whatever is in doubt is translated as if this were not
here.
"""

# pathlib is more than a translation from the cache needs.
# ruff: noqa: PTH109, PTH118, PTH120, PTH122, PTH123
from __future__ import annotations

import inspect
import os
import sys
import time
from contextlib import redirect_stderr
from functools import wraps
from threading import Lock, get_ident

from compiler.opened import recorded
from compiler.question import SEARCHED, InDoubtError, Question, plain
from compiler.translated import Place, Translated, Translation

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any, TextIO

    from compiler.opened import Opened
    from compiler.question import Options
    from compiler.translated import Facts

_PARAMETERS = ["source", "options", "full_module_name", "context"]
"""Those of Cython's function from 0.29 to 3.2, at least. One that has others is left alone."""


def put_before(cython: ModuleType, settings: Mapping[str, str]) -> None:
    """Let the module `Cython.Compiler.Main` translate through the cache, if it is one we know."""
    translate = cython.run_pipeline
    is_known = list(inspect.signature(translate).parameters) == _PARAMETERS
    if is_known and sys.implementation.name == "cpython":
        cache = TranslationCache(cython, settings)

        @wraps(translate)
        def translate_by_cache(*arguments: Any, **named: Any) -> object:  # noqa: ANN401
            return cache.translate(*arguments, **named)

        cython.run_pipeline = translate_by_cache  # type: ignore[attr-defined]


class TranslationCache:
    """The cache before one process's Cython."""

    def __init__(self, cython: ModuleType, settings: Mapping[str, str]) -> None:
        self._cython = cython
        self._translate: Callable[..., object] = cython.run_pipeline
        self._package = os.path.dirname(os.path.dirname(str(cython.__file__)))
        self._question = Question(self._package, settings["source"])
        self._known = Translated(settings["cache"])
        self._log = settings["log"]
        self._lock = Lock()  # a build backend may build extension modules in threads

    def translate(
        self,
        source: str,
        options: Options,
        full_module_name: str | None = None,
        context: object = None,
    ) -> object:
        """Translate, from the cache or not, and return what Cython returns."""
        with self._lock:
            place, asked = Place(os.getcwd()), (source, options, full_module_name, context)
            try:
                # Cython changes the options so before it looks at anything, and they stay so.
                options.configure_language_defaults(os.path.splitext(source)[1][1:])
                key = self._question.key(place, *asked)
                if known := self._known.take(key, place):
                    self._note("hit", place, source)
                    sys.stderr.write(known.said)
                    return self._result(known, options, place)
            except Exception:  # noqa: BLE001 - whatever is wrong here, Cython does what was asked
                return self._translate(*asked)
            return self._translate_and_keep(key, place, *asked)

    def _translate_and_keep(
        self, key: str, place: Place, source: str, options: Options, *others: object
    ) -> object:
        asked, before, heard = plain(vars(options)), time.time_ns(), _Heard(sys.stderr)
        with recorded() as opened, redirect_stderr(heard):  # type: ignore[type-var]
            result = self._translate(source, options, *others)
        try:
            self._note("miss", place, source)
            if not opened.is_in_doubt and plain(vars(options)) == asked:
                self._keep(key, place, opened, before, "".join(heard.texts), result)
        except Exception:  # noqa: BLE001, S110 - in doubt, or there is no room: it was translated
            pass
        return result

    def _keep(
        self, key: str, place: Place, opened: Opened, before: int, said: str, result: object
    ) -> None:
        read = list(filter(self._may_change, opened.read - opened.written))
        facts = place.told(_facts(result))
        # `include "a.inc"`: one that turns up earlier on the path would not be noticed.
        if not all(path.endswith(SEARCHED) for path in read):
            raise InDoubtError
        files = place.digests(read, before)
        translation = Translation(files=files, said=said, result=facts)
        self._known.keep(key, place, translation, opened.written)

    def _may_change(self, path: str) -> bool:
        """Whether a file is none of Cython's or Python's own, which `Question` knows."""
        own = (self._package, os.path.dirname(os.__file__))
        return not path.startswith(tuple(f"{folder}{os.sep}" for folder in own))

    def _result(self, known: Translation, options: Options, place: Place) -> object:
        result = self._cython.CompilationResult()
        vars(result).update(place.meant(known.result), embedded_metadata=options.embedded_metadata)
        return result

    def _note(self, outcome: str, place: Place, source: str) -> None:
        with open(self._log, "a", encoding="utf-8", errors="replace") as log:
            log.write(f"{outcome} {os.path.join(place.folder, source)}\n")


def _facts(result: object) -> Facts:
    """What Cython says of a translation; raises InDoubtError for a failed or an odd one."""
    if getattr(result, "i_file", None):  # it is left open
        raise InDoubtError
    objects = ("compilation_source", "embedded_metadata")
    facts = {name: value for name, value in vars(result).items() if name not in objects}
    if facts.get("num_errors", 1):
        raise InDoubtError
    for name, value in facts.items():
        if not (value is None or isinstance(value, (str, int))):
            raise InDoubtError(name)
    return facts


class _Heard:
    """A stream that keeps what this thread writes to it, besides."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._thread = get_ident()
        self.texts: list[str] = []

    def write(self, text: str) -> int:
        if get_ident() == self._thread:
            self.texts.append(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
