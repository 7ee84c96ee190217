"""Writing a file of the cache mount, where other containers may write the same at the moment."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write a file all at once: who reads it finds what was there before, or all of this."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not the process's number, which programs of several containers have in common.
    beside = path.with_name(f"{path.name}.tmp.{secrets.token_hex(8)}")
    beside.write_text(text, "utf-8")
    beside.replace(path)
