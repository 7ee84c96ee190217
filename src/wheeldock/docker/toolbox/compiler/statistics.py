"""What the caches gave in one build."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PREFIX = "wheeldock-cache: "
"""What the line begins with by which wheeldock knows it."""

_COMPILE_HITS = ("direct_cache_hit", "preprocessed_cache_hit")
_COMPILE_MISSES = ("cache_miss",)


def line(compiles: Path, links: Path) -> str:
    """The hits and misses of a build in a line, of ccache's log and the links' own."""
    compiled, linked = _count(compiles), _count(links)
    counts = {
        "compiles": {
            "hits": sum(compiled[name] for name in _COMPILE_HITS),
            "misses": sum(compiled[name] for name in _COMPILE_MISSES),
        },
        "links": {"hits": linked["hit"], "misses": linked["miss"]},
    }
    return PREFIX + json.dumps(counts)


def _count(log: Path) -> Counter[str]:
    return Counter(log.read_text("utf-8", errors="replace").splitlines() if log.exists() else ())
