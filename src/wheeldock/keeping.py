"""
What a project's builds keep in its cache folder beside the exports: tools, and a compiler cache.

An engine loses what it has in images and cache mounts. From here it gets them back (`seeds`).
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from wheeldock import compilercache
from wheeldock.beside import attempt
from wheeldock.compilercache import CompilerCache
from wheeldock.identifier import known_identifiers
from wheeldock.imagechoice import image_wishes
from wheeldock.images import Tools
from wheeldock.preparation import Preparation
from wheeldock.recipe import compiler_cache_request, tools_file_request, tools_image_request
from wheeldock.seeds import Seeds, ca_bundle
from wheeldock.tools import KeptTools, ToolsKeeper

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from wheeldock.builder import Buildx
    from wheeldock.config import Config
    from wheeldock.context import TreeContext
    from wheeldock.plan import Batch
    from wheeldock.recipe import Recipe
    from wheeldock.reuse import Counts
    from wheeldock.seeds import Seeder


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What is kept of one project."""

    folder: Path
    """The project's part of the cache folder, by whose name its tools go."""
    settings: Config
    """The project's."""
    tree: TreeContext | None = None
    """The project, for images whose preparation uses its files."""

    @property
    def compiler_cache(self) -> CompilerCache:
        """The compiler cache."""
        return CompilerCache(self.folder / CompilerCache.NAME)

    def seeds(self, batches: Iterable[Batch]) -> dict[Batch, Seeds]:
        """What builds of each batch can ask for; cache mounts are filled for all at once."""
        wanted = {batch: self._made_tools(batch) for batch in batches}
        kept = map(self._kept, wanted.values())
        seeds = Seeds(
            ca_bundle(os.environ),
            compiler_cache=self.compiler_cache.file,
            tools={each.inputs: each.file for each in kept if not each.flaw()},
        )
        return {batch: replace(seeds, wanted_tools=tools.inputs) for batch, tools in wanted.items()}

    def tools_keepers(
        self,
        recipes: Mapping[Batch, Recipe],
        buildx: Buildx,
        seeder: Seeder,
        say: Callable[[str], None],
        *,
        as_images: bool,
    ) -> dict[Batch, ToolsKeeper]:
        """What keeps the tools of each batch, where something tells them apart from others."""
        keepers: dict[Batch, ToolsKeeper] = {}
        for batch, recipe in recipes.items():
            tools = self._made_tools(batch)
            kept = self._kept(tools)
            image = tools_image_request(recipe, tools.name, tools.labels())
            # Two batches may have the same, if two places name one image.
            is_taken = tools.name in {keeper.tools.name for keeper in keepers.values()}
            if tools.base_digest and not is_taken:
                keepers[batch] = ToolsKeeper(
                    buildx=buildx,
                    seeder=seeder,
                    tools=tools,
                    kept=kept,
                    image=image if as_images else None,
                    file=tools_file_request(recipe, kept.fresh),
                    say=say,
                )
                keepers[batch].use()
        return keepers

    def keep_compiler_cache(
        self,
        recipe: Recipe,
        seeder: Seeder,
        gave: Iterable[Counts],
        say: Callable[[str], None],
    ) -> None:
        """
        Keep the compiler cache where no engine forgets it, if builds made it grow.

        `gave` is what each of them got from it. What fails is said.
        """
        cache = self.compiler_cache

        def keep() -> None:
            with cache.renewed() as fresh:
                request = compiler_cache_request(recipe, secrets.token_hex(8), fresh)
                seeder.run(request, "compiler cache")
                # Buildx gives it the time of SOURCE_DATE_EPOCH, and it is as old as its file.
                (fresh / CompilerCache.LAST).touch()

        if not cache.foreign and compilercache.has_grown(gave, cache):
            attempt(keep, f"The compiler cache is not kept in {cache.path}", say)

    def _made_tools(self, batch: Batch) -> Tools:
        files = self.tree.used_by(batch.preparation) if self.tree else None
        return Tools(
            project=self.folder.name,
            platform_tag=batch.offer.platform_tag,
            base_image=batch.offer.image,
            base_digest=batch.offer.digest,
            interpreter=batch.tools_interpreter,
            prepared=batch.preparation.digest(files.digest if files else ""),
            variant=self._variant(batch),
        )

    def _variant(self, batch: Batch) -> str:
        """
        What tells a batch's tools apart from those that no override has to do with; for them "".

        It is the oldest interpreter that the settings have them for, whatever a run builds, so
        that what takes the place of what was there before is newer, and of the same use.
        """
        platform, has = batch.wish.platform, (batch.wish.setting, batch.preparation)
        everywhere = self.settings.everywhere
        if has == (everywhere.images[platform.image_option], Preparation.of(everywhere)):
            return ""
        own = [identifier for identifier in known_identifiers() if identifier.platform == platform]
        wishes = image_wishes(self.settings, own)
        same = (
            each.python
            for each, wish in wishes.items()
            if (wish.setting, Preparation.of(self.settings.for_target(each))) == has
        )
        return next(same)

    def _kept(self, tools: Tools) -> KeptTools:
        return KeptTools(self.folder / f"{KeptTools.PREFIX}{tools.tag}")
