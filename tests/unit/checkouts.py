"""Git checkouts of small projects, each with a bare remote beside it, and a package index."""

from __future__ import annotations

import http.server
import os
import shutil
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

STATED = '[project]\nname = "Tiny"\nversion = "1.0"\n'
FROM_TAG = """\
[build-system]
requires = ["setuptools", "setuptools-scm"]
[project]
name = "tiny"
dynamic = ["version"]
"""
CHANGELOG = "# Changelog\n\n## 1.1\n\n### Added\n\n- More.\n\n## 1.0\n\n- All.\n\n## 0.9\n"


class Checkout:
    """A checkout whose branch main is pushed to a bare repository, origin."""

    def __init__(self, home: Path, pyproject: str) -> None:
        self.folder, self.remote = home / "tiny", home / "remote.git"
        self.folder.mkdir()
        git(home, "init", "--bare", str(self.remote))
        git(self.folder, "init")
        self.write("pyproject.toml", pyproject)
        self.write("CHANGELOG.md", CHANGELOG)
        self.write(".gitignore", "dist/\n")
        self.commit("begin")
        git(self.folder, "remote", "add", "origin", str(self.remote))
        self.git("push", "--set-upstream", "origin", "main")

    def git(self, *arguments: str) -> str:
        return git(self.folder, *arguments)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def commit(self, message: str) -> None:
        self.git("add", ".")
        self.git("commit", "--allow-empty", "-m", message)

    def push(self) -> None:
        self.git("push", "origin", "main")

    def head(self) -> str:
        return self.git("rev-parse", "HEAD")

    def tags(self) -> list[str]:
        return self.git("tag", "--list").split()

    def pushed(self) -> list[str]:
        """The tags that the remote has."""
        return git(self.remote, "tag", "--list").split()


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def isolate(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Let Git see an identity, and nothing of this machine's configuration."""
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "A Person")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "person@example.com")


def belongs_to_another(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """Let Git, which is put in a new folder, refuse checkouts as those before 2.38 do."""
    real = shutil.which("git")
    folder.mkdir()
    script = f"""#!/bin/sh
for word; do
    shift
    if [ "$word" = "safe.directory=*" ]; then word=x.y=z; fi
    set -- "$@" "$word"
done
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_TEST_ASSUME_DIFFERENT_OWNER=1
exec {real} "$@"
"""
    (folder / "git").write_text(script)
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@contextmanager
def serving(pages: dict[str, str]) -> Iterator[str]:
    """Serve pages of a Simple API (PEP 503), by project, on loopback; its URL is yielded."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path.strip("/").rpartition("/")[2])
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write((page or "").encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/simple/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
