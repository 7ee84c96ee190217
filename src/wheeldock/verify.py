"""
`invoke verify`: whether wheels and the sdist can be trusted, before strangers install them.

`verify` says of files what is wrong with them, as findings; nothing is changed or unpacked to
where it could do harm, and time and memory are bounded by `limits`.
"""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from email.parser import HeaderParser
from typing import TYPE_CHECKING

from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename

from wheeldock import rules
from wheeldock.archive import SUFFIXES
from wheeldock.findings import Problem
from wheeldock.limits import LARGEST_FILE
from wheeldock.rules.names import Candidate
from wheeldock.rules.secrets import heeded
from wheeldock.rules.sets import COMPARED, DistributionSet
from wheeldock.rules.tools import NotCheckedError
from wheeldock.sdistfile import UnreadableSdistError, read_sdist
from wheeldock.wheelfile import UnreadableError, WheelName, opened
from wheeldock.zipstructure import BrokenZipError, read_structure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from wheeldock.findings import Finding, Rule
    from wheeldock.plan import BuildTarget
    from wheeldock.wheelfile import Wheel

_AT_ONCE = 4
"""Files looked at side by side; most of it is unpacking, and other programs."""

_UNSAFE = frozenset({rules.ARCHIVE.name, "sdist-names", *(rule.name for rule in rules.ZIP)})
"""The rules that an archive has to keep to be given to other programs."""


@dataclass(frozen=True)
class _Look:
    """What was seen of a file."""

    findings: tuple[Finding, ...]
    requirements: Mapping[str, frozenset[str]] | None = None
    """The fields of a wheel's metadata that resolvers read; None where there are none."""
    heeded: frozenset[str] = frozenset()
    """What of `public-secrets` names a secret in it."""


def distributions(folder: Path) -> list[Path]:
    """The files of a folder that are to be distributions by their suffix, sdists first."""
    found = [path for path in folder.iterdir() if path.name.endswith((".whl", *SUFFIXES))]
    return sorted(found, key=lambda path: (path.suffix == ".whl", path.name))


def verify(
    paths: Sequence[Path],
    *,
    targets: Sequence[BuildTarget] | None = None,
    largest: int = LARGEST_FILE,
    public_secrets: tuple[str, ...] = (),
    with_tools: bool = True,
) -> list[Finding]:
    """
    What is wrong with wheels and sdists, each for itself in the order given, and together.

    `targets` is what a plan has; each needs a wheel then. `largest` is how many bytes of a file the
    index takes, `public_secrets` the option of that name. Without `with_tools` auditwheel,
    abi3audit and twine are not run. Raises OSError for a file that cannot be read.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        looks = list(
            pool.map(
                lambda path: _look(path, largest, public_secrets, with_tools=with_tools), paths
            )
        )
    requirements = {
        path.name: look.requirements
        for path, look in zip(paths, looks, strict=True)
        if look.requirements is not None
    }
    heeded = frozenset[str]().union(*(look.heeded for look in looks))
    unheeded = [pattern for pattern in public_secrets if pattern not in heeded]
    files = _together([path.name for path in paths], targets, requirements, unheeded)
    together = (finding for rule in rules.SET for finding in rule.findings(files, ""))
    return [*(finding for look in looks for finding in look.findings), *together]


def _look(path: Path, largest: int, public_secrets: tuple[str, ...], *, with_tools: bool) -> _Look:
    """Look at a file for itself."""
    candidate = Candidate(path, largest)
    found = [finding for rule in rules.FILE for finding in rule.findings(candidate, path.name)]
    if candidate.version is None or path.suffix == ".zip":
        return _Look(tuple(found))
    read = _wheel if path.suffix == ".whl" else _sdist
    inside = read(path, public_secrets)
    found += inside.findings
    if with_tools and not any(finding.rule in _UNSAFE for finding in found):
        found += [finding for rule in rules.TOOLS for finding in _tool(rule, path)]
    return replace(inside, findings=tuple(found))


def _wheel(path: Path, public_secrets: tuple[str, ...]) -> _Look:
    name = WheelName.parse(path.name)
    try:
        with path.open("rb") as file:
            structure = read_structure(file)
        if found := [each for rule in rules.ZIP for each in rule.findings(structure, path.name)]:
            return _Look(tuple(found))
        with opened(path, name, public_secrets) as wheel:
            found = [each for rule in rules.WHEEL for each in rule.findings(wheel, path.name)]
            return _Look(tuple(found), _requirements(wheel), heeded(wheel))
    except BrokenZipError as error:
        return _Look(tuple(rules.ARCHIVE.findings(Problem("", f"{error}"), path.name)))
    except UnreadableError as error:
        problem = Problem(error.member, error.why)
        return _Look(tuple(rules.ARCHIVE.findings(problem, path.name)))


def _requirements(wheel: Wheel) -> Mapping[str, frozenset[str]] | None:
    try:
        text = wheel.text("METADATA")
    except UnreadableError:
        return None
    if text is None:
        return None
    fields = HeaderParser().parsestr(text)
    return {name: frozenset(map(str, fields.get_all(name, []))) for name in COMPARED}


def _sdist(path: Path, public_secrets: tuple[str, ...]) -> _Look:
    try:
        sdist = read_sdist(path, public_secrets)
    except UnreadableSdistError as error:
        return _Look(tuple(rules.ARCHIVE.findings(Problem("", f"{error}"), path.name)))
    found = (each for rule in rules.SDIST for each in rule.findings(sdist, path.name))
    return _Look(tuple(found), heeded=heeded(sdist))


def _tool(rule: Rule[Path], path: Path) -> list[Finding]:
    try:
        return list(rule.findings(path, path.name))
    except NotCheckedError as error:
        return list(rules.NOT_CHECKED.findings(Problem("", f"{error}"), path.name))


def _together(
    names: Sequence[str],
    targets: Sequence[BuildTarget] | None,
    requirements: Mapping[str, Mapping[str, frozenset[str]]],
    unheeded: Sequence[str],
) -> DistributionSet:
    """The files whose names can be read, as a set."""
    wheels: list[WheelName] = []
    sdists = {}
    for name in names:
        with contextlib.suppress(InvalidWheelFilename, InvalidSdistFilename):
            if name.endswith(".whl"):
                wheels.append(WheelName.parse(name))
            else:
                sdists[name] = parse_sdist_filename(name)
    return DistributionSet(wheels, sdists, targets, requirements, unheeded)
