"""
repair_wheel.py BUILT WHEELHOUSE PLATFORM_TAG PROJECT PACKAGE: graft libraries, prove the tag.

REPAIR_COMMAND is a command of the project's that takes the place of `repair`, or "" for none. By
default the policy that was asked for is the policy delivered: `--only-plat` forbids auditwheel any
other, and a wheel that needs more than the policy has ends with the symbols or libraries named.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import commands
from auditwheel.main import main as auditwheel
from ending import BUILD_FAILED, fail
from symbols import newer_than_policy, unversioned_and_newer

TOO_RECENT_SYMBOLS = 32
LIBRARY_NOT_FOUND = 33
REPAIR = 37
DEFAULT = "default"
DESTINATION = Path("/repaired")
TOOLS = "/opt/wheeldock/bin"
SHOWN = 20


def repair(wheel: Path, wheelhouse: Path, platform_tag: str) -> Path:
    """Repair the wheel into the wheelhouse; end the program with the reason if that fails."""
    words = ["repair", "--plat", platform_tag, "--only-plat", "-w", str(wheelhouse), str(wheel)]
    if not succeeds("auditwheel", *words):
        explain(wheel, platform_tag)
    (repaired,) = wheelhouse.glob("*.whl")
    if hidden := unversioned_and_newer(repaired, platform_tag):
        too_recent(repaired, platform_tag, hidden)
    return repaired


def succeeds(*command: str) -> bool:
    """
    Whether auditwheel does what it is told, with all that it says of it shown.

    It does so in this process: to start Python and to read auditwheel in takes half as long as a
    repair.
    """
    sys.argv = [*command]
    try:
        return not auditwheel()
    except SystemExit as end:
        return not end.code
    except Exception:  # noqa: BLE001 - its own end would be a traceback, too
        traceback.print_exc()
        return False


def explain(wheel: Path, platform_tag: str) -> None:
    """Say why auditwheel refused the wheel, in terms of what to change."""
    shown = subprocess.run(
        ["auditwheel", "show", "--json", str(wheel)], check=False, stdout=subprocess.PIPE
    )
    facts = json.loads(shown.stdout) if shown.returncode == 0 else {}
    libraries = facts.get("external_libs", {})
    if missing := sorted(name for name, path in libraries.items() if path is None):
        fail(
            LIBRARY_NOT_FOUND,
            f"{wheel.name} needs {', '.join(missing)}, which cannot be found in the build image.",
            "Build on an image that has it (manylinux-*-image), or link it statically.",
        )
    if newer := newer_than_policy(wheel, platform_tag, map(Path, libraries.values())):
        too_recent(wheel, platform_tag, newer)
    fail(BUILD_FAILED, f"auditwheel could not repair {wheel.name} to {platform_tag}; see above.")


def too_recent(wheel: Path, platform_tag: str, symbols: list[str]) -> None:
    """End with the symbols that the policy does not have."""
    more = [f"  and {len(symbols) - SHOWN} more"] if len(symbols) > SHOWN else []
    fail(
        TOO_RECENT_SYMBOLS,
        f"{wheel.name} needs symbols that {platform_tag} does not have:",
        *(f"  {symbol}" for symbol in symbols[:SHOWN]),
        *more,
        "Compile against that policy's libraries, or choose a newer policy (manylinux-*-image).",
    )


def repair_by(
    command: str, wheel: Path, wheelhouse: Path, platform_tag: str, places: dict[str, Path]
) -> Path:
    """Repair the wheel by the project's command; end the program if that gives not one wheel."""
    destination = places["dest_dir"]
    destination.mkdir()
    commands.run("repair-wheel-command", command, {**places, "wheel": wheel}, places["project"])
    left = sorted(path.name for path in destination.iterdir())
    wheels = [name for name in left if name.endswith(".whl")]
    if len(wheels) != 1:
        found = f"there are {', '.join(wheels)}" if wheels else f"there is {left or 'nothing'}"
        fail(
            REPAIR,
            f"repair-wheel-command: one wheel was due in {{dest_dir}}, and {found}: {command}",
            "Let it put the repaired wheel there, and no other; "
            'repair-wheel-command = "" leaves a wheel as it is built.',
        )
    wheelhouse.mkdir(parents=True)
    repaired = wheelhouse / wheels[0]
    shutil.copyfile(destination / wheels[0], repaired)
    if hidden := unversioned_and_newer(repaired, platform_tag):
        too_recent(repaired, platform_tag, hidden)
    return repaired


def path_of_commands(path: str) -> str:
    """The PATH of a project's commands: the environment's programs, wheeldock's, and the rest."""
    rest = [folder for folder in path.split(os.pathsep) if folder != TOOLS]
    return os.pathsep.join([rest[0], TOOLS, *rest[1:]])


if __name__ == "__main__":
    built, wheelhouse = map(Path, sys.argv[1:3])
    (wheel,) = built.glob("*.whl")
    command = os.environ.get("REPAIR_COMMAND", DEFAULT)
    if command == DEFAULT:
        repair(wheel, wheelhouse, sys.argv[3])
    elif command:
        os.environ["PATH"] = path_of_commands(os.environ["PATH"])
        os.environ.setdefault("AUDITWHEEL_PLAT", sys.argv[3])
        project, package = map(Path, sys.argv[4:])
        places = {"dest_dir": DESTINATION, "project": project, "package": package}
        repair_by(command, wheel, wheelhouse, sys.argv[3], places)
    else:
        wheelhouse.mkdir(parents=True)
        shutil.copyfile(wheel, wheelhouse / wheel.name)
