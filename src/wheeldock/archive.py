"""Sdists as archives: what is in one, and its unpacked form."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def unpack(sdist: Path, into: Path) -> None:
    """
    Unpack an sdist, without its top-level folder, as the folder `into`.

    What is there already is replaced, all at once; it is left alone when it was unpacked from
    the same bytes (their sha256 is kept beside it, in `<into>.sha256`). Modes are 0644 and 0755,
    so that the same sdist gives the same tree on every machine.

    Raises NotAPythonProjectError for an archive that is broken or has unsafe members.
    """
    raise NotImplementedError
