"""How a step ends that cannot go on: with a code and lines that wheeldock knows."""

from __future__ import annotations

import sys
from typing import NoReturn

BUILD_FAILED = 30


def fail(code: int, *lines: str) -> NoReturn:
    """End with an exit code that wheeldock knows, and the lines that it shows for it."""
    for line in lines:
        print(f"wheeldock: {line}", file=sys.stderr)
    sys.exit(code)
