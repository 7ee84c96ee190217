"""
What translations gave before: for each question, the files that were read, and those they gave.

    questions/ab/cdef….json   the known answers to one question, the latest used first
    files/ab/cdef…            a file that Cython wrote, packed, by the SHA-256 of its content

Several builds write here at once: each file is written beside its place and renamed.
"""

# pathlib is more than a translation from the cache needs.
# ruff: noqa: PTH100, PTH113, PTH116, PTH117, PTH118, PTH119, PTH123
from __future__ import annotations

import json
import os
import stat
import zlib
from hashlib import sha256

from compiler import inputs
from compiler.question import InDoubtError
from compiler.store import umask, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Facts = dict[str, str | int | None]

_ANSWERS_PER_QUESTION = 16
_HERE = "./"


class Place:
    """
    Where a translation is done: the working directory of its process.

    A build backend may choose another name for it each time. So paths below it are kept as they
    are seen from there, and begin with `./`.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def relative(self, path: str) -> str:
        """A path as it is kept."""
        path, below = os.path.abspath(path), f"{self.folder}{os.sep}"
        if path == self.folder:
            return _HERE
        return _HERE + path[len(below) :] if path.startswith(below) else path

    def absolute(self, path: str) -> str:
        """A kept path as it is here."""
        return os.path.join(self.folder, path[len(_HERE) :]) if path.startswith(_HERE) else path

    def told(self, facts: Facts) -> Facts:
        """Facts as they are kept: among them are paths, all absolute."""
        return {
            name: self.relative(fact) if isinstance(fact, str) and os.path.isabs(fact) else fact
            for name, fact in facts.items()
        }

    def meant(self, facts: Facts) -> Facts:
        """Kept facts as they are here."""
        return {
            name: self.absolute(fact) if isinstance(fact, str) else fact
            for name, fact in facts.items()
        }

    def digests(self, paths: Iterable[str], before: int) -> dict[str, str]:
        """
        The SHA-256 of each file as it has been since that time (nanoseconds since the epoch).

        "" for one that is not there. Raises InDoubtError for one that has changed, and OSError.
        """
        return {self.relative(path): _settled_digest(path, before) for path in sorted(paths)}


class Translation:
    """What one translation read and gave."""

    def __init__(
        self,
        *,
        files: dict[str, str],
        said: str,
        result: Facts,
        folder: str = "",
        written: dict[str, str] | None = None,
    ) -> None:
        self.files = files
        """The SHA-256 of each file that was read, "" for one that was not there."""
        self.said = said
        """What it said on standard error."""
        self.result = result
        """The facts of Cython's own result."""
        self.folder = folder
        """The working directory, if what it gave tells of it."""
        self.written = written or {}
        """The SHA-256 of each file that it wrote."""

    def still_holds(self, place: Place, digests: dict[str, str]) -> bool:
        """Say whether Cython would read the same here; `digests` are kept between calls."""
        if self.folder not in ("", place.folder):
            return False
        for path, digest in self.files.items():
            if path not in digests:
                digests[path] = _digest(place.absolute(path))
            if digests[path] != digest:
                return False
        return True


class Translated:
    """The known translations, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def take(self, key: str, place: Place) -> Translation | None:
        """Write the files that a translation gave before, if it would give them again."""
        digests: dict[str, str] = {}
        known = self._answers(key)
        for answer in known:
            if not answer.still_holds(place, digests):
                continue
            contents = {path: self._content(digest) for path, digest in answer.written.items()}
            if not contents or None in contents.values():
                continue
            for path, content in contents.items():
                write(place.absolute(path), content or b"", 0o666 & ~umask())
            if answer is not known[0]:
                self._put_first(key, answer)
            return answer
        return None

    def keep(self, key: str, place: Place, answer: Translation, written: Iterable[str]) -> None:
        """
        Remember a translation and the files that it wrote.

        Raises InDoubtError for one that is no file, such as a device, and OSError.
        """
        names = [os.fsencode(place.folder), os.fsencode(os.path.basename(place.folder))]
        for path in written:
            if not stat.S_ISREG(os.lstat(path).st_mode):
                raise InDoubtError(path)
            with open(path, "rb") as file:
                content = file.read()
            digest = answer.written[place.relative(path)] = sha256(content).hexdigest()
            if any(name in content for name in names):
                answer.folder = place.folder
            write(self._path("files", digest), zlib.compress(content, 1))
        self._put_first(key, answer)

    def _put_first(self, key: str, answer: Translation) -> None:
        inputs_of = (answer.folder, answer.files)
        others = [each for each in self._answers(key) if (each.folder, each.files) != inputs_of]
        known = [vars(each) for each in [answer, *others][:_ANSWERS_PER_QUESTION]]
        write(self._path("questions", key), json.dumps(known).encode())

    def _answers(self, key: str) -> list[Translation]:
        path = self._path("questions", key)
        try:
            with open(path, encoding="utf-8") as file:
                known = [Translation(**fields) for fields in json.load(file)]
            os.utime(path)
        except (OSError, ValueError, TypeError):
            return []
        return known

    def _content(self, digest: str) -> bytes | None:
        """A file's content, or None when it is gone or damaged."""
        path = self._path("files", digest)
        try:
            with open(path, "rb") as file:
                content = zlib.decompress(file.read())
            os.utime(path)
        except (OSError, zlib.error):
            return None
        return content if sha256(content).hexdigest() == digest else None

    def _path(self, kind: str, digest: str) -> str:
        return os.path.join(self._folder, kind, digest[:2], digest[2:])


def _digest(path: str) -> str:
    try:
        return inputs.digest(path)
    except FileNotFoundError:
        return ""
    except OSError:
        return "unreadable"


def _settled_digest(path: str, before: int) -> str:
    if not os.path.lexists(path):
        return ""
    if not os.path.isfile(path):
        raise InDoubtError
    digest = inputs.digest(path)
    if os.stat(path).st_ctime_ns >= before - inputs.ONE_TICK:
        raise InDoubtError
    return digest
