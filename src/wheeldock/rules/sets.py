"""Rules of all files of a release together."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from wheeldock import abi
from wheeldock.findings import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.version import Version

    from wheeldock.plan import BuildTarget
    from wheeldock.wheelfile import WheelName

COMPARED = ("Requires-Python", "Requires-Dist", "Provides-Extra")
"""The fields of metadata that resolvers read."""


@dataclass(frozen=True)
class DistributionSet:
    """The files of a release, by what their names say."""

    wheels: Sequence[WheelName]
    sdists: Mapping[str, tuple[str, Version]]
    """Each sdist's project and version, by file name."""
    targets: Sequence[BuildTarget] | None = None
    """What the plan has; None where there is no plan to compare with."""
    requirements: Mapping[str, Mapping[str, frozenset[str]]] | None = None
    """What each wheel's metadata says of its requirements, by file name and field."""
    unheeded: Sequence[str] = ()
    """What is in `public-secrets` and names no secret of any file."""


def one_release(files: DistributionSet) -> Iterator[Problem]:
    """All files are of one project and one version."""
    found: dict[tuple[str, Version], list[str]] = {}
    for wheel in files.wheels:
        found.setdefault((wheel.name, wheel.version), []).append(wheel.file)
    for file, release in files.sdists.items():
        found.setdefault(release, []).append(file)
    if len(found) > 1:
        for (name, version), names in sorted(found.items()):
            cure = "Remove what is of an earlier build, or check the folders one by one."
            yield Problem(", ".join(sorted(names)), f"this is {name} {version}", cure)


def one_wheel_each(files: DistributionSet) -> Iterator[Problem]:
    """No two wheels are for the same interpreter, libc and architecture."""
    found: dict[tuple[str, str, str], set[str]] = {}
    for wheel in files.wheels:
        for tag in wheel.tags:
            place = _without_policy(tag.platform)
            found.setdefault((tag.interpreter, tag.abi, place), set()).add(wheel.file)
    twice = {tuple(sorted(names)) for names in found.values() if len(names) > 1}
    for names in sorted(twice):
        yield Problem(", ".join(names), "these serve the same", "Remove all but one of them.")


def _platforms(wheel: WheelName) -> set[str]:
    return set(map(_without_policy, wheel.platforms))


def _without_policy(tag: str) -> str:
    """The libc and the architecture of a platform tag, as identifiers end: `manylinux_x86_64`."""
    return re.sub(r"^(many|musl)linux(\d+|_\d+_\d+)_", r"\1linux_", tag)


def whole_plan(files: DistributionSet) -> Iterator[Problem]:
    """Each build identifier of the plan has a wheel."""
    for target in files.targets or ():
        platform = str(target.identifier.platform)
        able = (wheel for wheel in files.wheels if _platforms(wheel) & {platform, "any"})
        if not any(abi.can_load(target.identifier, abi.abis(wheel.file)) for wheel in able):
            cure = (
                f"`invoke build --only {target}` builds it; `skip` in the configuration drops it."
            )
            yield Problem(str(target), "no wheel serves it", cure)


def sdist(files: DistributionSet) -> Iterator[Problem]:
    """There is an sdist, and no more than one."""
    if not files.sdists:
        cure = "`invoke build` leaves one beside the wheels."
        yield Problem("", "there is no sdist: whom no wheel serves cannot install it", cure)
    elif len(files.sdists) > 1:
        names = ", ".join(sorted(files.sdists))
        yield Problem(names, "PyPI takes one sdist of a release", "Remove all but one of them.")


def same_metadata(files: DistributionSet) -> Iterator[Problem]:
    """All wheels have the same requirements: resolvers read one wheel's and trust it for all."""
    requirements = files.requirements or {}
    first = next(iter(requirements), None)
    for file, fields in requirements.items():
        for field in COMPARED:
            if first and fields.get(field) != requirements[first].get(field):
                odd = fields.get(field, frozenset()) ^ requirements[first].get(field, frozenset())
                what = f"its {field} is another than that of {first}: {'; '.join(sorted(odd))}"
                cure = "State the condition as an environment marker (PEP 508) in all wheels."
                yield Problem(f"{file}: {field}", what, cure)


def public_secrets(files: DistributionSet) -> Iterator[Problem]:
    """Each path of `public-secrets` is of a file with a secret in it."""
    for pattern in files.unheeded:
        what = "no file here is that, with a secret in it"
        cure = "Take it out of public-secrets, or it lets through what nobody has looked at."
        yield Problem(pattern, what, cure)
