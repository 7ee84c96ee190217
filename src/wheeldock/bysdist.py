"""An sdist, a source tree's or one that is given, and the wheels from what is in it."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from wheeldock import abi, epoch, report, uncommitted
from wheeldock.archive import unpack
from wheeldock.beside import ahead, attempt
from wheeldock.context import sdist_context
from wheeldock.early import Early
from wheeldock.errors import NotAPythonProjectError
from wheeldock.foresight import Foresight
from wheeldock.held import Held
from wheeldock.history import takes_version_from_git
from wheeldock.recipe import sdist_request
from wheeldock.record import BuildRecord
from wheeldock.report import TargetReport
from wheeldock.targets import TargetResult
from wheeldock.wheelhouse import read_distribution
from wheeldock.wheels import Wheels

if TYPE_CHECKING:
    from pathlib import Path

    from wheeldock.context import TreeContext
    from wheeldock.foresight import Foretold
    from wheeldock.made import Made
    from wheeldock.plan import BuildTarget
    from wheeldock.sources import SdistSource, Source
    from wheeldock.wheelhouse import Distribution
    from wheeldock.workshop import Workshop


def of_sdist(source: SdistSource, shop: Workshop, last: Made | None) -> list[TargetResult]:
    """
    An sdist that is given, and its wheels; `last` is as for `ByTree`.

    Raises NotAPythonProjectError for what is none.
    """
    sdist = read_distribution(source.path)
    if sdist is None:
        raise NotAPythonProjectError(
            f"{source.path.name} is no sdist's file name", cure="One looks like name-1.0.tar.gz."
        )
    given = TargetResult.made(report.SDIST, sdist, BuildRecord(), 0.0)
    unpacked = _unpacked(sdist, shop)
    files = sdist_context(unpacked, shop.scratch / "tree")
    return [given, *_wheels(shop.of(sdist.name, files), last, source, given.report, unpacked)]


@dataclass(frozen=True)
class ByTree:
    """The sdist of a source tree, and its wheels."""

    shop: Workshop
    """For the tree, and the project's name as far as it is known."""
    tree: TreeContext
    last: Made | None
    """What the last run made, with the wheels that would be made with the same now."""

    def make(self) -> list[TargetResult]:
        """Make the sdist, which is alone where that fails, and its wheels."""
        shop, requires = self.shop, self.shop.project.build_system.requires
        uncommitted.tell(self.tree.source.path, requires, shop.display.say)
        with ExitStack() as stack:
            new = self._new_targets()
            environments = shop.environments(new[: shop.jobs])
            # With the sdist's, one for each processor: the sdist is there sooner, and one
            # processor is enough for it.
            at_once = max(1, shop.processors - 1)
            stack.enter_context(
                ahead(shop.buildx.another(), shop.seeder, environments, at_once=at_once)
            )
            early = None
            if self.last and not new and shop.jobs > 1:
                early = stack.enter_context(self._early(self.last))
            first = self._sdist()
            if first.distribution is None:
                return [first]
            return [first, *self._wheels(first.report, first.distribution, early)]

    def _new_targets(self) -> list[BuildTarget]:
        """Those whose environments an engine may well lack, as the last run made none of them."""
        there = self.last.made_with if self.last else {}
        led = abi.led(self.shop.plan.targets, self.shop.plan.abis)
        due = [target for target in self.shop.plan.targets if target not in led]
        return [target for target in due if str(target) not in there]

    def _sdist(self) -> TargetResult:
        main, output = self.shop.plan.main, self.shop.scratch / "sdist"
        request = sdist_request(self.shop.recipes[main], self.tree, output)
        return self.shop.maker(main).make(report.SDIST, request, output)

    def _early(self, last: Made) -> Early:
        """Begin to make the wheels, if anything tells what the sdist will have in it."""
        name, display = last.report.project, Held(self.shop.display)
        buildx = self.shop.buildx.another()
        scratch = self.shop.scratch / "early"
        scratch.mkdir()
        shop = replace(
            self.shop.of(name, self.tree), buildx=buildx, display=display, scratch=scratch
        )

        def make(foretold: Foretold) -> list[TargetResult]:
            sdist = TargetReport(name=report.SDIST, file=foretold.file, stages={}, seconds=0.0)
            return _wheels(shop, last, self.tree.source, sdist, foretold.unpacked)

        foretell = partial(self._foresight(name).foretell, scratch / "sdist" / "src")
        return Early(foretell, make, release=display.release, stop=buildx.stop)

    def _wheels(
        self, made: TargetReport, sdist: Distribution, early: Early | None
    ) -> list[TargetResult]:
        """The wheels of the sdist: those that were begun early, if it is what was foretold."""
        # What it is foretold from is there until it is; then the sdist takes its place.
        foretold = early.foretold if early else None
        unpacked = _unpacked(sdist, self.shop)
        is_right = foretold is not None and foretold.is_it(sdist.path.name, unpacked)
        wrong = None if is_right else foretold
        learn = partial(self._foresight(sdist.name).learn, sdist.path.name, wrong)
        attempt(learn, "What ships of the source tree is not noted", self.shop.display.say)
        if early and is_right:
            return early.wheels()
        if early:
            early.end()
        shop = self.shop.of(sdist.name, self.tree)
        return _wheels(shop, self.last, self.tree.source, made, unpacked)

    def _foresight(self, name: str) -> Foresight:
        return Foresight(
            source=self.tree.source.path,
            files=self.tree.files,
            by_git=takes_version_from_git(self.shop.project.build_system.requires),
            unpacked=self.shop.state.unpacked(name),
            notes=self.shop.state.foresight(name),
        )


def _unpacked(sdist: Distribution, shop: Workshop) -> Path:
    """The folder with what is in an sdist, which is unpacked there."""
    folder = shop.state.unpacked(sdist.name)
    unpack(sdist.path, folder)
    return folder


def _wheels(
    shop: Workshop, last: Made | None, source: Source, sdist: TargetReport, unpacked: Path
) -> list[TargetResult]:
    dated = shop.dated(epoch.of_wheels(source, unpacked))
    return Wheels(dated, unpacked.parent, last, sdist).make()
