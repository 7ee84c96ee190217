"""A place to compile and link in, with the caches and without, inside a build container."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

sys.path.insert(0, "/toolbox")

from compiler import front

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OUTCOMES = {
    "hit": "hit",
    "miss": "miss",
    "direct_cache_hit": "hit",
    "preprocessed_cache_hit": "hit of the preprocessed",
    "cache_miss": "miss",
}
"""What the logs of the caches call it, and what we do."""


@dataclass(frozen=True)
class Outcome:
    """What a command gave with the caches, and whether it gave the same without."""

    cache: str
    """What the caches say, or "" when they left the command to the compiler."""
    differences: list[str]
    """What the caches changed, which must be nothing."""
    code: int = 0


class Case(NamedTuple):
    """Something that could go wrong: it yields the outcomes of some commands."""

    name: str
    run: Callable[[], Iterator[Outcome]]


CASES: list[Case] = []


def case(function: Callable[[], Iterator[Outcome]]) -> Callable[[], Iterator[Outcome]]:
    """Register a case."""
    CASES.append(Case(function.__name__, function))
    return function


def run_cases(cache: str, template: Callable[[], None]) -> dict[str, list[dict[str, object]]]:
    """Run every case with that cache empty, in a folder that begins as the template made one."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        with inside(Path(folder, "template")):
            template()
        for each in CASES:
            shutil.rmtree(front.CACHE / cache, ignore_errors=True)
            shutil.copytree(Path(folder, "template"), Path(folder, each.name), symlinks=True)
            with inside(Path(folder, each.name)):
                results[each.name] = [asdict(outcome) for outcome in each.run()]
    return results


def caches(source: Path) -> front.CachedCompilers:
    """Let compilers go through the caches, as a build of that source tree does."""
    return front.CachedCompilers(source, Path("/env"), at_once=2)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder, and leave it."""
    folder.mkdir(exist_ok=True)
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def compare(
    command: list[str], output: str, environment: Mapping[str, str] | None = None
) -> Outcome:
    """Run a command that starts with a compiler's name: with the caches, and without."""
    before = len(_log())
    cached = attempt(command, output, environment or {})
    said = _log()[before:]
    compiler = shutil.which(command[0], path=os.environ["PATH"].partition(":")[2])
    plain = attempt([compiler or "", *command[1:]], output, environment or {})
    caches = {OUTCOMES[line] for line in said if line in OUTCOMES}
    return Outcome(
        "".join(sorted(caches)),
        [
            f"{name}: {cached[name]!r} is not {plain[name]!r}"
            for name in plain
            if plain[name] != cached[name]
        ],
        cached["code"],
    )


def attempt(command: list[str], output: str, environment: Mapping[str, str]) -> dict[str, Any]:
    """What a command gives; its output is taken away."""
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    path, content = Path(output), ""
    if path.is_file():
        mode = path.stat().st_mode
        content = f"{mode:o} {hashlib.sha256(path.read_bytes()).hexdigest()}"
        path.unlink()
    return {
        "code": done.returncode,
        "said": done.stdout,
        "complained": done.stderr,
        output: content,
    }


def _log() -> list[str]:
    logs = [front.STATE / "compiles.log", front.STATE / "links.log"]
    return [line for log in logs if log.exists() for line in log.read_text().splitlines()]


def write(path: str, text: str) -> None:
    """Write a text file."""
    Path(path).write_text(f"{text}\n", encoding="utf-8")


def replace(path: str, old: str, new: str) -> None:
    """Replace text in a file that has it."""
    before = Path(path).read_text(encoding="utf-8")
    if old not in before:
        raise ValueError(old)
    Path(path).write_text(before.replace(old, new), encoding="utf-8")


def run(*command: str) -> None:
    """Run a command that must not fail."""
    subprocess.run(command, check=True)
