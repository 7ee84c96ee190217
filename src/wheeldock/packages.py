"""
Packages of Debian and Ubuntu, installed on this machine by apt and removed by dpkg.

Which packages an engine is made of is decided by what apt has, not by a table of releases.
Nothing that is installed is upgraded or removed for them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.apt import machine_sources, parse_deb822
from wheeldock.errors import BaseImageUnavailableError, SetupError
from wheeldock.journal import Addition, Kind
from wheeldock.standin_parts import debian_mirror
from wheeldock.system import Family, this_system

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from wheeldock.apt import Source
    from wheeldock.journal import Journal
    from wheeldock.root import Root

NEWER_SUITE = "trixie"
"""A stable suite of Debian that has Buildx, for one that has not."""

SOURCE = Path("/etc/apt/sources.list.d/wheeldock.sources")
PREFERENCES = Path("/etc/apt/preferences.d/wheeldock.pref")
LISTS = Path("/var/lib/apt/lists")

_INSTALL = (
    "apt-get",
    "install",
    "--yes",
    "--quiet",
    "--no-install-recommends",
    "--no-upgrade",
    "--no-remove",
    "--option=DPkg::Lock::Timeout=300",
    "--option=Dpkg::Options::=--force-confold",
    "--option=APT::Keep-Downloaded-Packages=false",
)
_PINNED = ("docker.io", "docker-cli", "docker-buildx", "containerd")


@dataclass(frozen=True)
class Bundle:
    """Packages that together give something; the optional ones are in some suites only."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.required, *self.optional)

    def available(self, candidates: Collection[str]) -> tuple[str, ...]:
        """Those to install, or none when a required one cannot be had."""
        if not all(name in candidates for name in self.required):
            return ()
        return tuple(name for name in self.names if name in candidates)


# Docker's own packages come first: apt has them only where the user asked for them.
ENGINE = (
    Bundle(("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin")),
    Bundle(("docker.io", "docker-buildx"), ("docker-cli", "containerd", "runc", "iptables")),
)
CLIENT = (
    Bundle(("docker-ce-cli", "docker-buildx-plugin")),
    Bundle(("docker-cli", "docker-buildx")),
)
EMULATION = ("qemu-user-static", "binfmt-support")
"""What lets a kernel run programs of other architectures, of whatever container they are."""

BUILDX = (Bundle(("docker-buildx-plugin",)), Bundle(("docker-buildx",)))


def choose(bundles: Iterable[Bundle], candidates: Collection[str]) -> tuple[str, ...]:
    """The packages of the first bundle that can be had, or none."""
    return next(filter(None, (bundle.available(candidates) for bundle in bundles)), ())


def find(
    bundles: Sequence[Bundle], root: Root, journal: Journal, say: Callable[[str], None]
) -> tuple[str, ...]:
    """
    The packages to install for a bundle; where no suite of the machine has one, of a newer one.

    Raises SetupError when there is none.
    """
    every = [name for bundle in bundles for name in bundle.names]
    say("Asking apt what there is.")
    failure = _update(root)
    if names := choose(bundles, candidates(every)):
        return names
    _add_newer_suite(root, journal, say)
    if names := choose(bundles, candidates(every)):
        return names
    raise SetupError(
        f"apt has no {' or '.join(bundle.required[-1] for bundle in bundles)}"
        + (f": {failure}" if failure else ""),
        cure=this_system().instructions,
    )


def install(names: Sequence[str], root: Root, journal: Journal, say: Callable[[str], None]) -> None:
    """
    Install packages that are not there, and write down what that really added.

    Raises SetupError.
    """
    before = installed()
    missing = [name for name in names if name not in before]
    if not missing:
        return
    if len(candidates(missing)) < len(missing):
        _update(root)
    needs = "they need" if len(missing) > 1 else "it needs"
    say(f"Installing {', '.join(missing)}, and what {needs}, with apt-get.")
    try:
        root.run(*_INSTALL, *missing)
    finally:
        journal.add(Kind.PACKAGE, *sorted(installed() - before))


