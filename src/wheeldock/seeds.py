"""
What the machine has for an engine's cache mounts: CA bundle, saved compiler cache, kept tools.

They are in no layer and no step's key. A step learns which of them is meant from a host name's
address, which is in no key either; when the engine has lost them, or never had them, the step
ends and says so, and they are put there by a build of the stage `seed`.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import shutil
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock.builder import BuildEndedError, BuildStoppedError
from wheeldock.errand import run_errand
from wheeldock.failures import explain
from wheeldock.record import BuildRecord
from wheeldock.refusals import disk_full
from wheeldock.swap import link

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheeldock.builder import Builder
    from wheeldock.events import Event
    from wheeldock.request import BuildRequest

_CA_BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_NOTHING = "0.0.0.0"  # noqa: S104 - no address to listen on
_SOMETHING = "0.0.0.1"
_MISSING = "wheeldock-seeds: missing: "
"""What a step says when it ends for lack of something; its rest names that."""

_TIMES = 5
"""How often a run fills an engine's cache mounts before it takes the engine to lose all at once."""

_NO_ROOM = 1 << 20
"""Bytes that a disk has left when it is full, at most: what did not fit is larger."""


def ca_bundle(environment: Mapping[str, str]) -> Path | None:
    """
    The machine's CA bundle, if it names one.

    Behind a proxy that inspects TLS nothing can be fetched without it.
    """
    named = (environment.get(variable) for variable in _CA_BUNDLES)
    return next((Path(path) for path in named if path and Path(path).is_file()), None)


@dataclass(frozen=True)
class Seeds:
    """What a machine has for an engine's cache mounts."""

    ca_bundle: Path | None = None
    compiler_cache: Path | None = None
    """A file that the stage `compiler-cache-file` made."""
    tools: Mapping[str, Path] = field(default_factory=dict)
    """Files that the stage `tools-file` made, by the digest of what each was made from."""
    wanted_tools: str = ""
    """The digest of what they would be made from today."""

    def hosts(self) -> dict[str, str]:
        """Host names and the addresses that tell steps what they can ask for."""
        return {
            "ca-bundle.wheeldock": _address_of(self.ca_bundle) if self.ca_bundle else _NOTHING,
            "compiler-cache.wheeldock": _SOMETHING if self.compiler_cache else _NOTHING,
            "tools.wheeldock": _address_by(self.wanted_tools)
            if self.wanted_tools in self.tools
            else _NOTHING,
        }

    def lay_out(self, folder: Path) -> None:
        """Make the folder that the stage `seed` reads."""
        shutil.rmtree(folder, ignore_errors=True)
        by_address = folder / "by-address"
        by_address.mkdir(parents=True)
        if self.ca_bundle:
            shutil.copyfile(self.ca_bundle, by_address / _address_of(self.ca_bundle))
        for inputs, file in self.tools.items():
            link(file, by_address / _address_by(inputs))
        if self.compiler_cache:
            link(self.compiler_cache, folder / "compiler-cache.tar")


def _address_of(file: Path) -> str:
    return _address_by(hashlib.sha256(file.read_bytes()).hexdigest())


def _address_by(digest: str) -> str:
    """An address that nothing else has: a private one (RFC 4193) of 120 bits of a digest."""
    return str(ipaddress.IPv6Address(b"\xfd" + bytes.fromhex(digest)[:15]))


def lacking(record: BuildRecord) -> bool:
    """Whether a build failed because a cache mount lacks what the machine has for it."""
    step = record.failed_step
    return step is not None and any(line.startswith(_MISSING) for line in record.tail(step))


class Seeder:
    """Fills an engine's cache mounts, once for all builds that found them empty."""

    def __init__(
        self, builder: Builder, base_image: str, seeds: Seeds, request: BuildRequest
    ) -> None:
        self.times = 0
        """How often it has filled them."""
        self._builder = builder
        self._base_image = base_image
        self._seeds = seeds
        self._request = request
        self._lock = threading.Lock()

    def fill(self, times: int) -> bool:
        """
        Fill them, unless another build has had that done since it was done so many times.

        Return whether it is worth to build again. Raises what a failed build raises.
        """
        with self._lock:
            if self.times == times < _TIMES:
                self._fill()
                self.times += 1
            return self.times > times

    def build(
        self,
        request: BuildRequest,
        record: BuildRecord,
        heed: Callable[[Event], None] = lambda _: None,
        builder: Builder | None = None,
    ) -> None:
        """
        Run a build to its end, from the beginning again when cache mounts were filled for it.

        `record` tells of the last time, and `heed` gets each event after it; `builder` is what runs
        the build, if not what fills them. Raises BuildEndedError, or what a failed build of the
        stage `seed` raises.
        """
        while True:
            seeded = self.times
            try:
                for event in (builder or self._builder).build(request):
                    record.add(event)
                    heed(event)
            except BuildEndedError:
                if not lacking(record) or not self.fill(seeded):
                    raise
                record.clear()
            else:
                return

    def run(self, request: BuildRequest, name: str, builder: Builder | None = None) -> None:
        """
        Run a build that nobody watches; `builder` is as for `build`.

        Raises what a failed build raises, with that name, or BuildStoppedError.
        """
        record = BuildRecord()
        try:
            self.build(request, record, builder=builder)
        except BuildStoppedError:
            raise
        except BuildEndedError:
            if isinstance(request.output, Path) and _is_full(request.output.parent):
                raise disk_full(f"there is no room for {request.output}") from None
            raise explain(name, self._base_image, record) from None

    def _fill(self) -> None:
        self._seeds.lay_out(self._request.contexts["seeds"])
        arguments = {**self._request.build_args, "NONCE": secrets.token_hex(8)}
        request = replace(self._request, build_args=arguments)
        try:
            run_errand(self._builder, request, "seed", self._base_image)
        finally:
            shutil.rmtree(self._request.contexts["seeds"], ignore_errors=True)


def _is_full(folder: Path) -> bool:
    """Whether its disk is: a client that can write no more ends the build without a reason."""
    return folder.is_dir() and shutil.disk_usage(folder).free < _NO_ROOM
