"""What a translation is asked for, and all that it depends on besides the files that it reads."""

# pathlib is more than a translation from the cache needs.
# ruff: noqa: PTH100, PTH113, PTH118, PTH120, PTH207, PTH208
from __future__ import annotations

import glob
import json
import os
import sys
from hashlib import sha256

from compiler import inputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    from compiler.translated import Place

    class Options(Protocol):
        """Cython's options for a translation."""

        include_path: list[str]
        embedded_metadata: object

        def configure_language_defaults(self, source_extension: str) -> None:
            """Set what depends on the language."""


_FORMAT = 2
"""A new number forgets all that is known of translations."""

SEARCHED = (".pxd", ".pxi", ".pyx", ".py", ".html")
"""What Cython takes where it is there, and does without where it is not."""

_MOST_FOLDERS = 20_000
"""Folders that are worth a look at their names."""


class InDoubtError(Exception):
    """What a translation depends on, or what it gave, is not known for sure."""


class Question:
    """What translations of one process depend on: its Cython, and a source tree."""

    def __init__(self, package: str, source: str) -> None:
        self._site = os.path.dirname(package)
        self._source = source
        self._process: list[object] = [_FORMAT, sys.version, list(os.uname()), self._installed()]

    def key(
        self, place: Place, source: str, options: Options, name: str | None, context: object
    ) -> str:
        """The key of a translation; raises InDoubtError, or OSError for a file that is gone."""
        if context is not None and getattr(context, "options", None) is not options:
            raise InDoubtError
        asked = [place.relative(source), os.path.relpath(source), name, plain(vars(options))]
        surroundings = [
            plain(_variables("Cython.Compiler.Options"), doubtful="left out"),
            vars(sys.modules["Cython.Compiler.Errors"])["LEVEL"],
            sorted(item for item in os.environ.items() if item[0].startswith("CYTHON")),
            [place.relative(entry) for entry in sys.path],
            self._names(place, options.include_path),
            self._scripts(place.folder),
        ]
        question = json.dumps([self._process, asked, surroundings], sort_keys=True)
        return sha256(question.encode()).hexdigest()

    def _installed(self) -> list[str]:
        """What is in the environment, and exactly which Cython."""
        records = glob.glob(os.path.join(self._site, "[Cc]ython-*.dist-info", "RECORD"))
        if len(records) != 1:
            raise InDoubtError(f"{self._site} does not say which Cython it has")
        installed = sorted(name for name in os.listdir(self._site) if name.endswith("-info"))
        return [inputs.digest(records[0]), *installed]

    def _names(self, place: Place, include_path: list[str]) -> list[list[str]]:
        """
        The names of what Cython could find: a new file may take the place of another.

        Those of the environment are known by what is installed there, Python's own by its version.
        """
        own = (self._site, os.path.dirname(os.__file__))
        searched = [self._source, place.folder, *map(os.path.abspath, [*include_path, *sys.path])]
        roots = [path for path in dict.fromkeys(searched) if not any(_is_in(path, f) for f in own)]
        # What a build tool makes in a folder of its own is known from there.
        return [sorted(_names(root, leave_out=place.folder)) for root in roots]

    def _scripts(self, folder: str) -> list[str]:
        """The digests of what may change Cython before it calls it: a script, and its modules."""
        modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
        paths = {os.path.abspath(path) for path in modules if isinstance(path, str)}
        own = [path for path in paths if _is_in(path, self._source) or _is_in(path, folder)]
        scripts = {os.path.join(folder, "setup.py"), *own}
        return sorted(inputs.digest(path) for path in scripts if os.path.isfile(path))


def plain(value: object, doubtful: str = "") -> object:
    """
    A value as JSON has it: another for each that differs.

    Raises InDoubtError for an object of which that cannot be said, unless it may be left out.
    """
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [plain(each, doubtful) for each in value]
    if isinstance(value, (set, frozenset)):
        return sorted(json.dumps(plain(each, doubtful)) for each in value)
    if isinstance(value, dict):
        items = ([plain(key, doubtful), plain(each, doubtful)] for key, each in value.items())
        return sorted(items, key=json.dumps)
    if doubtful:
        return doubtful
    raise InDoubtError(type(value))


def _variables(module: str) -> dict[str, object]:
    variables = vars(sys.modules[module])
    return {name: value for name, value in variables.items() if not name.startswith("__")}


def _is_in(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder}{os.sep}")


def _names(root: str, leave_out: str) -> Iterator[str]:
    for number, (folder, folders, files) in enumerate(os.walk(root)):
        if number > _MOST_FOLDERS:
            raise InDoubtError
        folders[:] = [
            name
            for name in folders
            if not name.startswith(".") and os.path.join(folder, name) != leave_out
        ]
        for name in files:
            if name.endswith(SEARCHED):
                yield os.path.relpath(os.path.join(folder, name), root)
