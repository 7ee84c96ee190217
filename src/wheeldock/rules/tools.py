"""
Rules that other projects' programs check: auditwheel, abi3audit and twine.

Each runs as a process of its own, with a limit of time: none of them was made for archives of
strangers.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from wheeldock.findings import Problem
from wheeldock.limits import LONGEST_RUN
from wheeldock.phrases import some
from wheeldock.tags import Policy
from wheeldock.wheelfile import WheelName

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_POLICY = re.compile(r"((?:many|musl)linux(?:\d+|_\d+_\d+))_(\w+)")
_SHOWN = 10
"""How many symbols, libraries or lines a finding names."""
_WARNED = "FAILED due to warnings"
_OUTPUT = 2**20
"""Characters of a program's output that are looked at."""


class NotCheckedError(Exception):
    """Something could not be checked here; the message says why."""


@dataclass(frozen=True)
class _Ran:
    code: int
    output: str
    said: str


def not_checked(reason: Problem) -> Iterator[Problem]:
    """All could be checked."""
    yield reason


def rebuilt(differences: Sequence[Problem]) -> Iterator[Problem]:
    """A second build without any cache gives the same bytes (`--rebuild`)."""
    cure = "Mend what is random, or tells of the moment or the machine, in the project's build."
    for each in differences:
        yield Problem(each.place, each.what, cure)


def policy(path: Path) -> Iterator[Problem]:
    """The wheel keeps to the policy of each of its platform tags (`auditwheel show`)."""
    if path.suffix != ".whl" or WheelName.parse(path.name).is_pure:
        return
    if sys.platform != "linux":
        raise NotCheckedError("auditwheel, which confirms the policy, runs on Linux alone")
    ran = _run("auditwheel", "show", "--json", str(path))
    facts = _json(ran)
    if facts is None or "overall_tag" not in facts:
        why = (facts or {}).get("error") or _last_line(ran)
        yield Problem("", f"auditwheel could not read it: {why}", "Build it again.")
        return
    for tag in WheelName.parse(path.name).platforms:
        match = _POLICY.fullmatch(tag)
        if match and not Policy.parse(match[1]).covers(facts["overall_tag"], match[2]):
            what = f"auditwheel finds {facts['overall_tag']}, not {tag}: {_reasons(tag, facts)}"
            cure = "Build on that policy's image (manylinux-*-image), or choose a newer policy."
            yield Problem("", what, cure)


def _reasons(tag: str, facts: Mapping[str, Any]) -> str:
    """Why a wheel does not keep to a policy, in auditwheel's words."""
    lacks = facts.get("policy_upgrades", {}).get(tag, {})
    reasons = []
    if libraries := lacks.get("libs_to_eliminate"):
        reasons.append(f"it needs {some(libraries, _SHOWN)}, which the policy does not have")
    if symbols := lacks.get("blacklisted_symbols"):
        found = [f"{symbol} of {library}" for library, names in symbols.items() for symbol in names]
        reasons.append(f"it uses {some(found, _SHOWN)}, which the policy forbids")
    if facts.get("unsupported_isa"):
        reasons.append("it needs a newer processor (an ISA extension) than the policy has")
    if not reasons or facts.get("sym_tag") == facts["overall_tag"]:
        versions = facts.get("versioned_symbols", {})
        newest = [f"{max(each, key=_number)} of {name}" for name, each in versions.items() if each]
        reasons.append(f"its newest symbols are {some(sorted(newest), _SHOWN)}")
    return "; ".join(reasons)


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", version)))


