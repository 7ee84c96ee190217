"""
Audits: a project's commands that check each repaired wheel before it is delivered.

They run in a container, on the wheel as it is on this machine, in an environment with what
`audit-requires` names. A wheel that does not pass is put aside.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import parse_wheel_filename

from wheeldock.errand import explained
from wheeldock.errors import WheeldockError
from wheeldock.record import BuildRecord

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from wheeldock.progress import Progress
    from wheeldock.request import BuildRequest
    from wheeldock.seeds import Seeder

ABI3 = "{abi3_wheel}"
"""What stands in a command that is for wheels of the stable ABI alone (PEP 384)."""


def commands_for(commands: Sequence[str], wheel: str) -> tuple[str, ...]:
    """Those of the commands that are for the wheel of that file name."""
    is_abi3 = any(tag.abi == "abi3" for tag in parse_wheel_filename(wheel)[3])
    return tuple(command for command in commands if is_abi3 or ABI3 not in command)


@dataclass(frozen=True, kw_only=True)
class Auditor:
    """Audits wheels of one run; safe to use from several threads."""

    display: Progress
    base_image: str
    seeder: Seeder
    aside: Path
    """The folder for wheels that do not pass."""

    def audit(self, name: str, wheel: Path, request: BuildRequest) -> None:
        """
        Run the request that audits the wheel of a target.

        Raises what a failed build raises; the wheel is put aside then, and the error says where.
        """
        kept = self.aside / wheel.name
        kept.unlink(missing_ok=True)
        # With SOURCE_DATE_EPOCH all that Buildx exports has that time, and BuildKit takes a file of
        # the same name, size and time for the one that it has.
        wheel.touch()
        try:
            record = BuildRecord()
            with explained(name, self.base_image, record):
                self.seeder.build(
                    request, record, lambda event: self.display.event(name, event, record)
                )
        except WheeldockError as error:
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(wheel, kept)
            error.cure = f"{error.cure} The wheel is kept in {kept}.".strip()
            raise
