"""backends.py RESULTS: build wheels with several build backends, with the caches and without."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from hashlib import sha256
from pathlib import Path

PROJECTS = Path(__file__).parent / "projects"
PREFIX = "wheeldock-cache: "


def build(project: str, cache: str = "on", edit: str = "") -> dict[str, object]:
    """Build a project's wheel as the stage `build` does, with a line added to one of its files."""
    with tempfile.TemporaryDirectory() as built:
        shutil.rmtree("/src", ignore_errors=True)
        shutil.copytree(PROJECTS / project, "/src")
        if edit:
            path = Path("/src", edit)
            path.write_text(f"{path.read_text()}\n", "utf-8")
        done = subprocess.run(
            [sys.executable, "/toolbox/build_wheel.py", "/src", built],
            env={**os.environ, "COMPILER_CACHE": cache},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(done.stdout)
        (wheel,) = Path(built).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            libraries = {
                name: sha256(archive.read(name)).hexdigest()
                for name in archive.namelist()
                if name.endswith(".so")
            }
        lines = [line for line in done.stdout.splitlines() if line.startswith(PREFIX)]
        caches = json.loads(lines[0].removeprefix(PREFIX)) if lines else None
        return {"libraries": libraries, "caches": caches}


def use_interpreter(interpreter: str) -> None:
    """Make /env anew, as the stage `env` does."""
    uv = "/opt/wheeldock/bin/uv"
    python = f"/opt/python/{interpreter}/bin/python"
    subprocess.run([uv, "venv", "--clear", "--python", python, "/env"], check=True)
    install = [uv, "pip", "install", "--python", "/env/bin/python", "scikit-build-core"]
    subprocess.run(install, check=True)
    (site,) = Path("/env/lib").glob("*/site-packages")
    shutil.copytree("/toolbox/startup", site, dirs_exist_ok=True)


def main(results: str) -> None:
    """Build each project four times, and one for another interpreter."""
    built: dict[str, object] = {}
    for project in sorted(path.name for path in PROJECTS.iterdir() if path.name != "rust"):
        built[project] = {
            "without": build(project, cache="off"),
            "first": build(project),
            "again": build(project),
            "python file changed": build(project, edit="ext/__init__.py"),
        }
    use_interpreter("cp311-cp311")
    built["other interpreter"] = build("scikit-build-core")
    Path(results).write_text(json.dumps(built), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
