"""
What the build environment had in it once a distribution was made from it.

It is noted beside the distribution: with it the same can be built again, and told what it was
built with.
"""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from importlib.metadata import Distribution, distributions
from pathlib import Path

NOTE = Path("/out/facts/build-requirements.json")


def installed(environment: Path) -> dict[str, dict[str, str]]:
    """Each distribution by its name: its version, and a digest of its files as it brought them."""
    folders = [str(folder) for folder in environment.glob("lib/*/site-packages")]
    found = {each.metadata["Name"]: each for each in distributions(path=folders)}
    return {
        name: {"version": each.version, "files-sha256": _digest(each)}
        for name, each in sorted(found.items())
    }


def _digest(distribution: Distribution) -> str:
    """
    The sha256 of the rows of RECORD that have a digest, sorted.

    What an installer adds for itself is left out: programs in bin, and notes of who asked for it.
    """
    rows = csv.reader((distribution.read_text("RECORD") or "").splitlines())
    added = ("/INSTALLER", "/REQUESTED", "/direct_url.json", "/uv_build.json", "/uv_cache.json")
    kept = sorted(
        f"{path},{digest}\n"
        for path, digest, *_ in rows
        if digest and not path.startswith("../") and not path.endswith(added)
    )
    return sha256("".join(kept).encode()).hexdigest()


def note(environment: Path = Path("/env"), place: Path = NOTE) -> None:
    """Write it down."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps(installed(environment), indent=1), encoding="utf-8")
