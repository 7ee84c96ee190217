"""What an interpreter of the stand-in has to be able to do, run by each of them."""

from __future__ import annotations

import ctypes
import importlib
import locale
import multiprocessing
import os
import socket
import ssl
import sys
import sysconfig
import threading
import zoneinfo
from pathlib import Path

MODULES = [
    *("asyncio", "bz2", "ctypes", "curses.panel", "decimal", "ensurepip", "hashlib", "lzma"),
    *("mmap", "readline", "sqlite3", "ssl", "unicodedata", "uuid", "venv", "zlib", "zoneinfo"),
    *(["distutils", "crypt", "nis"] if sys.version_info < (3, 12) else []),
    *(["compression.zstd"] if sys.version_info >= (3, 14) else []),
]


def square(number: int) -> int:
    return number * number


def main() -> None:
    for module in MODULES:
        importlib.import_module(module)
    for method in ("fork", "spawn", "forkserver"):
        with multiprocessing.get_context(method).Pool(2) as pool:
            assert pool.map(square, range(4)) == [0, 1, 4, 9]
    done: list[int] = []
    threads = [threading.Thread(target=done.append, args=(index,)) for index in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == list(range(20))
    for name in ("C", "C.UTF-8", ""):
        locale.setlocale(locale.LC_ALL, name)
    assert socket.getaddrinfo("localhost", 80)
    assert str(zoneinfo.ZoneInfo("Europe/Paris"))
    assert ssl.create_default_context().get_ca_certs()
    ctypes.CDLL("libstdc++.so.6")

    paths = sysconfig.get_paths()
    assert Path(paths["include"], "Python.h").is_file()
    assert paths["purelib"].endswith("/site-packages")
    assert sysconfig.get_config_var("Py_ENABLE_SHARED") == 0
    print(
        "cp{}{}".format(*sys.version_info[:2]),
        os.confstr("CS_GNU_LIBC_VERSION"),
        sysconfig.get_config_var("CC"),
        sep=";",
    )


if __name__ == "__main__":
    main()
