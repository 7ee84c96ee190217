"""The repository's own front door: wheeldock's tasks, and `dev.*` for working on wheeldock."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from invoke import Collection, Context, Exit, task

from wheeldock.tasks import ns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from invoke.runners import Promise

OLDEST_MINOR, NEWEST_MINOR = 10, 15
"""The CPythons that wheeldock itself runs on."""

AT_ONCE = "--numprocesses=2 --dist=loadfile --no-loadscope-reorder"
"""
How the suite is run: two files at once, as what waits for Docker leaves a processor idle, and each
file whole, as its tests share what they stand on, in the order that these were collected in.
"""


@task
def lint(c: Context) -> None:
    """
    Check style, types, shell scripts and workflows.

    Example: invoke dev.lint
    """
    _run(c, "ruff check && ruff format --check && mypy")
    scripts = [path for path in Path("src").rglob("*") if _is_shell(path)]
    _run(c, f"shellcheck {shlex.join(map(str, scripts))} .ci/run")
    if sys.version_info >= (3, 11):  # zizmor's own oldest
        _run(c, "zizmor --quiet --offline --persona pedantic .github")


@task
def suite(c: Context) -> None:
    """
    Run the whole test suite, and its unit tests on every other Python of the machine.

    Example: invoke dev.suite
    """
    homes = [_environment(c, version, python) for version, python in _other_pythons().items()]
    tests = "bin/python -m pytest -q -p no:cacheprovider tests/unit"
    # One after another, and meanwhile the whole suite.
    beside = _start(c, " && ".join(["true", *(f"{home}/{tests}" for home in homes)]))
    try:
        _run(c, f"pytest {AT_ONCE}")
    finally:
        ended = beside.join()
    said = [line for line in ended.stdout.splitlines() if " passed" in line]
    for home, line in zip(homes, said, strict=True):
        print(f"{home.name}: {line}")  # noqa: T201 - what pytest says last


@task(
    iterable=["project", "scenario"],
    help={
        "project": "pyovf or numcodecs; may be given several times (default: pyovf).",
        "scenario": "One of those in benchmarks/scenarios.py; several times (default: all).",
        "rounds": "How often wheeldock goes through them (default: 3).",
        "peer-rounds": "How often the other ways do, which take minutes each (default: 1).",
        "curve": "Draw seconds against the number of wheels instead.",
    },
)
def bench(
    c: Context,
    project: Sequence[str] | None = None,
    scenario: Sequence[str] | None = None,
    rounds: str = "3",
    peer_rounds: str = "1",
    curve: bool = False,
) -> None:
    """
    Build the same wheels with wheeldock, cibuildwheel and a plain `docker build`, and compare.

    Example: invoke dev.bench --project numcodecs --scenario native
    """
    words = [f"--rounds={rounds}", f"--peer-rounds={peer_rounds}"]
    words += [f"--project={name}" for name in project or ()]
    words += [f"--scenario={name}" for name in scenario or ()]
    words += ["--curve"] if curve else []
    _run(c, f"python -m benchmarks {shlex.join(words)}")


@task
def reference(_: Context) -> None:
    """
    Write the JSON schema and the README's table of options anew, from the options.

    Example: invoke dev.reference
    """
    from wheeldock import reference as made

    schema = Path("src/wheeldock/resources", made.SCHEMA_FILE)
    schema.write_text(made.schema_text(), encoding="utf-8")
    readme = Path("README.md")
    text = made.with_table(readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8")


@task
def refresh_images(_: Context) -> None:
    """
    Pin the newest official images, as their registry has them.

    Example: invoke dev.refresh-images
    """
    from maintenance import pins

    try:
        pins.refresh(Path("src/wheeldock/resources/pinned-images.toml"), print)
    except (OSError, ValueError) as error:
        raise Exit(f"error: no image was pinned anew: {error}") from None


def _environment(c: Context, version: str, python: Path) -> Path:
    """Another Python's virtual environment, with what the tests need."""
    home = Path(".venvs", version)
    _run(c, f"uv venv -q --allow-existing --python {shlex.quote(str(python))} {home}")
    _run(c, f"uv pip install -q --python {home}/bin/python -e . --group test")
    return home


def _run(c: Context, command: str) -> None:
    """Run a command."""
    c.run(command, env=_programs())


def _start(c: Context, command: str) -> Promise:
    """Run a command and do not wait for it."""
    return cast("Promise", c.run(command, env=_programs(), asynchronous=True))


def _programs() -> dict[str, str]:
    """The variable by which the programs of this virtual environment are found first."""
    return {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}


def _other_pythons() -> dict[str, Path]:
    """The machine's CPythons that can run wheeldock, by minor version, but for this one."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = {}
    for minor in range(OLDEST_MINOR, NEWEST_MINOR + 1):
        on_path = shutil.which(f"python3.{minor}")
        candidates = [
            *([Path(on_path)] if on_path else []),
            *pyenv.glob(f"versions/3.{minor}.*/bin/python"),
        ]
        working = [python for python in candidates if _works(python)]
        if working and minor != sys.version_info.minor:
            found[f"3.{minor}"] = working[0]
    return found


def _works(python: Path) -> bool:
    # A pyenv shim is on PATH for versions that are not switched on, too.
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


def _is_shell(path: Path) -> bool:
    if not path.is_file() or path.suffix not in {".sh", ""}:
        return False
    with path.open("rb") as file:
        first = file.readline()
    return path.suffix == ".sh" or (first.startswith(b"#!") and b"sh" in first)


ns.add_collection(Collection("dev", lint, suite, bench, reference, refresh_images))
