"""
Packages of Debian and Ubuntu, installed on this machine by apt and removed by dpkg.

Which packages an engine is made of is decided by what apt has, not by a table of releases.
Nothing that is installed is upgraded or removed for them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import aptsources
from wheeldock.errors import SetupError
from wheeldock.journal import Kind
from wheeldock.system import Family, this_system

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from wheeldock.journal import Journal
    from wheeldock.root import Root

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
    failure = aptsources.update(root)
    if names := choose(bundles, candidates(every)):
        return names
    aptsources.add_newer_suite(root, journal, say)
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
        aptsources.update(root)
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
