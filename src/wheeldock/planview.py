"""A plan as people read it, and as a CI system does. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from wheeldock import abi
from wheeldock.environment import Assignment
from wheeldock.selection import Reason
from wheeldock.settings import DEFAULT, Inherit, resolve
from wheeldock.tags import Architecture

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from wheeldock.plan import Batch, BuildTarget, Plan
    from wheeldock.planning import Inputs
    from wheeldock.selection import LeftOut

SCHEMA = 1
"""The version of the JSON's format; it grows when a reader must know."""

_RUNNERS = {Architecture.AARCH64: "ubuntu-24.04-arm", Architecture.ARMV7L: "ubuntu-24.04-arm"}
"""GitHub's runners, where another than the usual one runs the architecture best."""

_JOINS = {Inherit.APPEND: "after what is there", Inherit.PREPEND: "before what is there"}

_CHOOSING = ("build", "skip", "archs", "enable")
"""The options that select, which are always shown."""


def lines(plan: Plan, inputs: Inputs) -> Iterator[str]:
    """The plan for people."""
    settings = inputs.settings
    yield f"source      {inputs.source.path}"
    yield f"output      {settings.output_dir}"
    for option, value, origin in (*_settings(inputs), *_overrides(inputs)):
        yield f"option      {option} = {_text(value)} ({origin})"
    if inputs.project.requires_python is not None:
        yield f"project     requires-python = {str(inputs.project.requires_python)!r}"
    served = abi.led(plan.targets, plan.abis)
    for batch in plan.batches:
        yield from _image(batch)
        for target in batch.targets:
            leader = f", unless the wheel of {served[target]} serves it" if target in served else ""
            yield f"would build {target}{leader}"
    yield from _left_out(plan.left_out)


def _image(batch: Batch) -> Iterator[str]:
    offer, wish = batch.offer, batch.wish
    yield f"base image  {offer.image}"
    yield f"            {wish.option} = {wish.setting!r} ({wish.origin})"
    if offer.is_stand_in:
        yield "            a stand-in for the official image"
    if offer.interpreters is None:
        yield "            not here: which interpreters it has is seen when it is built on"
    if offer.is_emulated:
        yield f"            emulated (QEMU): this machine is no {wish.platform.architecture}"
    if batch.preparation.options:
        yield f"prepared    by {' and '.join(batch.preparation.options)}"
    yield f"policy      {offer.platform_tag or 'as the image says'}"


def _left_out(left_out: Iterable[LeftOut]) -> Iterator[str]:
    """Each reason with what it is for; architectures and globs, which have much, in few words."""
    by_reason = groupby(
        sorted(left_out, key=lambda out: (list(Reason).index(out.reason), out.why)),
        key=lambda out: (out.reason, out.why),
    )
    for (reason, why), outs in by_reason:
        names = [str(out.identifier) for out in outs]
        if reason in {Reason.ARCHS, Reason.BUILD, Reason.ONLY}:
            yield f"left out    {len(names)} others: {why}"
        elif reason is Reason.IMAGE:
            platforms = dict.fromkeys(name.partition("-")[2] for name in names)
            yield f"left out    {', '.join(platforms)}: {why}"
        else:
            yield f"left out    {', '.join(names)}: {why}"


def as_json(plan: Plan, inputs: Inputs) -> dict[str, Any]:
    """
    The plan for programs. `include` is a CI's matrix, a job for each wheel.

    What is `left-out` is there by identifier with the reason, one of `Reason`.
    """
    served = abi.led(plan.targets, plan.abis)
    return {
        "schema": SCHEMA,
        "include": [
            _job(batch, target, served.get(target))
            for batch in plan.batches
            for target in batch.targets
        ],
        "left-out": [
            {"identifier": str(out.identifier), "reason": out.reason.value, "why": out.why}
            for out in plan.left_out
        ],
        "settings": {
            option: {"value": value, "origin": origin}
            for option, value, origin in _settings(inputs)
        },
        "overrides": [
            {"option": option, "value": value, "origin": origin}
            for option, value, origin in _overrides(inputs)
        ],
        "remarks": list(inputs.remarks),
    }


def _job(batch: Batch, target: BuildTarget, leader: BuildTarget | None) -> dict[str, Any]:
    architecture = target.identifier.architecture
    return {
        "only": str(target),
        "platform": str(batch.wish.platform),
        "architecture": architecture.value,
        "policy": batch.offer.platform_tag,
        "image": batch.offer.image,
        "stand-in": batch.offer.is_stand_in,
        "emulated": batch.offer.is_emulated,
        "served-by": str(leader) if leader else "",
        "runs-on": _RUNNERS.get(architecture, "ubuntu-latest"),
    }


def _settings(inputs: Inputs) -> Iterator[tuple[str, object, str]]:
    """Each option that selects, and each that somebody set: name, value and origin."""
    values, origins = resolve(inputs.settings.settings, None)
    for option, value in values.items():
        if option in _CHOOSING or origins[option] != DEFAULT:
            yield option, _plain(value), origins[option]


def _overrides(inputs: Inputs) -> Iterator[tuple[str, object, str]]:
    """Each option that an override sets, weakest first: name, value and origin."""
    for setting in inputs.settings.settings:
        if setting.select is not None:
            joins = f", {_JOINS[setting.inherit]}" if setting.inherit in _JOINS else ""
            origin = f"{setting.origin}, for {' '.join(setting.select)}{joins}"
            yield setting.option, _plain(setting.value), origin


def _plain(value: object) -> object:
    """A value in JSON's types, without what may be a secret whatever it is meant for."""
    if isinstance(value, Assignment):
        return f"{value.name}=…"
    if isinstance(value, (tuple, frozenset)):
        return [_plain(item) for item in (value if isinstance(value, tuple) else sorted(value))]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return value if value is None or isinstance(value, (str, int)) else str(value)


def _text(value: object) -> str:
    """A value as an option may have it."""
    if isinstance(value, list) and not any(" " in str(item) for item in value):
        return repr(" ".join(map(str, value)))
    return "'auto'" if value is None else repr(value)
