"""What the caches gave in one build."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from compiler.rust import RustCounts

PREFIX = "wheeldock-cache: "
"""What the line begins with by which wheeldock knows it."""

_HITS = {"direct_cache_hit", "preprocessed_cache_hit"}
_MISS = "cache_miss"
_QUESTION = re.compile(
    r"(?:.*/)?(?:CMakeFiles|meson-private)/.*|.*/Modules/CMake[^/]*|(?:.*/)?conftest\.\w+"
    r"|/tmp/[^/]*"
)
"""What CMake, Meson, autoconf and setup.py compile to find out what their compilers are like."""


@dataclass(frozen=True)
class Compile:
    """A compile that ccache took on."""

    source: str
    """The file, as the command line named it."""
    hit: bool


def compiles(log: Path, waited: Path) -> list[Compile]:
    """
    The compiles of a build, of ccache's log: those of its code, not a build tool's questions.

    `waited` is the log of those that waited for another build's. They are misses in `log`.
    """
    others = Counter(found.source for found in _read(waited) if found.hit)
    found = []
    for each in _read(log):
        if not each.hit and others[each.source]:
            others[each.source] -= 1
            found.append(Compile(each.source, hit=True))
        else:
            found.append(each)
    return [each for each in found if not _QUESTION.fullmatch(each.source)]


def translations(log: Path) -> TranslationCounts:
    """Count a build's translations by their log, but for a build tool's questions."""
    lines = log.read_text("utf-8").splitlines() if log.exists() else ()
    noted = (line.partition(" ") for line in lines)
    counts = Counter(outcome for outcome, _, source in noted if not _QUESTION.fullmatch(source))
    return TranslationCounts(counts["hit"], counts["miss"])


def _read(log: Path) -> Iterator[Compile]:
    text = log.read_text("utf-8", errors="replace") if log.exists() else ""
    for entry in f"\n{text}".split("\n# ")[1:]:
        source, *results = entry.splitlines()
        if _MISS in results or not _HITS.isdisjoint(results):
            yield Compile(source, hit=_MISS not in results)


@dataclass(frozen=True)
class TranslationCounts:
    """What of Cython's translations came from the cache in one build, and what did not."""

    hits: int = 0
    misses: int = 0

    def line(self, **others: object) -> str:
        """The line that wheeldock reads, with what else there is to say; "" for nothing."""
        counts = {"translations": asdict(self)} if self.hits or self.misses else {}
        return f"{PREFIX}{json.dumps(counts | others)}" if counts or others else ""


@dataclass(frozen=True)
class Counts:
    """What else came from the caches, and what did not."""

    hits: int
    """Compiles, C's and Rust's."""
    misses: int
    link_hits: int
    link_misses: int

    def line(self, translations: TranslationCounts, doubt: str = "") -> str:
        """The line that wheeldock reads; `doubt` is what is odd, by a name that it knows."""
        return translations.line(
            compiles={"hits": self.hits, "misses": self.misses},
            links={"hits": self.link_hits, "misses": self.link_misses},
            **({"doubt": doubt} if doubt else {}),
        )


def count(found: Sequence[Compile], links: Path, rust: RustCounts) -> Counts:
    """Count a build's compiles, and its links by their log."""
    linked = Counter(links.read_text("utf-8").splitlines() if links.exists() else ())
    hits = sum(each.hit for each in found)
    misses = len(found) - hits
    return Counts(hits + rust.hits, misses + rust.misses, linked["hit"], linked["miss"])