def stable_abi(path: Path) -> Iterator[Problem]:
    """A wheel for the stable ABI uses nothing else of Python (`abi3audit --strict`)."""
    is_abi3 = path.suffix == ".whl" and any(
        tag.abi == "abi3" for tag in WheelName.parse(path.name).tags
    )
    if not is_abi3:
        return
    ran = _run("abi3audit", "--strict", "--report", str(path))
    facts = _json(ran)
    if facts is None:
        yield Problem("", f"abi3audit could not read it: {_last_line(ran)}", "Build it again.")
        return
    modules = [each for spec in facts.get("specs", {}).values() for each in spec.get("wheel", [])]
    if not modules:
        cure = "Tag it for no ABI (py3-none), or build its modules with the limited API."
        yield Problem("", "it is tagged abi3, and has no module for abi3audit to look at", cure)
    for module in modules:
        yield from _beyond(module["name"], module["result"])


def _beyond(name: str, result: Mapping[str, Any]) -> Iterator[Problem]:
    """What a module uses beyond the stable ABI of the version that it is tagged for."""
    cure = (
        "Set Py_LIMITED_API to the oldest version, and use what it has; or tag it for one version."
    )
    if symbols := result["non_abi3_symbols"]:
        yield Problem(name, f"it uses {some(sorted(symbols), _SHOWN)}: not of the stable ABI", cure)
    if later := result["future_abi3_objects"]:
        used = [f"{symbol} of {version}" for symbol, version in sorted(later.items())]
        yield Problem(name, f"it is for {result['baseline']}, and uses {some(used, _SHOWN)}", cure)


def description(path: Path) -> Iterator[Problem]:
    """The description can be shown on PyPI (`twine check`)."""
    ran = _twine(path)
    if ran.code and _WARNED not in ran.output:
        yield _description(ran)


def whole_description(path: Path) -> Iterator[Problem]:
    """There is a description, with its content type (`twine check --strict`)."""
    ran = _twine(path)
    if ran.code and _WARNED in ran.output:
        yield _description(ran)


def _twine(path: Path) -> _Ran:
    status = path.stat()
    return _run_twine(path, status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=100)
def _run_twine(path: Path, *_: int) -> _Ran:
    """Run it once for both rules; what the file is known again by is for the cache."""
    # It colours what it says even where that goes into a pipe, and NO_COLOR does not keep it.
    return _run("twine", "--no-color", "check", "--strict", str(path))


def _description(ran: _Ran) -> Problem:
    lines = [line.strip() for line in f"{ran.output}\n{ran.said}".splitlines()]
    said = [line for line in lines if line and not line.startswith("Checking ")]
    found = "; ".join(dict.fromkeys(said[-_SHOWN:])) or f"it ended with {ran.code}"
    cure = "Mend the file that `readme` in pyproject.toml names, or its content type."
    return Problem("METADATA: Description", f"twine says: {found[:1000]}", cure)


def _run(module: str, *arguments: str) -> _Ran:
    """Run a Python program; raises NotCheckedError when it is not here or takes too long."""
    # Away from here: Python would take modules that lie in the working directory for its own.
    with tempfile.TemporaryDirectory(prefix="wheeldock-") as folder:
        command = [sys.executable, "-m", module, *arguments[:-1], os.path.abspath(arguments[-1])]  # noqa: PTH100
        widely = {**os.environ, "COLUMNS": "1000", "NO_COLOR": "1", "XDG_CACHE_HOME": folder}
        try:
            done = subprocess.run(
                command,
                cwd=folder,
                env=widely,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=LONGEST_RUN,
                check=False,
            )
        except subprocess.TimeoutExpired:
            message = f"{module} did not end within {LONGEST_RUN} s"
            raise NotCheckedError(message) from None
    output, said = (text.decode(errors="replace")[:_OUTPUT] for text in (done.stdout, done.stderr))
    if f"No module named {module}" in said:
        raise NotCheckedError(f"{module} is not installed")
    return _Ran(done.returncode, output, said)


def _json(ran: _Ran) -> dict[str, Any] | None:
    try:
        found = json.loads(ran.output)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _last_line(ran: _Ran) -> str:
    lines = f"{ran.output}\n{ran.said}".strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with {ran.code}"
