"""
From a selection and the images for it to a plan: one build target per wheel. Pure.

A plan says what would be built and why; nothing is fetched, run or written to make one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from wheeldock.errors import InterpreterMissingError
from wheeldock.identifier import (
    BuildIdentifier,
    Implementation,
    interpreters,
    known_identifiers,
    matched,
)
from wheeldock.preparation import Preparation
from wheeldock.selection import LeftOut, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from wheeldock.selection import Selection, Selector
    from wheeldock.tags import Platform

_TOOLS_MINORS = range(10, 14)
"""The CPython minors that every pinned tool has a release for."""


@dataclass(frozen=True)
class BuildTarget:
    """One wheel to build."""

    identifier: BuildIdentifier
    platform_tag: str

    def __str__(self) -> str:
        return str(self.identifier)


@dataclass(frozen=True)
class ImageWish:
    """An image to build on, as the configuration names it."""

    platform: Platform
    option: str
    """The option that names it, e.g. `manylinux-x86_64-image`."""
    setting: str
    """What that has: a policy, or an image reference."""
    origin: str
    """Where that was set, as `Config.origin` says it."""


@dataclass(frozen=True, kw_only=True)
class Offer:
    """What a base image can build."""

    image: str
    """The image's reference, which FROM is given."""
    interpreters: frozenset[str] | None
    """Folders of /opt/python, e.g. `cp313-cp313`; None where nobody has looked into it."""
    platform_tag: str
    """The policy's, e.g. `manylinux_2_28_x86_64`; "" where nobody knows."""
    digest: str = ""
    """What the reference pins, or the image's id in the engine; "" where nothing tells."""
    has_installer: bool = False
    """Whether it installs PyPy and GraalPy when a wheel for them is built."""
    is_pinned: bool = False
    """Whether it is one of the official images that are pinned."""
    is_stand_in: bool = False
    """Whether it takes an official image's place."""
    is_emulated: bool = False
    """Whether this machine needs QEMU to run it."""

    def has(self, identifier: BuildIdentifier) -> bool:
        """Whether it has or gets the identifier's interpreter, as far as is known."""
        if self.interpreters is None:
            return not (self.is_pinned and interpreters()[identifier.python].retired)
        if identifier.interpreter in self.interpreters:
            return True
        return self.has_installer and identifier.implementation is not Implementation.CPYTHON


@dataclass(frozen=True)
class Absent:
    """That there is no image for a wish, and why that is no mistake."""

    why: str


@dataclass(frozen=True, kw_only=True)
class Batch:
    """Targets that are built on one image, prepared in one way."""

    wish: ImageWish
    offer: Offer
    tools_interpreter: str
    """The interpreter that runs the tools, a folder of /opt/python; "" where nobody has looked."""
    targets: tuple[BuildTarget, ...]
    preparation: Preparation = field(default_factory=Preparation)


@dataclass(frozen=True)
class Plan:
    """What a run builds."""

    batches: tuple[Batch, ...]
    abis: frozenset[str] = frozenset()
    """The ABIs, e.g. `cp311-abi3`, by which its wheels are likely to serve several targets."""
    left_out: tuple[LeftOut, ...] = field(default=(), repr=False)
    """What it does not build, by platform and version."""

    @property
    def targets(self) -> tuple[BuildTarget, ...]:
        """All that it builds."""
        return tuple(target for batch in self.batches for target in batch.targets)

    @property
    def main(self) -> Batch:
        """The batch whose image builds the sdist: the first that needs no QEMU, if there is one."""
        native = (batch for batch in self.batches if not batch.offer.is_emulated)
        return next(native, self.batches[0])

    def batch(self, target: BuildTarget) -> Batch:
        """The batch that has the target."""
        return next(batch for batch in self.batches if target in batch.targets)


