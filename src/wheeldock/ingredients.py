"""What each run and each of its wheels is made from: what `made` compares."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from wheeldock import digests, made
from wheeldock.audit import ABI3
from wheeldock.context import by_products
from wheeldock.sources import DirectorySource, SdistSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from wheeldock.config import TargetOptions
    from wheeldock.plan import Plan
    from wheeldock.planning import Inputs
    from wheeldock.state import State


def of_run(inputs: Inputs, state: State, *, whole: bool) -> made.Inputs:
    """What a run is made from; `whole` says that it is for all that the project has."""
    source, settings = inputs.source, inputs.settings
    options = {str(each): settings.for_target(each) for each in inputs.selection.identifiers}
    setup = [replace(settings, jobs=None), options, inputs.constraints, inputs.epochs, whole]
    outputs = [settings.output_dir, state.root]
    if isinstance(source, SdistSource):
        return made.Inputs.of(source.path, setup, outputs)
    return made.Inputs.of(
        source.project, [*setup, source.subfolder], [*outputs, *by_products(source)]
    )


def of_wheels(
    inputs: Inputs, plan: Plan, images: Mapping[str, str | None], tree: str
) -> dict[str, str]:
    """
    What each wheel is made with, besides what ships and wheeldock, as `Made` has it.

    `images` are the ids of images by reference, and `tree` is a digest of the source tree. A wheel
    is not among them if nothing tells which image it stands on: a tag in a registry may move.
    """
    source, settings = inputs.source, inputs.settings
    project = source.project if isinstance(source, DirectorySource) else None
    places = [settings.build_from, settings.output_dir, settings.cache_dir, settings.builder]
    common = [*places, inputs.project.build_system, inputs.epochs]
    stands = {
        batch: [
            replace(batch, targets=(), offer=replace(batch.offer, digest=image)),
            tree if project and batch.preparation.uses_files(project) else "",
        ]
        for batch in plan.batches
        if (image := batch.offer.digest or images.get(batch.offer.image))
    }
    made_with: dict[str, str] = {}
    for target in plan.targets:
        batch, options = plan.batch(target), settings.for_target(target.identifier)
        # Audits run on the main image: where that is another, they are due again.
        is_audited = any(plan.abis or ABI3 not in command for command in options.audit_command)
        on = [batch, plan.main] if is_audited else [batch]
        if stands.keys() >= set(on):
            with_these = [*common, *(stands[each] for each in on), target]
            of_target = [_without_tests(options), inputs.constraints[str(target)]]
            made_with[str(target)] = digests.of_values([*with_these, *of_target])
    return made_with


def _without_tests(options: TargetOptions) -> dict[str, object]:
    """What options say of how a wheel is built, which is all but how it is tested."""
    names = (each.name for each in fields(options) if each.compare)
    return {name: getattr(options, name) for name in names if "test" not in name}
