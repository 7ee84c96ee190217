"""A folder that is deployed from; each run is searched for its token."""

from __future__ import annotations

import base64
import io
import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from tests.integration import distributions
from tests.integration.indexes import USER
from tests.integration.workplace import COMMAND, Ended

from wheeldock import deploy
from wheeldock.courier import Pace
from wheeldock.deployview import View
from wheeldock.errors import WheeldockError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from wheeldock.deployment import Deployment

QUICK = Pace(tries=3, first_wait=0.05, ask_every=0.1, listed_within=2.0)
WHEEL = "tiny-1.0-py3-none-any.whl"
SDIST = "tiny-1.0.tar.gz"


@dataclass
class Dock:
    """A project's folder with `dist`; `said` is all that was said and raised in it."""

    folder: Path
    token: str
    said: str = ""

    @property
    def dist(self) -> Path:
        return self.folder / "dist"

    @property
    def record(self) -> Path:
        return self.folder / ".wheeldock/deploy.json"

    def fill(self) -> None:
        """Put a wheel and an sdist into `dist`."""
        distributions.wheel(self.dist, "tiny", "1.0")
        distributions.sdist(self.dist, "tiny", "1.0")

    def deploy(
        self, url: str, pace: Pace = QUICK, token: str | None = None, **options: object
    ) -> Deployment:
        """Deploy with this process, so that a test can be impatient; raises what `run` raises."""
        console = Console(file=io.StringIO(), width=200)
        environ = {
            **os.environ,
            "WHEELDOCK_REPOSITORY_TOKEN": self.token if token is None else token,
        }
        order = deploy.Order(repository_url=url, **options)  # type: ignore[arg-type]
        try:
            return deploy.run(order, environ=environ, view=View(console), ask=None, pace=pace)
        except WheeldockError as error:
            self.said += f"{error.message}\n{error.cure}\n"
            raise
        finally:
            self.said += console.file.getvalue()  # type: ignore[attr-defined]
            self.check_secrecy()

    def command(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Ended:
        """Run the command, where nobody can be asked."""
        done = subprocess.run(
            [COMMAND, "deploy", *arguments],
            check=False,
            cwd=self.folder,
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        self.said += done.stdout + done.stderr
        self.check_secrecy()
        return Ended(done.returncode, done.stdout, done.stderr)

    def check_secrecy(self) -> None:
        """The token is in nothing that was said or written."""
        basic = base64.b64encode(f"{USER}:{self.token}".encode()).decode()
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        texts = {"output": self.said.encode(), **{str(path): path.read_bytes() for path in files}}
        for place, text in texts.items():
            assert self.token.encode() not in text, place
            assert basic.encode() not in text, place
        assert "Traceback" not in self.said

    def install(self, index_url: str) -> str:
        """What pip installs of it from an index, into a folder of its own."""
        target = self.folder / "installed"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-cache-dir"]
        command += ["--index-url", index_url, "--target", str(target), "tiny==1.0"]
        own = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
        subprocess.run(command, check=True, env={**os.environ, **own})
        return (target / "tiny/__init__.py").read_text()
