"""Imports every extension module of this interpreter: each finds its libraries, or this fails."""

import importlib
import sys
import sysconfig
from pathlib import Path

folder = Path(sysconfig.get_path("platstdlib"), "lib-dynload")
names = sorted(path.name.partition(".")[0] for path in folder.glob("*.so"))
for name in names:
    importlib.import_module(name)
print(f"{sys.version.split()[0]}: {len(names)} extension modules import")
