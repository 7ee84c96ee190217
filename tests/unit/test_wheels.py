"""All wheels of a plan, made at once; what one is built of is a matter of integration tests."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import TYPE_CHECKING

from tests.unit.test_abi import target
from tests.unit.test_compilercache import counts
from tests.unit.test_plan import batch
from tests.unit.test_served import Made, made

from wheeldock.plan import Plan
from wheeldock.progress import Progress
from wheeldock.report import SDIST, TargetReport
from wheeldock.wheels import Wheels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wheeldock.plan import BuildTarget
    from wheeldock.reuse import Counts
    from wheeldock.targets import TargetResult

__all__ = ["made"]

MISSED = counts(translations=(0, 2))


class Shop(SimpleNamespace):
    """Stands in for the workshop, and notes what there was to keep, each time."""

    def __init__(self, plan: Plan) -> None:
        self.kept: list[list[Counts]] = []
        self.asked_for_seeder: list[str] = []
        super().__init__(
            plan=plan,
            processors=2,
            jobs=3,
            cold="",
            keepers=dict,
            recipes={plan.main: None},
            state=SimpleNamespace(unaudited=None),
            display=Progress(),
            keeping=SimpleNamespace(keep_compiler_cache=self._keep),
            buildx=SimpleNamespace(stop=None),
        )

    @property
    def seeder(self) -> None:
        """None is needed; who asks for it is noted."""
        self.asked_for_seeder.append(threading.current_thread().name)

    def _keep(self, _: object, __: object, gave: Iterable[Counts], ___: object) -> None:
        self.kept.append(list(gave))


def wheels(shop: Shop, make: Callable[[str], TargetResult], gave: Counts) -> Wheels:
    """Wheels of an sdist whose build missed something; each of theirs gives that."""
    sdist = TargetReport(name=SDIST, stages={}, seconds=1.0, compiler_cache=MISSED)
    wheels = Wheels(shop, origin=None, last=None, sdist=sdist)

    def wheel(target: BuildTarget, compiled: Callable[[Counts], None]) -> TargetResult:
        compiled(gave)
        compiled(gave)
        return make(target.identifier.python)

    object.__setattr__(wheels, "_wheel", wheel)
    return wheels


def test_what_was_compiled_is_kept_with_what_the_sdist_gave(made: Made) -> None:
    shop = Shop(Plan((batch(target("cp311"), target("cp312")),)))
    gave = counts(compiles=(1, 1))
    wheels(shop, lambda python: made(python, f"{python}-{python}"), gave).make()
    assert shop.kept == [[MISSED, gave, gave]]


def test_what_is_kept_is_not_kept_again_for_wheels_that_no_other_serves(made: Made) -> None:
    targets = (target("cp311"), target("cp312"), target("cp313"))
    shop = Shop(Plan((batch(*targets),), frozenset(["cp311-abi3"])))
    gave = counts(compiles=(2, 0))
    wheels(shop, lambda python: made(python, f"{python}-{python}"), gave).make()
    assert shop.kept == [[MISSED, gave], [gave, gave]]


def test_what_all_wheels_need_is_found_out_before_they_are_built_side_by_side(made: Made) -> None:
    shop = Shop(Plan((batch(target("cp311"), target("cp312")),)))
    shop.cold = "-cold"
    wheels(shop, lambda python: made(python, f"{python}-{python}"), counts()).make()
    assert set(shop.asked_for_seeder) == {threading.main_thread().name}
