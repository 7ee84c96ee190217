"""What the builds of one run have in common: what goes into each, and what is kept of them."""

from __future__ import annotations

import os
import re
import tempfile
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.beside import attempt
from wheeldock.constraints import EVERYWHERE, Constraints
from wheeldock.errand import run_errand
from wheeldock.keeping import Keeping
from wheeldock.recipe import Recipe, environment_request, forgetting_request, seed_request
from wheeldock.seeds import Seeder, Seeds, ca_bundle
from wheeldock.targets import TargetMaker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from wheeldock.builder import Buildx
    from wheeldock.config import Config
    from wheeldock.context import TreeContext
    from wheeldock.epoch import Epochs
    from wheeldock.plan import Batch, BuildTarget, Plan
    from wheeldock.progress import Progress
    from wheeldock.project import Project
    from wheeldock.request import BuildRequest
    from wheeldock.state import State
    from wheeldock.tools import ToolsKeeper


@dataclass(frozen=True, kw_only=True)
class Workshop:
    """A run's means, and the project as far as it is known."""

    buildx: Buildx
    display: Progress
    state: State
    settings: Config
    plan: Plan
    project: Project
    constraints: Mapping[str, Constraints]
    """The versions of what is installed for a build, by build identifier."""
    scratch: Path
    epochs: Epochs
    """The times that are written into what is built."""
    cold: str
    """A suffix for cache mounts that go with the run; "" to use what is cached."""
    jobs: int
    """How many wheels to build at once."""
    sees_local_images: bool = True
    """Whether the builder's images are the engine's."""
    attest: bool = False
    """Whether what is attested of the wheels goes beside them."""
    name: str = ""
    """The project's name."""
    tree: TreeContext | None = None
    """The project's files."""

    def of(self, name: str, tree: TreeContext | None) -> Workshop:
        """The same for a project of that name with those files."""
        return replace(self, name=folder_name(name), tree=tree)

    def dated(self, epoch: str) -> Workshop:
        """The same with the time of the wheels, unless that is set."""
        return replace(self, epochs=replace(self.epochs, wheels=self.epochs.wheels or epoch))

    @property
    def processors(self) -> int:
        """How many processors these builds keep busy: `default_jobs` is one more, as each waits."""
        return self.jobs - 1

    @cached_property
    def recipes(self) -> Mapping[Batch, Recipe]:
        """What all builds of a batch have in common."""
        batches = self.plan.batches
        alone = dict.fromkeys(batches, Seeds(ca_bundle(os.environ)))
        seeds = alone if self.cold else self.keeping.seeds(batches)
        return {batch: self._recipe(batch, seeds[batch]) for batch in batches}

    def _recipe(self, batch: Batch, seeds: Seeds) -> Recipe:
        return Recipe(
            base_image=batch.offer.image,
            architecture=batch.wish.platform.architecture,
            tools_interpreter=batch.tools_interpreter,
            build_requires=self.project.build_system.requires,
            options=self.settings.everywhere,
            constraints=self.constraints[EVERYWHERE],
            preparation=batch.preparation,
            files=self.tree.used_by(batch.preparation) if self.tree else None,
            builder=self.settings.builder or None,
            # A cold run's cache mounts have names before the project has one.
            project="" if self.cold else self.name,
            seeds=seeds,
            epoch=self.epochs.sdist,
            cold=self.cold,
        )

    def recipe_for(self, target: BuildTarget, batch: Batch) -> Recipe:
        """The batch's recipe with what holds for one wheel."""
        return replace(
            self.recipes[batch],
            options=self.settings.for_target(target.identifier),
            constraints=self.constraints[str(target)],
            epoch=self.epochs.wheels,
        )

    def environments(self, targets: Iterable[BuildTarget]) -> list[BuildRequest]:
        """What makes the environments of targets that stand on the main image as the sdist does."""
        main = self.plan.main
        return [
            environment_request(self.recipe_for(target, main), target)
            for target in targets
            if target in main.targets and target.identifier.interpreter != main.tools_interpreter
        ]

    @cached_property
    def seeder(self) -> Seeder:
        """What fills an engine's cache mounts, which are the same for every image."""
        recipe = self.recipes[self.plan.main]
        folder = Path(tempfile.mkdtemp(prefix="seeds-", dir=self.scratch))
        return Seeder(self.buildx, recipe.base_image, recipe.seeds, seed_request(recipe, folder))

    def forget(self) -> None:
        """Empty the cache mounts that go with the run."""
        recipe = self.recipes[self.plan.main]
        # All builds of the run's own Buildx may have been stopped.
        own, request = self.buildx.another(), forgetting_request(recipe)
        work = partial(run_errand, own, request, "cache mounts", recipe.base_image)
        attempt(work, "The cache mounts of this run are not emptied", self.display.say)

    def maker(self, batch: Batch) -> TargetMaker:
        """What builds the targets of a batch."""
        return TargetMaker(
            builder=self.buildx,
            display=self.display,
            base_image=batch.offer.image,
            seeder=self.seeder,
            cache=None if self.cold else self.settings.cache_dir / self.name,
            attest=self.attest,
        )

    @property
    def keeping(self) -> Keeping:
        """What the project's builds keep in its part of the cache folder."""
        folder = self.settings.cache_dir / self.name
        return Keeping(folder=folder, settings=self.settings, tree=self.tree)

    def keepers(self) -> dict[Batch, ToolsKeeper]:
        """What keeps the tools, unless no cache is to be left; the sdist's come first."""
        if self.cold:
            return {}
        main = self.plan.main
        return self.keeping.tools_keepers(
            {main: self.recipes[main], **self.recipes},
            self.buildx,
            self.seeder,
            self.display.say,
            as_images=self.sees_local_images,
        )


def folder_name(project: str) -> str:
    """The name of the folders of a project of that name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", project)
