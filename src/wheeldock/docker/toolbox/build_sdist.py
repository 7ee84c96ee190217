"""build_sdist.py SOURCE OUTPUT: build the sdist of a source tree into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from frontend import build

if __name__ == "__main__":
    source, output = map(Path, sys.argv[1:])
    build("sdist", source, output)
