"""
The time that is written into distributions, where the user names one.

`SOURCE_DATE_EPOCH` is the variable that reproducible-builds.org specifies: seconds since 1970.
What holds without it is in `docker/toolbox/reproducible.sh`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheeldock.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "SOURCE_DATE_EPOCH"
_EARLIEST, _LATEST = 315532800, 4354819199
"""What the times of a ZIP archive can be: 1980 to 2107."""


def chosen(environ: Mapping[str, str]) -> str:
    """
    The time that the environment names, or "" for the default.

    Raises ConfigurationError.
    """
    text = environ.get(VARIABLE, "").strip()
    if text and not (text.isascii() and text.isdigit() and _EARLIEST <= int(text) <= _LATEST):
        raise ConfigurationError(
            [f"{VARIABLE}: {text!r} is no number of seconds from {_EARLIEST} to {_LATEST}"],
            cure="`git log -1 --format=%ct` prints that of a commit.",
        )
    return str(int(text)) if text else ""
