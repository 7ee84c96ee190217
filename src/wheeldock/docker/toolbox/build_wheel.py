"""build_wheel.py SOURCE OUTPUT: build the platform wheel of an unpacked sdist into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from frontend import PURE_WHEEL, build, fail
from packaging.utils import parse_wheel_filename

if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    wheel = build("wheel", source, output)
    if all(tag.platform == "any" for tag in parse_wheel_filename(wheel.name)[3]):
        fail(
            PURE_WHEEL,
            f"{wheel.name} is a pure-Python wheel; a platform wheel was due.",
            "The build backend may have gone on without the compiled part: read its log above.",
        )
