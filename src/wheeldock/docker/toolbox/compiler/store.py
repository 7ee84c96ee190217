"""
What links gave before: for each link, the inputs that were read and the output that they gave.

    links/ab/cdef….json    the known results of one link, the latest used first
    outputs/ab/cdef…       an output, by the SHA-256 of its content

Several builds write here at once: each file is written beside its place and renamed.
"""

# pathlib takes longer to import than a link from the cache takes.
# ruff: noqa: PTH103, PTH104, PTH108, PTH109, PTH118, PTH120, PTH123
from __future__ import annotations

import json
import os
from hashlib import sha256

from compiler import inputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_RESULTS_PER_LINK = 16


class Result:
    """What one link read and gave."""

    def __init__(
        self,
        *,
        files: dict[str, str],
        present: Sequence[str],
        folder: str,
        output: str,
        listing: str,
        complaints: str,
    ) -> None:
        self.files = files
        """The SHA-256 of each file that the linker read, by its path."""
        self.present = list(present)
        """Which of the searched names were in which of the searched folders."""
        self.folder = folder
        """The working directory, if the output tells of it."""
        self.output = output
        """The SHA-256 of the output."""
        self.listing = listing
        """The linker's own list of what it read."""
        self.complaints = complaints
        """What the link said on standard error."""

    def is_for(self, other: Result) -> bool:
        """Say whether another result is one of the same inputs."""
        mine = (self.files, self.present, self.folder)
        return mine == (other.files, other.present, other.folder)

    def still_holds(self, folders: Iterable[str], digests: dict[str, str]) -> bool:
        """Say whether the linker would read the same now; `digests` are kept between calls."""
        if self.folder not in {"", os.getcwd()}:
            return False
        for path, digest in self.files.items():
            if path not in digests:
                digests[path] = _digest_or_nothing(path)
            if digests[path] != digest:
                return False
        return inputs.present(inputs.searched_names(self.files), folders) == self.present


def _digest_or_nothing(path: str) -> str:
    try:
        return inputs.digest(path)
    except OSError:
        return ""


class Store:
    """The results of links, in a folder."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def results(self, key: str) -> list[Result]:
        """The known results of a link, the latest used first."""
        try:
            with open(self._path("links", key), encoding="utf-8") as file:
                return [Result(**fields) for fields in json.load(file)]
        except (OSError, ValueError, TypeError):
            return []

    def keep(self, key: str, result: Result, content: bytes) -> None:
        """Remember a result, and the content of its output."""
        write(self._path("outputs", result.output), content)
        self.put_first(key, result)

    def put_first(self, key: str, result: Result) -> None:
        """Remember that a result is the latest used."""
        others = [other for other in self.results(key) if not other.is_for(result)]
        known = [vars(each) for each in [result, *others][:_RESULTS_PER_LINK]]
        write(self._path("links", key), json.dumps(known).encode())

    def output(self, result: Result) -> bytes | None:
        """The content of a result's output, or None when it is gone or damaged."""
        path = self._path("outputs", result.output)
        try:
            with open(path, "rb") as file:
                content = file.read()
            os.utime(path)
        except OSError:
            return None
        return content if sha256(content).hexdigest() == result.output else None

    def _path(self, kind: str, digest: str) -> str:
        return os.path.join(self._folder, kind, digest[:2], digest[2:])


def umask() -> int:
    """The rights that this process withholds from files that it makes."""
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write(path: str, content: bytes, mode: int = 0o644) -> None:
    """Put a file into a folder, which is made if need be."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    replace(path, content, mode)


def replace(path: str, content: bytes, mode: int) -> None:
    """Write a file beside its place and put it there all at once."""
    beside = f"{path}.{os.getpid()}.{os.urandom(4).hex()}"
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "wb") as file:
            file.write(content)
            os.fchmod(file.fileno(), mode)
        os.rename(beside, path)
    except BaseException:
        if os.path.lexists(beside):
            os.unlink(beside)
        raise
