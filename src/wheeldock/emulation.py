"""
Whether an engine runs programs of other architectures: through QEMU, or as it is.

What Buildx lists tells nothing: an engine goes on to list what it once could run. So it is asked
to run a program, of some hundred bytes, which ends at once. That it did is noted until the
machine starts anew; when QEMU is gone by then, the build that needs it says so (`failures`).
"""

from __future__ import annotations

import contextlib
import re
import secrets
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_cache_path

from wheeldock import foreign
from wheeldock.architectures import is_emulated
from wheeldock.builder import BuildEndedError
from wheeldock.failures import explain
from wheeldock.probe import program
from wheeldock.record import BuildRecord
from wheeldock.request import DOCKER, BuildRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from wheeldock.builder import Builder
    from wheeldock.identifier import BuildIdentifier
    from wheeldock.tags import Architecture

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def check(builder: Builder, name: str | None, identifiers: Iterable[BuildIdentifier]) -> None:
    """
    Look whether wheels of those identifiers can be built on the builder of that name.

    Raises EmulationMissingError, and what a failed build raises.
    """
    by_architecture: dict[Architecture, list[str]] = {}
    for identifier in identifiers:
        if is_emulated(identifier.architecture):
            by_architecture.setdefault(identifier.architecture, []).append(str(identifier))
    missing = {
        architecture: names
        for architecture, names in by_architecture.items()
        if not runs(builder, name, architecture)
    }
    if missing:
        raise foreign.missing(missing)


def runs(builder: Builder, name: str | None, architecture: Architecture) -> bool:
    """
    Whether the builder of that name runs programs of an architecture.

    Raises what a failed build raises, if it fails for another reason.
    """
    note = _note(name, architecture)
    boot = _boot()
    with contextlib.suppress(OSError):
        if boot and note.read_text("ascii") == boot:
            return True
    if not _runs(builder, name, architecture):
        with contextlib.suppress(OSError):
            note.unlink(missing_ok=True)
        return False
    with contextlib.suppress(OSError):
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(boot, "ascii")
    return True


def _runs(builder: Builder, name: str | None, architecture: Architecture) -> bool:
    record = BuildRecord()
    with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
        file = Path(folder, "program")
        # What follows a program in its file is of no matter, and lets no cache know it.
        file.write_bytes(program(architecture) + secrets.token_bytes(16))
        file.chmod(0o755)
        request = BuildRequest(
            target="probe",
            dockerfile=DOCKER / "emulation/Dockerfile",
            context=Path(folder),
            output=None,
            architecture=architecture,
            builder=name,
        )
        try:
            for event in builder.build(request):
                record.add(event)
        except BuildEndedError:
            step = record.failed_step
            if step is not None and foreign.cannot_start(step, record.tail(step)):
                return False
            raise explain(f"the probe for {architecture}", "scratch", record) from None
    return True


def _note(name: str | None, architecture: Architecture) -> Path:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name or "")
    return user_cache_path("wheeldock") / "emulation" / f"{plain}-{architecture}"


def _boot() -> str:
    """What tells a machine's starts apart; "" where nothing does."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except OSError:
        return ""
