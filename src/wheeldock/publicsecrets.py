"""Which secrets are public: what `public-secrets` is for the files at hand."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wheeldock import config
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheeldock.planning import Inputs


def of(inputs: Inputs | None, paths: Sequence[Path]) -> tuple[str, ...]:
    """The option's value: the source's, where the files are of it, else the environment's alone."""
    if inputs is not None and not of_another(inputs, paths):
        return inputs.settings.public_secrets
    return config.read({}, path="", environ=os.environ, overrides={}).config.public_secrets


def of_another(inputs: Inputs, paths: Sequence[Path]) -> str:
    """That the files are not the source's, where they are not; else ""."""
    ours = inputs.project.normalized_name
    names = {found.name for path in paths if (found := read_distribution(path))}
    if not ours or not names or ours in names:
        return ""
    return f"the source is {ours}'s, and the files are {' and '.join(sorted(names))}'s"
