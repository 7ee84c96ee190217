"""What became of each target once a wheel that serves several of them does so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from wheeldock import abi
from wheeldock.errors import SameWheelError
from wheeldock.report import TargetReport
from wheeldock.targets import TargetResult

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from wheeldock.plan import BuildTarget, Plan
    from wheeldock.progress import Progress


def make_all(
    plan: Plan,
    at_once: Callable[[Sequence[BuildTarget]], Sequence[TargetResult]],
    display: Progress,
) -> list[TargetResult]:
    """
    Make what each target of a plan needs, and return the results in the plan's order.

    `at_once` builds targets side by side. Those that another's wheel is likely to serve wait for
    that wheel, and are built if it does not.
    """
    led = abi.led(plan.targets, plan.abis)
    first = [target for target in plan.targets if target not in led]
    made = dict(zip(first, at_once(first), strict=True))
    served = abi.served(plan.targets, _wheels(made))
    if rest := [target for target in led if target not in served]:
        made |= zip(rest, at_once(rest), strict=True)
    results = settle(plan.targets, made)
    for target, result in zip(plan.targets, results, strict=True):
        if target not in made:
            display.started(str(target))
            display.finished(result.report)
    return results


def settle(
    targets: Sequence[BuildTarget], made: Mapping[BuildTarget, TargetResult]
) -> list[TargetResult]:
    """
    Each target's result in the order of the targets: its own, or that another's wheel serves it.

    It is the same whether a target that is served was built or not. What was not built has to be
    served. A target has a SameWheelError when its wheel would take the place of one that does
    not serve it.
    """
    served = abi.served(targets, _wheels(made))
    results = []
    owners: dict[str, BuildTarget] = {}
    for target in targets:
        if wheel := served.get(target):
            results.append(_served(target, wheel, made.get(target)))
            continue
        result = made[target]
        if result.distribution:
            owner = owners.setdefault(result.distribution.path.name, target)
            if owner != target:
                result = _same_wheel(target, owner, result)
        results.append(result)
    return results


def _served(target: BuildTarget, wheel: str, made: TargetResult | None) -> TargetResult:
    before = made.report if made else TargetReport(name=str(target), stages={}, seconds=0.0)
    return TargetResult(
        replace(before, file=None, size=None, sha256=None, error="", exit_code=0, served_by=wheel)
    )


def _same_wheel(target: BuildTarget, owner: BuildTarget, made: TargetResult) -> TargetResult:
    is_same_python = target.identifier.python == owner.identifier.python
    tagged = "Let repair-wheel-command give each the tag of its platform"
    error = SameWheelError(
        f"{target}: its wheel {made.report.file} has the name of that of {owner}, "
        "whose tags do not say that it serves both",
        cure=f"{tagged if is_same_python else 'Tag it for its interpreter'}, or skip one of the "
        "two.",
    )
    report = replace(
        made.report, file=None, size=None, sha256=None, error=error.message, exit_code=error.code
    )
    return TargetResult(report, error=error)


def _wheels(made: Mapping[BuildTarget, TargetResult]) -> dict[BuildTarget, str]:
    """The file name of each target's wheel, where it has one."""
    return {
        target: result.distribution.path.name
        for target, result in made.items()
        if result.distribution
    }
