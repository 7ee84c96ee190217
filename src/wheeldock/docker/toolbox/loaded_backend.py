"""
loaded_backend.py FD MODULE: load a build backend, and run each hook that is asked for in a fork.

`hooks.py` asks for it, over a socket, with a line of JSON, and gets the exit code. This runs in
the environment's Python, whichever that is, and imports next to nothing but the backend.
"""

# A backend finds nothing loaded that pyproject_hooks would not load either, but for `runpy`.
# ruff: noqa: PTH120, PTH208
from __future__ import annotations

import gc
import json
import os
import sys
from importlib import import_module
from runpy import run_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def load(module: str) -> bool:
    """Load the backend; whether it is there to be forked."""
    own = os.path.dirname(__file__)
    sys.path[:] = [folder for folder in sys.path if folder != own]
    if sys.implementation.name != "cpython":
        return False
    # What is loaded stays, in each fork, which need not look through it, nor copy it for that.
    gc.disable()
    try:
        import_module(module)
    except BaseException:  # noqa: BLE001 - the hook will say it
        return False
    gc.freeze()
    gc.enable()
    # A fork would be without all threads but one.
    return len(os.listdir("/proc/self/task")) == 1


def next_hook(asked: int) -> dict[str, Any]:
    """In a fork, the hook that is to be run there; elsewhere nothing, once none is asked for."""
    with open(asked, closefd=False) as questions:
        for question in questions:
            sys.stdout.flush()
            sys.stderr.flush()
            child = os.fork()
            if not child:
                return dict(json.loads(question))
            status = os.waitpid(child, 0)[1]
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)
            os.write(asked, str(code).encode())
    return {}


if __name__ == "__main__":
    asked = int(sys.argv[1])
    hook = next_hook(asked) if load(sys.argv[2]) else {}
    os.close(asked)
    if hook:
        os.environ.clear()
        os.environ.update(hook["environ"])
        sys.argv[:] = hook["arguments"]
        run_path(sys.argv[0], run_name="__main__")
