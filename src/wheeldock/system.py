"""Which system this is, and how an engine is installed on it by hand. os-release(5) names it."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Family(Enum):
    """Systems whose packages are alike; the value is the os-release ID that names them."""

    DEBIAN = "debian"
    FEDORA = "fedora"
    ARCH = "arch"
    ALPINE = "alpine"
    SUSE = "suse"
    MACOS = "macos"
    OTHER = ""


_ALSO = {
    "ubuntu": Family.DEBIAN,
    "opensuse": Family.SUSE,
}

_BY_HAND = {
    Family.DEBIAN: "apt-get install docker.io docker-buildx (Debian 12: see {docs})",
    Family.FEDORA: "dnf install moby-engine docker-buildx (RHEL and its like: see {docs}) && "
    "systemctl enable --now docker",
    Family.ARCH: "pacman -S docker docker-buildx && systemctl enable --now docker",
    Family.ALPINE: "apk add docker docker-cli-buildx && rc-update add docker && "
    "service docker start",
    Family.SUSE: "zypper install docker docker-buildx && systemctl enable --now docker",
}

_DOCS = "https://docs.docker.com/engine/install/"


@dataclass(frozen=True)
class System:
    """The operating system."""

    family: Family
    name: str
    """Its name for people, e.g. `Debian GNU/Linux 12 (bookworm)`."""

    @property
    def instructions(self) -> str:
        """How a person installs Docker Engine and Buildx here."""
        if self.family is Family.MACOS:
            return (
                "Install Docker Desktop, or `brew install colima docker docker-buildx` and "
                "`colima start`; then run `invoke setup` again."
            )
        if self.family is Family.OTHER:
            return f"Install Docker Engine and Buildx ({_DOCS}), then run `invoke setup` again."
        command = _BY_HAND[self.family].format(docs=_DOCS)
        return (
            f"As root: {command}; then `usermod -aG docker USER`, log in again, and run "
            "`invoke setup` again."
        )


def this_system() -> System:
    """The system that runs this."""
    if platform.system() == "Darwin":
        return System(Family.MACOS, "macOS")
    try:
        return from_os_release(platform.freedesktop_os_release())
    except OSError:
        return System(Family.OTHER, platform.system())


def from_os_release(fields: Mapping[str, str]) -> System:
    """The system of that os-release: by its ID, else by the first ID_LIKE that is known."""
    names = [fields.get("ID", ""), *fields.get("ID_LIKE", "").split()]
    family = next(filter(None, map(_family, names)), Family.OTHER)
    return System(family, fields.get("PRETTY_NAME", "") or fields.get("ID", "") or "Linux")


def _family(name: str) -> Family | None:
    known = {family.value: family for family in Family if family.value} | _ALSO
    return known.get(name) or known.get(name.partition("-")[0])
