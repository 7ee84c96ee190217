"""
The machine's own apt sources, and packages of suites that the machine itself does not run.

A source is what sources.list(5) calls one: a URI, a suite, and the key that signs it. Suites
other than the machine's are read through a private apt configuration: nothing is installed,
and the machine's own apt is as it was.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

ETC = Path("/etc/apt")

_ONE_LINE = re.compile(
    r"deb\s+(?:\[(?P<options>[^]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s*(?P<components>[^#]*)"
)
_FIELD = re.compile(r"(?P<name>[A-Za-z-]+):[ \t]*(?P<value>.*(?:\n[ \t].*)*)")


@dataclass(frozen=True)
class Source:
    """One suite of binary packages at one URI."""

    uri: str
    suite: str
    components: tuple[str, ...] = ("main",)
    signed_by: str = ""
    """A keyring's path, or the key itself as a deb822 field holds it; "" for apt's own keys."""

    def deb822(self, types: str = "deb") -> str:
        """The source as a paragraph of a `.sources` file; `deb-src` has packages' own sources."""
        fields = {
            "Types": types,
            "URIs": self.uri,
            "Suites": self.suite,
            "Components": " ".join(self.components),
            # Neither file lists nor icons, whatever the machine is set up to fetch.
            "Targets": "Packages Sources",
        }
        if self.signed_by:
            fields["Signed-By"] = self.signed_by
        return "".join(f"{name}: {value}\n" for name, value in fields.items())


def machine_sources(etc: Path = ETC) -> tuple[Source, ...]:
    """What the machine takes binary packages from, in apt's order."""
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    sources: list[Source] = []
    for file in files:
        if file.suffix == ".list" and file.is_file():
            sources += parse_one_line(file.read_text(encoding="utf-8"))
        elif file.suffix == ".sources" and file.is_file():
            sources += parse_deb822(file.read_text(encoding="utf-8"))
    return tuple(sources)


def proxies() -> dict[str, str]:
    """The proxies that apt is told to use, as environment variables."""
    found = {}
    for scheme in ("http", "https"):
        command = ["apt-config", "shell", "value", f"Acquire::{scheme}::Proxy"]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if words := shlex.split(said):
            found[f"{scheme}_proxy"] = words[0].partition("=")[2]
    return found


def parse_one_line(text: str) -> Iterator[Source]:
    """Sources of a `.list` file: `deb [signed-by=…] uri suite component…`, one a line."""
    for line in text.splitlines():
        match = _ONE_LINE.match(line.strip())
        if match is None:
            continue
        options = dict(option.partition("=")[::2] for option in (match["options"] or "").split())
        yield Source(
            uri=match["uri"].rstrip("/"),
            suite=match["suite"],
            components=tuple(match["components"].split()),
            signed_by=options.get("signed-by", ""),
        )


def parse_deb822(text: str) -> Iterator[Source]:
    """Sources of a `.sources` file: paragraphs of fields, each with any number of suites."""
    uncommented = re.sub(r"^#.*\n?", "", text, flags=re.MULTILINE)
    for paragraph in re.split(r"\n[ \t]*\n", uncommented):
        fields = {field["name"].lower(): field["value"] for field in _FIELD.finditer(paragraph)}
        if "deb" not in fields.get("types", "").split() or fields.get("enabled") == "no":
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                yield Source(
                    uri=uri.rstrip("/"),
                    suite=suite,
                    components=tuple(fields.get("components", "").split()),
                    signed_by=fields.get("signed-by", "").rstrip(),
                )


class AptError(Exception):
    """apt-get failed; the text is its own first error."""


def even_expired(fetch: Callable[..., object], *anyway: str) -> bool:
    """
    Fetch from a suite, and if its Release is expired with those options; whether it is valid.

    A mirror can lag behind a moving suite: what is expired is taken all the same, being signed.
    Raises AptError.
    """
    try:
        fetch()
    except AptError as error:
        if "is expired" not in str(error):
            raise
        fetch(*anyway)
        return False
    return True


def told_expired(suite: str, uri: str) -> str:
    """What people are told of such a suite."""
    return f"The Release of {suite} at {uri} is expired; it is signed, and taken as it is."


class PrivateApt:
    """
    apt-get with sources and state of its own, in a folder.

    It still heeds the machine's proxy and credentials. Nothing counts as installed, so what a
    package depends on is all there to download.
    """

    def __init__(
        self,
        folder: Path,
        sources: Iterable[Source],
        *,
        types: str = "deb",
        architecture: str = "amd64",
    ) -> None:
        for name in ("state", "cache"):
            (folder / name).mkdir(parents=True)
        sources_file = folder / "private.sources"
        text = "\n".join(source.deb822(types) for source in sources)
        sources_file.write_text(text, encoding="utf-8")
        settings = {
            "Dir::Etc::sourcelist": sources_file,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "Dir::State": folder / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": folder / "cache",
            # Container images tell apt to keep no parsed index: a second for each call.
            "Dir::Cache::pkgcache": "pkgcache.bin",
            "Dir::Cache::srcpkgcache": "srcpkgcache.bin",
            "APT::Architecture": architecture,
            # apt would take packages of the machine's own, too.
            "APT::Architectures": architecture,
            "APT::Install-Recommends": "false",
            "APT::Sandbox::User": "root",  # the sandbox's user cannot write to a private folder
            "APT::Update::Error-Mode": "any",  # else a suite that is gone is but a warning
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        # Options, since they prevail over whatever the machine's own configuration says.
        self._options = [f"--option={name}={value}" for name, value in settings.items()]

    def update(self) -> bool:
        """Fetch the index; whether its Release is still valid. Raises AptError."""
        return even_expired(partial(self._run, "update"), "-o", "Acquire::Check-Valid-Until=false")

    def closure(self, packages: Sequence[str]) -> tuple[str, ...]:
        """The packages and all that they depend on, by name. Raises AptError."""
        lines = self._run("install", "-qq", "--print-uris", *packages).splitlines()
        # 'uri' name_version_architecture.deb size hash
        return tuple(line.split()[1].partition("_")[0] for line in lines if line.startswith("'"))

    def download(self, packages: Sequence[str], into: Path) -> None:
        """Fetch the packages' `.deb` files into a folder. Raises AptError."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("download", *packages, cwd=into)

    def download_source(self, package: str, into: Path) -> None:
        """Fetch a package's own source, of sources of the type `deb-src`. Raises AptError."""
        into.mkdir(parents=True, exist_ok=True)
        self._run("source", "--download-only", package, cwd=into)

    def _run(self, command: str, *arguments: str, cwd: Path | None = None) -> str:
        process = subprocess.run(
            ["apt-get", *self._options, command, *arguments],
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode:
            lines = process.stderr.splitlines()
            message = next((line[3:] for line in lines if line.startswith("E: ")), "apt-get failed")
            raise AptError(message)
        return process.stdout
