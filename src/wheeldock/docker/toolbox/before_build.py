"""
The command of before-build: what a project does before each wheel's build.

It runs in the environment of the build requirements, whose python and pip come first, and in the
tree that the wheel is built from: what it writes there, the build finds.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import commands
from ending import fail
from frontend import PYTHON

ENVIRONMENT_VARIABLES = 36


def before_build(command: str, project: Path, package: Path) -> None:
    """Run the command, whose placeholders are these folders; end the program when it fails."""
    expected = Path(PYTHON).with_name("pip")
    if (found := shutil.which("pip")) != str(expected):
        fail(
            ENVIRONMENT_VARIABLES,
            f"environment: it changes which pip is first on PATH: {found} instead of {expected}.",
            'Let PATH begin with what it is: PATH="$PATH:/more".',
        )
    commands.run("before-build", command, {"project": project, "package": package}, project)
    # It may have brought headers, which compiles that are in the cache knew nothing of.
    subprocess.run(["bash", Path(__file__).with_name("include-names.sh")], check=True)
