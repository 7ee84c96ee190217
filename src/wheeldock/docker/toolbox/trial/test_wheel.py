"""
test_wheel.py: install the wheel in /wheel into a fresh environment and run its tests.

The variable TRIAL says how, as a JSON object of `command`, `before`, `requires`, `extras`,
`environment`, `identifier`, `project` and `package`, which mean what they mean to cibuildwheel
(test-command, before-test, test-requires, …). What came of it goes to /out/outcome.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NoReturn

from wheel_modules import dist_info_of, modules_of

UV = "/installer/uv"
HOME = Path("/tmp/wheeldock")  # noqa: S108 - the container's, for this step alone
VENV = HOME / "venv"
PYTHON = str(VENV / "bin/python")
NOTES = HOME / "notes"
CWD = HOME / "cwd"
SOURCES = Path("/sources")
OUTCOME = Path("/out/outcome")
PASSED = Path("/run/wheeldock-pass")

FAILED_TESTS = 50
NOT_INSTALLED = 51
OF_TESTS = {"conftest", "docs", "examples", "test", "tests"}
"""What a tree calls alike, and a wheel that has it brings by mistake."""


def fail(code: int, *lines: str) -> NoReturn:
    """End with an exit code that wheeldock knows, and the lines that it shows for it."""
    for line in lines:
        print(f"wheeldock: {line}", file=sys.stderr)
    sys.exit(code)


def main() -> None:
    """Do what TRIAL says."""
    trial = json.loads(os.environ.pop("TRIAL"))
    (wheel,) = Path("/wheel").glob("*.whl")
    for folder in (NOTES, CWD, OUTCOME):
        folder.mkdir(parents=True)
    NOTES.chmod(0o777)  # tests may run as another user
    tree = Path(trial["project"])
    environment = make_environment(trial, tree)
    command = filled(trial["before"], trial, wheel)
    if code := run(command, environment, tree) if command else 0:
        fail(FAILED_TESTS, f"before-test {ended(code)}: {command}")
    install(wheel, trial, environment)
    began = time.monotonic()
    warning = test(wheel, trial, environment)
    outcome = {
        "seconds": round(time.monotonic() - began, 3),
        "python": sys.version.split()[0],
        "warning": warning,
    }
    (OUTCOME / "outcome.json").write_text(json.dumps(outcome), encoding="utf-8")
    shutil.rmtree(HOME)  # it would be in the step's layer


def make_environment(trial: dict[str, Any], tree: Path) -> dict[str, str]:
    """Make the virtual environment, and return the variables that its processes get."""
    made = subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, VENV], check=False)
    if made.returncode:
        fail(NOT_INSTALLED, f"no virtual environment can be made with {sys.executable}")
    base = {name: value for name, value in os.environ.items() if name not in BUILD_ARGUMENTS}
    base.update(
        VIRTUAL_ENV=str(VENV),
        PATH=f"{VENV}/bin:{os.environ.get('PATH', os.defpath)}",
        UV_LINK_MODE="copy",
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        PIP_ROOT_USER_ACTION="ignore",
        CIBUILDWHEEL="1",
        CIBUILDWHEEL_BUILD_IDENTIFIER=trial["identifier"],
        WHEELDOCK="1",
        WHEELDOCK_BUILD_IDENTIFIER=trial["identifier"],
    )
    base.update(passed(PASSED))
    add_to_environment(["pip"], base, tree)
    return evaluated(trial["environment"], base, tree) if trial["environment"] else base


def add_to_environment(what: list[str], environment: dict[str, str], cwd: Path) -> None:
    """Install requirements, or files; end the program when that fails."""
    command = [UV, "pip", "install", "--python", PYTHON, *what]
    if subprocess.run(command, check=False, env=environment, cwd=cwd).returncode:
        fail(NOT_INSTALLED, f"could not be installed: {' '.join(what)}")


def passed(folder: Path) -> dict[str, str]:
    """The variables that the machine passes: each is a file of its name, a secret mount."""
    return {path.name: os.fsdecode(path.read_bytes()) for path in folder.glob("*")}


BUILD_ARGUMENTS = {"TREE", "PYTHON", "INTERPRETER", "AGAIN"}
"""Variables that are the Dockerfile's own."""


def evaluated(assignments: list[str], base: dict[str, str], cwd: Path) -> dict[str, str]:
    """The variables with a shell's assignments, evaluated in their order."""
    shell = shutil.which("bash") or "sh"
    script = "\n".join([*(f"export {each}" for each in assignments), f"exec {PYTHON} -c '{DUMP}'"])
    done = subprocess.run(
        [shell, "-ec", script], check=False, env=base, cwd=cwd, stdout=subprocess.PIPE
    )
    text = " ".join(assignments)
    if done.returncode:
        fail(FAILED_TESTS, f"environment, test-environment: {shell} cannot evaluate them: {text}")
    variables = dict(json.loads(done.stdout))
    if shutil.which("python", path=variables.get("PATH")) != str(PYTHON):
        fail(FAILED_TESTS, f"environment, test-environment: PATH has another python first: {text}")
    return variables


