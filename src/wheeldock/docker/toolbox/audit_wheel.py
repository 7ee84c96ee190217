"""audit_wheel.py WHEELHOUSE PROJECT PACKAGE: check a wheel by AUDIT_COMMANDS, a JSON list."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import commands

AUDIT_FAILED = 38


def audit(wheel: Path, audits: list[str], project: Path, package: Path) -> None:
    """Run the commands one after the other; end the program when one fails."""
    places = {"wheel": wheel, "abi3_wheel": wheel, "project": project, "package": package}
    for command in audits:
        print(f"+ {commands.filled(command, places)}", flush=True)
        commands.run("audit-command", command, places, project, code=AUDIT_FAILED)


if __name__ == "__main__":
    wheelhouse, project, package = map(Path, sys.argv[1:])
    (wheel,) = wheelhouse.glob("*.whl")
    audit(wheel, json.loads(os.environ["AUDIT_COMMANDS"]), project, package)
