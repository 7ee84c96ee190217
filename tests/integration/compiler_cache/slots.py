"""slots.py RESULTS BUILDS NAME COLD: build a wheel beside others, and note when compilers ran."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/toolbox")

from compiler.front import CACHE
from machine import compiles_at_once, memory, processors

PROJECT = Path(__file__).parent / "projects/scikit-build-core"
FILES = 4
SLOW = """#!/bin/sh
case " $* " in
    *" -c "*) ;;
    *) exec {gcc} "$@" ;;
esac
date "+1 %s.%N" >> /log
sleep 0.3
{gcc} "$@"
code=$?
date "+-1 %s.%N" >> /log
exit ${{code}}
"""


def main(results: str, builds: int, name: str, cold: str) -> None:
    """Build once so many builds have come this far, with a compiler that takes its time."""
    compiler = Path("/slow/gcc")
    compiler.parent.mkdir()
    compiler.write_text(SLOW.format(gcc=shutil.which("gcc")), "utf-8")
    compiler.chmod(0o755)
    shutil.copytree(PROJECT, "/src")
    files = [f"more{number}.c" for number in range(FILES)]
    for file in files:
        Path("/src", file).write_text(f"int in_{name}_{file[:-2]};\n", "utf-8")
    lists = Path("/src/CMakeLists.txt")
    lists.write_text(
        lists.read_text("utf-8").replace("ext/module.c", f"ext/module.c {' '.join(files)}")
    )
    meeting = CACHE / f"meeting-{builds}"
    meeting.mkdir(exist_ok=True)
    (meeting / name).touch()
    end = time.monotonic() + 30
    while len(list(meeting.iterdir())) < builds and time.monotonic() < end:
        time.sleep(0.02)
    path = f"/slow:{os.environ['PATH']}"
    build = [sys.executable, "/toolbox/build_wheel.py", "/src", "/built"]
    subprocess.run(build, env={**os.environ, "PATH": path, "COLD": cold}, check=True)
    changes = [line.split() for line in Path("/log").read_text("utf-8").splitlines()]
    noted = {
        "at_once": compiles_at_once(processors(), memory()),
        "changes": [[float(when), int(change)] for change, when in changes],
    }
    Path(results).write_text(json.dumps(noted), "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), *sys.argv[3:])