DUMP = "import json, os; print(json.dumps(dict(os.environ)))"


def filled(command: str, trial: dict[str, Any], wheel: Path) -> str:
    """A command with its placeholders replaced; `#{project}` is `{project}` as it stands."""
    places = {"project": trial["project"], "package": trial["package"], "wheel": str(wheel)}

    def value(match: re.Match[str]) -> str:
        return match[0][1:] if match["escape"] else places[match["name"]]

    return re.sub(rf"(?P<escape>#?)\{{(?P<name>{'|'.join(places)})\}}", value, command)


def run(command: str, environment: dict[str, str], cwd: Path) -> int:
    """Run a shell command, and return its exit code; of one that a signal ended it is negative."""
    print(f"$ {command}", flush=True)
    return subprocess.run(["sh", "-c", command], check=False, env=environment, cwd=cwd).returncode


def ended(code: int) -> str:
    """How a command ended, for people."""
    if code >= 0:
        return f"failed with exit code {code}"
    return f"was killed by signal {-code} ({signal.Signals(-code).name})"


def install(wheel: Path, trial: dict[str, Any], environment: dict[str, str]) -> None:
    """Install the wheel with its dependencies, and what the tests need beside it."""
    extras = f"[{','.join(trial['extras'])}]" if trial["extras"] else ""
    what = [f"{wheel}{extras}", *trial["requires"]]
    add_to_environment(what, environment, Path(trial["project"]))
    names = {name.partition(".")[0] for name in modules_of(wheel)} - OF_TESTS
    site = site_packages()
    shutil.copy(Path(__file__).with_name("installed_first.py"), site / "_wheeldock_trial.py")
    trees = [trial["project"], *([str(CWD)] if any(SOURCES.iterdir()) else [])]
    settings = {"modules": sorted(names), "trees": trees, "notes": str(NOTES)}
    (site / "_wheeldock_trial.json").write_text(json.dumps(settings), encoding="utf-8")
    (site / "_wheeldock_trial.pth").write_text("import _wheeldock_trial\n", encoding="utf-8")


def site_packages() -> Path:
    """Where the wheel is installed."""
    command = [PYTHON, "-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Path(done.stdout.strip())


def test(wheel: Path, trial: dict[str, Any], environment: dict[str, str]) -> str:
    """Run the tests, or else import what the wheel brings; return what is odd of them, or ""."""
    if not trial["command"]:
        import_all(wheel, environment)
        return ""
    record = site_packages() / dist_info_of(wheel) / "RECORD"
    before = record.read_bytes()
    shutil.copytree(SOURCES, CWD, dirs_exist_ok=True, symlinks=True)
    is_empty = not any(CWD.iterdir())
    command = filled(trial["command"], trial, wheel)
    if code := run(command, environment, CWD):
        hint = "The working directory is an empty folder: name {project}/… or set test-sources."
        more = [hint] if is_empty and not names_files(trial["command"]) else []
        fail(FAILED_TESTS, f"the test command {ended(code)}: {command}", *more)
    if not record.is_file() or record.read_bytes() != before:
        fail(FAILED_TESTS, f"the test command put something else into the wheel's place: {command}")
    return oddity(trial["project"], command)


def names_files(command: str) -> bool:
    """Whether a command names files of the project."""
    return "{project}" in command or "{package}" in command


def import_all(wheel: Path, environment: dict[str, str]) -> None:
    """Import each module in a process of its own, and check that dependencies fit together."""
    names = modules_of(wheel)
    script = "import importlib, sys; importlib.import_module(sys.argv[1])"
    for name in names:
        print(f"$ python -c 'import {name}'", flush=True)
        command = [PYTHON, "-I", "-c", script, name]
        if code := subprocess.run(command, check=False, env=environment, cwd=CWD).returncode:
            fail(FAILED_TESTS, f"`import {name}` {ended(code)}")
    checking = [UV, "pip", "check", "--python", PYTHON]
    if subprocess.run(checking, check=False, env=environment).returncode:
        fail(FAILED_TESTS, "its dependencies do not fit together (pip check)")
    if not names:
        print("There is no module in it to import.")


def oddity(project: str, command: str) -> str:
    """What is odd of tests that passed; end the program if they did not test the wheel."""
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in NOTES.iterdir()]
    imported = {(name, place) for note in notes for name, place in note.items()}
    trees = (Path(project), CWD)
    sources = [each for each in imported if any(map(Path(each[1]).is_relative_to, trees))]
    if sources:
        name, place = min(sources)
        fail(
            FAILED_TESTS,
            f"the tests imported {name} from {place}, and not the installed wheel: {command}",
        )
    tested = any(Path(place).is_relative_to(VENV) for _, place in imported)
    return "" if tested else "its tests imported none of its modules"


if __name__ == "__main__":
    main()
