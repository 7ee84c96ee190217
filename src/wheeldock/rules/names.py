"""Rules of a file from outside: its name and its size, as PyPI sees them before it looks inside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
)
from rich.filesize import decimal

from wheeldock.findings import Problem
from wheeldock.limits import LARGEST_FILE
from wheeldock.wheelfile import WheelName

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from packaging.version import Version

_LINUX = re.compile(r"(?P<libc>many|musl)linux_\d+_\d+_(?P<architecture>\w+)")
_BOTH_LIBCS = frozenset({"x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64"})
_ARCHITECTURES = {"many": _BOTH_LIBCS | {"ppc64"}, "musl": _BOTH_LIBCS}
_OLD_POLICIES = {
    "manylinux1": frozenset({"x86_64", "i686"}),
    "manylinux2010": frozenset({"x86_64", "i686"}),
    "manylinux2014": _BOTH_LIBCS - {"riscv64"} | {"ppc64"},
}
_ELSEWHERE = re.compile(
    r"any|win32|win_(amd64|arm64|ia64)|linux_armv[67]l"
    r"|macosx_(10_\d+|(1[1-5]|26)_0)_(ppc|ppc64|i386|x86_64|arm64|intel|fat|fat3|fat64|universal2?)"
    r"|ios_\d+_\d+_(arm64|x86_64)_(iphoneos|iphonesimulator)"
    r"|android_\d+_(armeabi_v7a|arm64_v8a|x86|x86_64)|pyemscripten_\d+_\d+_wasm32"
)


@dataclass(frozen=True)
class Candidate:
    """A file that may be a distribution."""

    path: Path
    largest: int = LARGEST_FILE
    """The bytes that the index takes."""

    @property
    def wheel(self) -> WheelName | None:
        """What its name says if it is a wheel's."""
        try:
            return WheelName.parse(self.path.name)
        except InvalidWheelFilename:
            return None

    @property
    def version(self) -> Version | None:
        """The version that its name says."""
        if wheel := self.wheel:
            return wheel.version
        try:
            return parse_sdist_filename(self.path.name)[1]
        except InvalidSdistFilename:
            return None


def file_name(candidate: Candidate) -> Iterator[Problem]:
    """The file name is a wheel's or an sdist's, with the project's name normalised."""
    name = candidate.path.name
    try:
        if candidate.path.suffix == ".whl":
            wheel = WheelName.parse(name)
            due = f"{wheel.name.replace('-', '_')}{name[len(wheel.written) :]}"
        else:
            project, version = parse_sdist_filename(name)
            due = f"{canonicalize_name(project).replace('-', '_')}-{version}.tar.gz"
    except (InvalidWheelFilename, InvalidSdistFilename) as error:
        yield Problem("", f"{error}", "Build it anew, and do not rename it.")
        return
    if name != due:
        yield Problem(
            "", f"it should be {due}", "Build it with a newer build backend, or rename the project."
        )


def file_size(candidate: Candidate) -> Iterator[Problem]:
    """The file is no larger than what PyPI takes."""
    size = candidate.path.stat().st_size
    if size > candidate.largest:
        yield Problem(
            "",
            f"it has {decimal(size)}, and PyPI takes {decimal(candidate.largest)}",
            "Leave out what need not ship, strip its libraries, or ask PyPI for more and say so "
            "with --max-size.",
        )


def public_version(candidate: Candidate) -> Iterator[Problem]:
    """The version has no local part, which no index takes (PEP 440)."""
    version = candidate.version
    if version and version.local:
        yield Problem(
            "",
            f"{version} has the local part +{version.local}",
            "Build from a clean checkout of the tag, or set the version without it.",
        )


def platform_tag(candidate: Candidate) -> Iterator[Problem]:
    """The platform tags are some that PyPI takes."""
    wheel = candidate.wheel
    for tag in wheel.platforms if wheel else ():
        if not is_accepted(tag):
            yield Problem(
                "",
                f"PyPI takes no wheel for {tag}",
                "A repaired wheel has a manylinux or musllinux tag: `invoke build` makes one.",
            )


def is_accepted(platform: str) -> bool:
    """Whether PyPI takes wheels of a platform tag."""
    if match := _LINUX.fullmatch(platform):
        return match["architecture"] in _ARCHITECTURES[match["libc"]]
    policy, _, architecture = platform.partition("_")
    return architecture in _OLD_POLICIES.get(policy, ()) or bool(_ELSEWHERE.fullmatch(platform))
