"""
Which interpreters a wheel serves, so that none of them needs a build of its own. Pure.

A wheel for the stable ABI (`cp311-abi3`, PEP 384; `abi3t`, PEP 803) serves its interpreter and
every later one, one without an ABI (`py3-none`) every interpreter, as long as the platform is
the same. An ABI here is a wheel's python tag and abi tag, e.g. `cp311-abi3`.
"""

from __future__ import annotations

from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from packaging.tags import compatible_tags, cpython_tags, generic_tags
from packaging.utils import parse_wheel_filename

from wheeldock.identifier import BuildIdentifier, Implementation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from wheeldock.plan import BuildTarget
    from wheeldock.report import RunReport

_PLATFORM = "platform"
"""A stand-in for platform tags, which are compared apart."""


@cache
def _supported(identifier: BuildIdentifier) -> frozenset[str]:
    """Every ABI that the identifier's interpreter can load."""
    version, abis = (3, identifier.minor), [identifier.abi_tag]
    if identifier.implementation is Implementation.CPYTHON:
        own = cpython_tags(version, abis, [_PLATFORM])
    else:
        own = generic_tags(identifier.python_tag, abis, [_PLATFORM])
    tags = chain(own, compatible_tags(version, platforms=[_PLATFORM]))
    return frozenset(f"{tag.interpreter}-{tag.abi}" for tag in tags if tag.platform == _PLATFORM)


def can_load(identifier: BuildIdentifier, abis: Collection[str]) -> bool:
    """Whether the identifier's interpreter can load a wheel of one of the ABIs."""
    return not _supported(identifier).isdisjoint(abis)


def abis(wheel: str) -> frozenset[str]:
    """The ABIs of the wheel of that file name."""
    return frozenset(f"{tag.interpreter}-{tag.abi}" for tag in parse_wheel_filename(wheel)[3])


def shared_abis(wheel: str) -> frozenset[str]:
    """The ABIs of the wheel of that file name that more than one interpreter can load."""
    return frozenset(
        f"{tag.interpreter}-{tag.abi}"
        for tag in parse_wheel_filename(wheel)[3]
        if tag.abi in {"abi3", "abi3t"} or (tag.abi == "none" and tag.interpreter == "py3")
    )


def expected(stated: frozenset[str], last: RunReport | None) -> frozenset[str]:
    """
    The shared ABIs that a run's wheels are likely to have.

    They are what the wheels of the `last` run had. Where none was shared they are what the
    project's files have `stated`, unless an interpreter that could load that got its own wheel.
    """
    wheels = list(_wheels(last)) if last else []
    seen = frozenset(chain.from_iterable(shared_abis(wheel) for _, wheel in wheels))
    if seen or any(can_load(identifier, stated) for identifier, _ in wheels):
        return seen
    return stated


def _wheels(report: RunReport) -> Iterator[tuple[BuildIdentifier, str]]:
    for target in report.targets:
        if target.file and target.file.endswith(".whl"):
            yield BuildIdentifier.parse(target.name), target.file


def led(targets: Iterable[BuildTarget], abis: Collection[str]) -> Mapping[BuildTarget, BuildTarget]:
    """
    The targets that need no build if wheels have the expected ABIs, each with its leader.

    The leader is the oldest target of the platform whose interpreter can load them: its wheel
    shows whether they do.
    """
    leaders: dict[str, BuildTarget] = {}
    found = {}
    for target in _oldest_first(targets):
        if can_load(target.identifier, abis):
            leader = leaders.setdefault(target.platform_tag, target)
            if leader != target:
                found[target] = leader
    return found


def served(
    targets: Iterable[BuildTarget], wheels: Mapping[BuildTarget, str]
) -> Mapping[BuildTarget, str]:
    """
    The targets that an older one's wheel serves, each with that wheel's file name.

    `wheels` are the file names of what was built. A wheel of a target that is served so is not
    needed, and serves no other.
    """
    needed: dict[str, list[str]] = {}
    found = {}
    for target in _oldest_first(targets):
        # What a wheel is for goes by the target that it was made for: its own tags can say less.
        there = needed.setdefault(target.platform_tag, [])
        able = (wheel for wheel in there if can_load(target.identifier, abis(wheel)))
        if wheel := next(able, None):
            found[target] = wheel
        elif target in wheels:
            there.append(wheels[target])
    return found


def _oldest_first(targets: Iterable[BuildTarget]) -> list[BuildTarget]:
    return sorted(targets, key=lambda target: target.identifier)
