"""before_all.py: run the command of before-all, with the variables that are set."""

from __future__ import annotations

import os
from pathlib import Path

import commands

PROJECT = Path("/project")

if __name__ == "__main__":
    places = {"project": PROJECT, "package": PROJECT / os.environ.get("BEFORE_ALL_PACKAGE", "")}
    commands.run("before-all", os.environ["BEFORE_ALL"], places, PROJECT)