def make_plan(
    selection: Selection,
    wishes: Mapping[BuildIdentifier, ImageWish],
    images: Mapping[ImageWish, Offer | Absent],
    *,
    preparations: Mapping[BuildIdentifier, Preparation] | None = None,
    abis: frozenset[str] = frozenset(),
) -> Plan:
    """
    Put what was selected on its images; there is a wish for each, and an image for each wish.

    `preparations` says how each is prepared; without it none is.
    A plan may be empty: `wishes.nothing_selected` is the error for that. Raises
    InterpreterMissingError for what was asked for by name, or by a glob for nothing else.
    """
    found = {identifier: images[wishes[identifier]] for identifier in selection.identifiers}
    offers = {i: image for i, image in found.items() if isinstance(image, Offer)}
    _check(selection.selector, offers)
    built = [identifier for identifier, offer in offers.items() if offer.has(identifier)]
    as_it_is = Preparation()
    prepared = {i: (preparations or {}).get(i, as_it_is) for i in built}
    batches = [
        _batch(wish, offer, identifiers, preparation, selection.selector)
        for wish, offer in images.items()
        if isinstance(offer, Offer)
        for preparation in dict.fromkeys(prepared.values())
        if (identifiers := [i for i in built if (wishes[i], prepared[i]) == (wish, preparation)])
    ]
    lacking = (_lacking(i, image) for i, image in found.items() if i not in built)
    left_out = {out.identifier: out for out in (*selection.left_out, *lacking)}
    return Plan(
        batches=tuple(batches),
        abis=abis,
        left_out=tuple(left_out[i] for i in known_identifiers() if i in left_out),
    )


def _batch(
    wish: ImageWish,
    offer: Offer,
    identifiers: Sequence[BuildIdentifier],
    preparation: Preparation,
    selector: Selector,
) -> Batch:
    return Batch(
        wish=wish,
        offer=offer,
        tools_interpreter=_tools_interpreter(wish.platform, offer, selector),
        targets=tuple(BuildTarget(identifier, offer.platform_tag) for identifier in identifiers),
        preparation=preparation,
    )


def _lacking(identifier: BuildIdentifier, image: Offer | Absent) -> LeftOut:
    if isinstance(image, Absent):
        return LeftOut(identifier, Reason.IMAGE, image.why)
    why = f"{image.image} lacks its interpreter"
    return LeftOut(identifier, Reason.INTERPRETER, why)


def _check(selector: Selector, offers: Mapping[BuildIdentifier, Offer]) -> None:
    """Refuse what was asked for and the images should have and lack."""
    for name in selector.only:
        lacks = [i for i, offer in offers.items() if str(i) == name and not offer.has(i)]
        if lacks:
            raise _missing(f"--only {name}", lacks, offers)
    for glob in () if selector.only else selector.build:
        meant = [identifier for identifier in offers if str(identifier) in matched((glob,))]
        if meant and not any(offers[identifier].has(identifier) for identifier in meant):
            raise _missing(f"build = {glob!r}", meant, offers)


def _missing(
    wish: str, identifiers: Sequence[BuildIdentifier], offers: Mapping[BuildIdentifier, Offer]
) -> InterpreterMissingError:
    lacks: dict[Offer, list[str]] = {}
    for identifier in identifiers:
        lacks.setdefault(offers[identifier], []).append(identifier.interpreter)
    options = dict.fromkeys(identifier.platform.image_option for identifier in identifiers)
    return InterpreterMissingError(
        "\n".join(f"{wish}: {_what_it_lacks(offer, names)}" for offer, names in lacks.items()),
        cure=f"Choose among those, or another image ({', '.join(options)}).",
    )


def _what_it_lacks(offer: Offer, names: Sequence[str]) -> str:
    lacks = f"the base image {offer.image} ({offer.platform_tag}) has no {' or '.join(names)}"
    if offer.interpreters is None:
        return lacks
    return f"{lacks}; it has {', '.join(sorted(offer.interpreters, key=_by_version)) or 'none'}"


def _by_version(interpreter: str) -> tuple[int, str]:
    return len(interpreter), interpreter


def _tools_interpreter(platform: Platform, offer: Offer, selector: Selector) -> str:
    # It builds the sdist, too, so the project should allow it.
    def preference(identifier: BuildIdentifier) -> tuple[bool, bool, bool, bool, int]:
        return (
            identifier.implementation is Implementation.CPYTHON,
            identifier.minor >= _TOOLS_MINORS.start,
            selector.allows(identifier),
            not identifier.free_threaded and identifier.minor in _TOOLS_MINORS,
            identifier.minor,
        )

    known = [i for i in known_identifiers() if i.platform == platform]
    available = [i for i in known if i.interpreter in (offer.interpreters or ())]
    return max(available, key=preference).interpreter if available else ""
