"""
Whose words a configuration is in: wheeldock's own, or cibuildwheel's.

A project without `[tool.wheeldock]` is read as cibuildwheel would read it: its
`[tool.cibuildwheel]` and its `CIBW_…` variables. What has no counterpart there is remarked; in
wheeldock's own words it is a mistake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from wheeldock.options import OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheeldock.options import Option

PLATFORM = "linux"
"""cibuildwheel's name for what wheeldock builds for, in tables and variables."""

OTHER_PLATFORMS = ("android", "ios", "macos", "pyodide", "windows")

FOREIGN: Mapping[str, str] = {
    **{
        name: f"cibuildwheel's table for {name}, and wheeldock builds for Linux"
        for name in OTHER_PLATFORMS
    },
    "container-engine": "cibuildwheel's; here Docker Buildx builds (see the option builder)",
    "pyodide-version": "cibuildwheel's option for Pyodide, and wheeldock builds for Linux",
    "test-runtime": "cibuildwheel's option for Android and iOS, and wheeldock builds for Linux",
    "xbuild-files": "cibuildwheel's option for cross-builds, and wheeldock does none",
    "xbuild-tools": "cibuildwheel's option for cross-builds, and wheeldock does none",
}
"""What cibuildwheel has and wheeldock will not have, and why."""

FOREIGN_VARIABLES: Mapping[str, str] = {
    "cache-path": "cibuildwheel's; the folder of the cache is the option cache-dir here",
    "debug-keep-container": "cibuildwheel's; no container stays here (see `invoke image.list`)",
    "debug-traceback": "cibuildwheel's; wheeldock shows a traceback for bugs of its own alone",
    "log-fold-mode": "cibuildwheel's; how a log looks is the option --progress here",
    "platform": "cibuildwheel's; wheeldock builds for Linux",
}
"""The variables among that which are no options of a table, as one would name these."""


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """The words of a configuration."""

    name: str
    """Its table below `[tool]`."""
    prefix: str
    """What its environment variables begin with."""
    options: Mapping[str, Option]
    strict: bool
    """Whether what has no meaning is a mistake."""

    def variable(self, option: str) -> str:
        """The environment variable of an option, e.g. `CIBW_BEFORE_ALL`."""
        return f"{self.prefix}{option.replace('-', '_').upper()}"

    def flaw(self, option: str, *, overriding: bool = False) -> str | None:
        """Why an option has no meaning here; "" where that is nobody's business, else None."""
        if not self.strict and option in OTHER_PLATFORMS:
            return ""
        if option in FOREIGN:
            return FOREIGN[option]
        if option not in self.options:
            return unknown(option, self.options)
        if overriding and not self.options[option].per_target:
            return "an option for all of a run, which no override can have"
        return None


def unknown(option: str, options: Iterable[str]) -> str:
    """That an option is unknown, and which may be meant."""
    names = list(options)
    close = meant(option, names)
    names = list(dict.fromkeys(re.sub("-.*-image$", "-…-image", name) for name in names))
    hint = f"did you mean {close[0]!r}?" if close else f"the options are {', '.join(names)}"
    return f"unknown option; {hint}"


def meant(option: str, options: Iterable[str]) -> list[str]:
    """The option that may be meant, or itself; none where nothing is like it."""
    if option in FOREIGN:
        return []
    return get_close_matches(option, list(options), n=1)


WHEELDOCK = Dialect(name="wheeldock", prefix="WHEELDOCK_", options=OPTIONS, strict=True)

CIBUILDWHEEL = Dialect(
    name="cibuildwheel",
    prefix="CIBW_",
    # It takes output-dir from the command line and the environment alone.
    options={name: o for name, o in OPTIONS.items() if not o.own or name == "output-dir"},
    strict=False,
)
