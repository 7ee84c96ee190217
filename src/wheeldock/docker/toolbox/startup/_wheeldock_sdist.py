"""
What each Python of a build environment does first: leave it to wheeldock to compress an sdist.

`build_sdist.py` packs what a build backend makes anew, and names the folder that it is made in.
Nothing else that is compressed is meant: it may ship, or be looked at.
"""

from __future__ import annotations

import os
import sys

from _wheeldock_loading import after

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

_FOLDER = os.environ.get("WHEELDOCK_PACKED_AGAIN", "")


def _is_packed_again(path: object) -> bool:
    if not isinstance(path, (str, os.PathLike)):
        return False
    name = os.path.abspath(os.fsdecode(path))  # noqa: PTH100 - pathlib takes long to import
    return name.startswith(f"{_FOLDER}/") and name.endswith(".tar.gz")


def _change_gzip(gzip: ModuleType) -> None:
    own = gzip.GzipFile.__init__

    def opened(
        self: object,
        filename: object = None,
        mode: str | None = None,
        compresslevel: int = 9,
        *others: object,
        **named: object,
    ) -> None:
        level = 0 if _is_packed_again(filename) else compresslevel
        own(self, filename, mode, level, *others, **named)

    gzip.GzipFile.__init__ = opened


def _change_tarfile(tarfile: ModuleType) -> None:
    # Setuptools writes a stream, which tarfile compresses itself.
    module, own = vars(tarfile), tarfile.open

    def opened(name: object = None, mode: str = "r", *others: object, **named: object) -> object:
        if mode == "w|gz" and _is_packed_again(name):
            named["compresslevel"] = 0
        return own(name, mode, *others, **named)

    module["open"] = opened


if _FOLDER:
    after("gzip", _change_gzip)
    if sys.version_info >= (3, 12):  # before, a stream has but one level
        after("tarfile", _change_tarfile)
