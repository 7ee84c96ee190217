"""
The program that sends one file with twine, once, in a process of its own.

What to send is a line of JSON on its input, the token is in its environment, and what it says on
its output are lines of JSON: how much is sent, then what the repository answered. It has no time
limit and tries nothing twice: its parent does both.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any, TextIO

from requests import RequestException
from requests.adapters import HTTPAdapter
from twine.exceptions import TwineException
from twine.package import PackageFile
from twine.settings import Settings

from wheeldock.sessions import reason
from wheeldock.tokens import Mask, no_core_dump

if TYPE_CHECKING:
    from requests import PreparedRequest, Response
    from twine.repository import Repository

_CONNECT_SECONDS = 30.0
_GRACE_SECONDS = 60
_MOST = 2000
"""Characters of an answer's text that are told."""
_STEPS = 200
"""How often it is told how much is sent."""


class _Watched(HTTPAdapter):
    """Tells how much of a request's body is sent; waits for an answer without an end."""

    def __init__(self, say: TextIO) -> None:
        super().__init__()
        self._say = say
        self._told = 0

    def send(self, request: PreparedRequest, *args: Any, **keywords: Any) -> Response:  # noqa: ANN401
        """Send it."""
        # twine's body is one that calls for each part that is read.
        request.body.callback = self._tell  # type: ignore[union-attr]
        keywords["timeout"] = (_CONNECT_SECONDS, None)
        return super().send(request, *args, **keywords)

    def _tell(self, body: Any) -> None:  # noqa: ANN401 - requests_toolbelt's, which is untyped
        if body.bytes_read - self._told >= body.len / _STEPS or body.bytes_read == body.len:
            self._told = body.bytes_read
            _tell(self._say, sent=body.bytes_read, of=body.len)


def _tell(say: TextIO, **fields: object) -> None:
    say.write(json.dumps(fields) + "\n")
    say.flush()


def main() -> None:
    """Send the file that the input names."""
    with no_core_dump():
        job = json.loads(sys.stdin.readline())
        password = os.environ.pop("TWINE_PASSWORD")
        # Its parent ends it in time, unless that has been ended itself.
        signal.alarm(int(job["seconds"]) + _GRACE_SECONDS)
        say = sys.stdout
        # What twine says of retries is not so: this is the only one.
        logging.disable()
        with redirect_stdout(sys.stderr):
            answer = _send(job, password, say)
        mask = Mask([password])
        # A secret that was cut in two would not be found.
        masked = {k: mask(v)[:_MOST] if isinstance(v, str) else v for k, v in answer.items()}
        _tell(say, **masked)


def _send(job: dict[str, Any], password: str, say: TextIO) -> dict[str, Any]:
    """What became of it: an HTTP `status` with `reason`, `text` and headers, or a `failure`."""
    try:
        package = PackageFile.from_filename(job["file"], comment=None)
    except Exception as error:  # noqa: BLE001 - whatever is wrong with a file, it stays so
        return {"failure": f"{job['file']}: {error}", "final": True}
    try:
        answer = _repository(job, password, say).upload(package, max_redirects=1)
    except TwineException as error:
        return {"failure": str(error), "final": True}
    except (RequestException, OSError) as error:
        return {"failure": reason(error) or type(error).__name__}
    return {
        "status": answer.status_code,
        "reason": answer.reason or "",
        "text": answer.text,
        "location": answer.headers.get("Location", ""),
        "retry_after": answer.headers.get("Retry-After", ""),
    }


def _repository(job: dict[str, Any], password: str, say: TextIO) -> Repository:
    settings = Settings(
        repository_url=job["url"],
        username=job["username"],
        password=password,
        cacert=job["ca_bundle"] or None,
        client_cert=job["client_cert"] or None,
        non_interactive=True,
        disable_progress_bar=True,
    )
    repository = settings.create_repository()
    for scheme in ("http://", "https://"):
        repository.session.mount(scheme, _Watched(say))
    return repository


if __name__ == "__main__":
    main()
