"""
repair_wheel.py BUILT WHEELHOUSE PLATFORM_TAG: graft libraries into a wheel and prove its tag.

The policy that was asked for is the policy delivered: `--only-plat` forbids auditwheel any
other, and a wheel that needs more than the policy has ends with the symbols or libraries named.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from ending import fail
from frontend import BUILD_FAILED
from symbols import newer_than_policy, unversioned_and_newer

TOO_RECENT_SYMBOLS = 32
LIBRARY_NOT_FOUND = 33
SHOWN = 20


def repair(wheel: Path, wheelhouse: Path, platform_tag: str) -> Path:
    """Repair the wheel into the wheelhouse; end the program with the reason if that fails."""
    command = ["auditwheel", "repair", "--plat", platform_tag, "--only-plat", "-w", str(wheelhouse)]
    done = subprocess.run([*command, str(wheel)], check=False)
    if done.returncode:
        explain(wheel, platform_tag)
    (repaired,) = wheelhouse.glob("*.whl")
    if hidden := unversioned_and_newer(repaired, platform_tag):
        too_recent(repaired, platform_tag, hidden)
    return repaired


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


if __name__ == "__main__":
    built, wheelhouse = map(Path, sys.argv[1:3])
    (wheel,) = built.glob("*.whl")
    repair(wheel, wheelhouse, sys.argv[3])
