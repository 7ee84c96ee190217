"""
Where apt on this machine gets packages from, and the newer suite that is added for Buildx alone.

Nothing that is installed is upgraded for it: preferences hold all of it back but what is named.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.apt import machine_sources, parse_deb822
from wheeldock.errors import BaseImageUnavailableError, SetupError
from wheeldock.journal import Addition, Kind
from wheeldock.standin_parts import debian_mirror
from wheeldock.system import this_system

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from wheeldock.apt import Source
    from wheeldock.journal import Journal
    from wheeldock.root import Root

NEWER_SUITE = "trixie"
"""A stable suite of Debian that has Buildx, for one that has not."""

SOURCE = Path("/etc/apt/sources.list.d/wheeldock.sources")
PREFERENCES = Path("/etc/apt/preferences.d/wheeldock.pref")
LISTS = Path("/var/lib/apt/lists")

_PINNED = ("docker.io", "docker-cli", "docker-buildx", "containerd")

_UPDATE = (
    # else a suite that is gone is but a warning
    "APT::Update::Error-Mode=any",
    # No translations of descriptions; and those that the user has stay.
    "Acquire::Languages=none",
    "APT::Get::List-Cleanup=0",
)


def update(root: Root, *options: str) -> str:
    """Fetch apt's lists; why that failed, or "". Another of the user's sources may be broken."""
    arguments = (f"--option={option}" for option in (*_UPDATE, *options))
    try:
        root.run("apt-get", "update", "--quiet", *arguments)
    except SetupError as error:
        return error.message
    return ""


def add_newer_suite(root: Root, journal: Journal, say: Callable[[str], None]) -> None:
    """Add the newer suite. Raises SetupError."""
    source = newer_source(machine_sources())
    say(
        f"No suite here has Buildx: adding {source.suite} of {source.uri} as a source "
        f"({SOURCE}), for {', '.join(_PINNED)} alone ({PREFERENCES})."
    )
    # The preferences first: a suite without them would upgrade the whole machine.
    journal.add(Kind.FILE, PREFERENCES)
    root.write(PREFERENCES, preferences(source.suite, _PINNED))
    journal.add(Kind.SOURCE, SOURCE)
    root.write(SOURCE, source.deb822())
    alone = (
        f"Dir::Etc::SourceList={SOURCE}",
        "Dir::Etc::SourceParts=-",
        "APT::Get::List-Cleanup=0",
    )
    if failure := update(root, *alone):
        remove_source(SOURCE, root)
        root.run("rm", "-f", str(PREFERENCES))
        journal.forget([Addition(Kind.SOURCE, str(SOURCE)), Addition(Kind.FILE, str(PREFERENCES))])
        message = f"{source.suite} cannot be had from {source.uri}: {failure}"
        raise SetupError(message, cure=this_system().instructions)


def newer_source(sources: Sequence[Source]) -> Source:
    """The newer suite at the machine's own mirror. Raises SetupError."""
    try:
        mirror = debian_mirror(sources).main
    except BaseImageUnavailableError:
        message = f"apt has no Buildx, and its sources name no Debian mirror with {NEWER_SUITE}"
        raise SetupError(message, cure=this_system().instructions) from None
    return replace(mirror, suite=NEWER_SUITE, components=("main",))


def preferences(suite: str, names: Sequence[str]) -> str:
    """
    What makes apt take these packages from a suite, and nothing else of it.

    apt_preferences(5): 100 is for what is asked for by its version, 600 is over the machine's
    own suites' 500.
    """
    pins = (("*", 100), (" ".join(names), 600))
    return "\n".join(
        f"Package: {packages}\nPin: release n={suite}\nPin-Priority: {priority}\n"
        for packages, priority in pins
    )


def remove_source(path: Path, root: Root) -> None:
    """Remove a file of apt's sources, and what apt fetched from there."""
    if path.is_file():
        for source in parse_deb822(path.read_text(encoding="utf-8")):
            lists = [str(file) for file in LISTS.glob(f"{_list_prefix(source)}*")]
            root.run("rm", "-f", *lists)
    root.run("rm", "-f", str(path))


def _list_prefix(source: Source) -> str:
    """How apt names the lists of a suite: the URI without its scheme, with `_` for `/`."""
    place = source.uri.partition("://")[2].rstrip("/")
    return f"{place}/dists/{source.suite}_".replace("/", "_")