def remove(names: Sequence[str], root: Root) -> tuple[str, ...]:
    """
    Remove packages and their settings; those that others need stay, and are returned.

    dpkg removes exactly what it is told to, where apt would take what depends on it, too.
    """
    present = installed().intersection(names)
    if present:
        root.run("dpkg", "--remove", *sorted(present), allow=(0, 1))
    # docker.io's purge would empty the folder, whoever filled it, with this.
    root.run("rm", "-f", "/var/lib/docker/nuke-graph-directory.sh")
    staying = installed().intersection(names)
    if gone := sorted(set(names) - staying):
        root.run("dpkg", "--purge", *gone, allow=(0, 1))
    return tuple(sorted(staying))


def remove_source(path: Path, root: Root) -> None:
    """Remove a file of apt's sources, and what apt fetched from there."""
    if path.is_file():
        for source in parse_deb822(path.read_text(encoding="utf-8")):
            lists = [str(file) for file in LISTS.glob(f"{_list_prefix(source)}*")]
            root.run("rm", "-f", *lists)
    root.run("rm", "-f", str(path))


def is_here() -> bool:
    """Whether this machine has apt, and packages of Debian's or Ubuntu's."""
    return this_system().family is Family.DEBIAN and shutil.which("apt-get") is not None


def installed() -> frozenset[str]:
    """The packages that are installed, if only by half."""
    command = ["dpkg-query", "--show", "--showformat=${db:Status-Abbrev}\t${binary:Package}\n"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return parse_installed(said)


def parse_installed(said: str) -> frozenset[str]:
    """The packages in dpkg-query's answer; `n` is not installed, `c` has only its settings."""
    lines = (line.partition("\t") for line in said.splitlines())
    return frozenset(name for status, _, name in lines if status[1:2] not in {"n", "c", ""})


def candidates(names: Sequence[str]) -> frozenset[str]:
    """Those of the packages that apt would install, or has."""
    said = subprocess.run(
        ["env", "LC_ALL=C", "apt-cache", "policy", *names],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    return frozenset(name for name, version in parse_policy(said).items() if version)


def parse_policy(said: str) -> Mapping[str, str]:
    """Each package's candidate in the answer of `apt-cache policy`; "" where there is none."""
    stanza = re.compile(r"^(\S+):\n  Installed: .*\n  Candidate: (.*)$", re.MULTILINE)
    return {name: "" if version == "(none)" else version for name, version in stanza.findall(said)}


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


def _add_newer_suite(root: Root, journal: Journal, say: Callable[[str], None]) -> None:
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
    if failure := _update(root, *alone):
        remove_source(SOURCE, root)
        root.run("rm", "-f", str(PREFERENCES))
        journal.forget([Addition(Kind.SOURCE, str(SOURCE)), Addition(Kind.FILE, str(PREFERENCES))])
        message = f"{source.suite} cannot be had from {source.uri}: {failure}"
        raise SetupError(message, cure=this_system().instructions)


_UPDATE = (
    # else a suite that is gone is but a warning
    "APT::Update::Error-Mode=any",
    # No translations of descriptions; and those that the user has stay.
    "Acquire::Languages=none",
    "APT::Get::List-Cleanup=0",
)


def _update(root: Root, *options: str) -> str:
    """Fetch apt's lists; why that failed, or "". Another of the user's sources may be broken."""
    arguments = (f"--option={option}" for option in (*_UPDATE, *options))
    try:
        root.run("apt-get", "update", "--quiet", *arguments)
    except SetupError as error:
        return error.message
    return ""


def _list_prefix(source: Source) -> str:
    """How apt names the lists of a suite: the URI without its scheme, with `_` for `/`."""
    place = source.uri.partition("://")[2].rstrip("/")
    return f"{place}/dists/{source.suite}_".replace("/", "_")
