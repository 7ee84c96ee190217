"""
What a project's files say of wheels that serve several interpreters. Pure.

It is a hint: what is overlooked here, or taken for more than it is, costs time in one build and
changes nothing in what comes out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILES = ("pyproject.toml", "setup.cfg", "setup.py", "hatch_build.py", "meson.build", "Cargo.toml")
"""The files that can say something of it."""

ANY_STABLE = "cp32-abi3"
"""The stable ABI from its first version on: a wheel for it that does not say since when."""
NO_ABI = "py3-none"

_COMMENT = re.compile(r"^\s*#.*", re.MULTILINE)
_GIVEN = re.compile(r"""py[-_](?:limited[-_])?api["']?\s*[:=,]\s*["']?(?P<tag>cp3\d+|py[23]\w*)""")
"""bdist_wheel's `py_limited_api` and scikit-build-core's `wheel.py-api`, with a python tag."""
_CRATE = re.compile(r"\babi3-py(?P<digits>3\d+)")
"""PyO3's features."""
_OF_SOME_KIND = re.compile(
    r"""limited[-_]api\b(?!["']?\s*[:=]\s*["']?(?:false|0|no)\b)|\babi3\b""",
    re.IGNORECASE,
)
"""Those of setuptools' extensions, setuptools-rust and Meson, which name no python tag."""
_WITHOUT_ABI = re.compile(
    r"""\bpy3-none\b|["']py3["']\s*,\s*["']none["']|\bbindings\s*=\s*["'](?:cffi|uniffi|bin)\b"""
)
"""A tag as `bdist_wheel.get_tag` and hatchling's hooks give it, and maturin's bindings."""


def of_files(files: Mapping[str, bytes]) -> frozenset[str]:
    """The ABIs, e.g. `cp311-abi3`, that wheels should have by those of FILES that there are."""
    texts = (files[name].decode(errors="replace") for name in FILES if name in files)
    return frozenset[str]().union(*(_abis(_COMMENT.sub("", text)) for text in texts))


def of_settings(settings: Mapping[str, str | Sequence[str]]) -> frozenset[str]:
    """The ABIs that wheels should have by the build backend's config settings."""
    values = (
        (key, [value] if isinstance(value, str) else value) for key, value in settings.items()
    )
    texts = (f"{key}={part}" for key, parts in values for part in parts)
    return frozenset[str]().union(*map(_abis, texts))


def _abis(text: str) -> frozenset[str]:
    tags = [match["tag"] for match in _GIVEN.finditer(text)]
    tags += (f"cp{match['digits']}" for match in _CRATE.finditer(text))
    found = {f"{tag}-abi3" if tag.startswith("cp") else NO_ABI for tag in tags}
    if not found and _OF_SOME_KIND.search(text):
        found.add(ANY_STABLE)
    if _WITHOUT_ABI.search(text):
        found.add(NO_ABI)
    return frozenset(found)
