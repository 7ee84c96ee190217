"""
The images of `test-images`: where each is found, and which Pythons it has.

An image is the engine's, or a registry's. Where no registry gives it, a Debian release is made from
the machine's own mirror (`distributions`): `debian:oldstable` is then one of that suite.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from wheeldock import distributions, imagecontents
from wheeldock.errors import NO_IMAGE, ConfigurationError, WheeldockError
from wheeldock.identifier import BuildIdentifier, interpreters
from wheeldock.images import pinned_digest
from wheeldock.request import DOCKER, BuildRequest
from wheeldock.swap import write_whole
from wheeldock.tags import Libc, Policy
from wheeldock.trialfiles import DOCKERFILE
from wheeldock.trials import Place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from wheeldock.builder import Buildx
    from wheeldock.builderinfo import BuilderInfo
    from wheeldock.plan import Batch, Plan
    from wheeldock.tags import Architecture


@dataclass(frozen=True)
class Python:
    """An interpreter in an image."""

    identifier: BuildIdentifier
    ceiling: Policy
    """The newest policy that its C library is good for."""
    path: str


def parse(text: str) -> list[Python]:
    """The Pythons that the stage `pythons` tells of, which wheels can be built for."""
    found: dict[BuildIdentifier, Python] = {}
    for line in text.splitlines():
        with contextlib.suppress(ValueError):
            name, version, path = line.split(" ", 2)
            identifier = BuildIdentifier.parse(name)
            major, minor = map(int, version.split(".")[:2])
            if identifier.python in interpreters():
                ceiling = Policy(identifier.libc, major, minor)
                found.setdefault(identifier, Python(identifier, ceiling, path))
    return list(found.values())


@dataclass(frozen=True, kw_only=True)
class Finder:
    """Finds images to test in."""

    buildx: Buildx
    builder: BuilderInfo
    say: Callable[[str], None]

    def places(self, plan: Plan, wanted: Iterable[tuple[str, Architecture]]) -> list[Place]:
        """
        The wanted images, by platform, as far as the plan has that.

        Raises what a registry's refusal means, or ConfigurationError for an image without a shell.
        """
        batches = {batch.wish.platform: batch for batch in reversed(plan.batches)}
        places = []
        for name, architecture in dict.fromkeys(wanted):
            reference, digest = self._resolve(name, architecture)
            pythons = self._pythons(name, reference, digest, architecture)
            for platform in dict.fromkeys(each.identifier.platform for each in pythons):
                if batch := batches.get(platform):
                    own = [each for each in pythons if each.identifier.platform == platform]
                    places.append(_place(name, reference, digest, own, batch))
            if not pythons:
                self.say(f"test-images: {name} has no Python that wheels are built for")
        return places

    def _resolve(self, name: str, architecture: Architecture) -> tuple[str, str]:
        """The image's reference, and its digest or id."""
        pinned = pinned_digest(name)
        if not self.builder.sees_local_images:
            return name, pinned
        for reference in filter(None, (name, distributions.stand_in(name, architecture))):
            if image := self.buildx.image(reference):
                return reference, image.id
        try:
            self.say(f"pulling {name}")
            self._look(name, architecture)
            self.buildx.pull(name, architecture)
            return name, pinned or self._id(name)
        except NO_IMAGE as error:
            reference = distributions.stand_in(name, architecture)
            if not reference:
                raise _refused(name, error) from None
            self.say(f"test-images: {error.message}")
            distributions.build(name, architecture, self.buildx, say=self.say)
            return reference, self._id(reference)

    def _id(self, reference: str) -> str:
        image = self.buildx.image(reference)
        return image.id if image else ""

    def _pythons(
        self, name: str, reference: str, digest: str, architecture: Architecture
    ) -> list[Python]:
        """What an image has: remembered by its digest, for it cannot change."""
        file = user_cache_path("wheeldock") / "pythons" / f"{digest.rpartition(':')[2]}.json"
        with contextlib.suppress(OSError, ValueError):
            if digest:
                return parse(json.loads(file.read_text(encoding="utf-8")))
        try:
            text = self._look(reference, architecture)
        except NO_IMAGE as error:
            raise _refused(name, error) from None
        if digest:
            with contextlib.suppress(OSError):
                write_whole(file, json.dumps(text))
        return parse(text)

    def _look(self, reference: str, architecture: Architecture) -> str:
        with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
            request = BuildRequest(
                target="pythons",
                dockerfile=DOCKERFILE,
                context=DOCKER / "toolbox",
                contexts={"toolbox": DOCKER / "toolbox"},
                output=Path(folder),
                build_args={"BASE_IMAGE": reference},
                architecture=architecture,
                builder=self.builder.name or None,
            )
            try:
                imagecontents.ask(request, reference)
            except ConfigurationError:
                problem = f"test-images: no shell runs in {reference}"
                cure = "Name a distribution's image, with a Python."
                raise ConfigurationError([problem], cure=cure) from None
            return Path(folder, "pythons").read_text(encoding="utf-8")


def _place(name: str, reference: str, digest: str, pythons: list[Python], batch: Batch) -> Place:
    return Place(
        image=reference,
        name=name,
        digest=digest,
        ceiling=pythons[0].ceiling,
        pythons={each.identifier: each.path for each in pythons},
        installer_image=batch.offer.image,
        tools_interpreter=batch.tools_interpreter,
    )


def _refused(name: str, error: WheeldockError) -> WheeldockError:
    musl = " No stand-in has musl: Alpine's image has to be in the engine, or in a registry."
    more = musl if "alpine" in name or Libc.MUSL in name else ""
    return type(error)(
        f"test-images: {error.message}",
        cure="Check the image's name and the network. Where no registry can be reached, Debian's "
        f"releases (debian:oldstable, debian:trixie, …) are made from Debian's packages.{more}",
    )
