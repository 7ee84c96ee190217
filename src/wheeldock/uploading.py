"""One file, sent once: twine in a process of its own, with a limit by the clock."""

from __future__ import annotations

import email.utils
import html
import json
import os
import re
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timezone
from enum import Enum
from typing import TYPE_CHECKING, Any

from wheeldock import tokens

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from wheeldock.credentials import Credential
    from wheeldock.destination import Destination

    Progress = Callable[[int, int], None]
    """Is told how many bytes are sent, and of how many."""

_FIRST_SECONDS = 120.0
_BYTES_A_SECOND = 50_000
"""What a slow line carries."""
_LONGEST_WAIT = 600.0
"""Seconds that a repository may ask for."""
_SHOWN = 300
"""Characters of what a repository says."""

_MARKUP = re.compile(r"<(style|script)\b.*?</\1\s*>|<[^>]*>", re.DOTALL | re.IGNORECASE)
"""What of a page nobody reads."""

_UNAUTHORIZED = {401, 403}
_CONFLICTS = {400, 409}
"""Of a name that is taken; which of them it is, repositories do not agree on."""
_PASSING = {408, 425, 429}
"""Answers to a client (RFC 9110, RFC 8470, RFC 6585) that another try may change."""


class Verdict(Enum):
    """What an upload's answer is worth; that a file is there is what the index alone says."""

    TAKEN = "taken"
    UNCLEAR = "unclear"
    """It may have arrived or not, and may be tried again."""
    REFUSED = "refused"
    BARRED = "barred"
    """It is not the file that is refused but who sends it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What became of one try."""

    verdict: Verdict
    said: str
    """For people, in a line, without any secret."""
    claims_there: bool = False
    """Whether the repository says that it has a file of that name."""
    retry_after: float = 0.0
    """Seconds that the repository asks to wait."""


def seconds_for(size: int) -> float:
    """How long a file of that many bytes may take."""
    return _FIRST_SECONDS + size / _BYTES_A_SECOND


def send(
    file: Path,
    destination: Destination,
    credential: Credential,
    *,
    ca_bundle: str,
    environ: Mapping[str, str],
    seconds: float,
    progress: Progress,
) -> Answer:
    """Send a file. The child's environment has the token, and nothing else ever has."""
    job = {
        "file": str(file.absolute()),
        "url": destination.upload_url,
        "username": credential.username,
        "ca_bundle": ca_bundle,
        "client_cert": destination.client_cert,
        "seconds": seconds,
    }
    own = {name: value for name, value in environ.items() if name not in tokens.VARIABLES}
    if ca_bundle:
        # For requests it is stronger than what twine is told.
        own["REQUESTS_CA_BUNDLE"] = ca_bundle
    with subprocess.Popen(
        [sys.executable, "-m", "wheeldock.uploader"],
        # What lies in the working directory would be imported.
        cwd=os.sep,
        env={**own, tokens.TWINE: credential.password, "PYTHONUNBUFFERED": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    ) as child:
        limit = threading.Timer(seconds, child.kill)
        limit.start()
        began = time.monotonic()
        try:
            told, noise = _listen(child, job, progress)
        finally:
            limit.cancel()
            child.kill()
    if not told and time.monotonic() - began >= seconds:
        return Answer(verdict=Verdict.UNCLEAR, said=f"no answer in {seconds:.0f} s")
    mask = tokens.Mask([credential.password])
    return _answer({"failure": f"twine ended: {noise}", **told}, mask)


def _listen(
    child: subprocess.Popen[str], job: Mapping[str, object], progress: Progress
) -> tuple[dict[str, Any], str]:
    """Hand the child its job; return what it tells at the end, and the last line of the rest."""
    told: dict[str, Any] = {}
    noise = "without a word"
    if child.stdin is None or child.stdout is None:
        raise AssertionError
    try:
        child.stdin.write(json.dumps(job) + "\n")
        child.stdin.close()
    except BrokenPipeError:
        pass
    for line in child.stdout:
        try:
            fields = json.loads(line)
        except ValueError:
            noise = line.strip() or noise
            continue
        if "sent" in fields:
            progress(fields["sent"], fields["of"])
        else:
            told = fields
    return told, noise


def _answer(told: Mapping[str, Any], mask: tokens.Mask) -> Answer:
    if "status" not in told:
        verdict = Verdict.REFUSED if told.get("final") else Verdict.UNCLEAR
        return Answer(verdict=verdict, said=mask(_line(told["failure"])))
    status = int(told["status"])
    said = " ".join(filter(None, [str(status), _line(told["reason"]), _hint(told)]))
    return Answer(
        verdict=_verdict(status, told["location"]),
        said=mask(said),
        claims_there=status in _CONFLICTS and "exist" in f"{told['reason']} {told['text']}".lower(),
        retry_after=_wait(told["retry_after"]),
    )


def _verdict(status: int, location: str) -> Verdict:
    if status in _UNAUTHORIZED:
        return Verdict.BARRED
    if status in _PASSING:
        return Verdict.UNCLEAR
    family = status // 100
    if family == 2:  # noqa: PLR2004 - RFC 9110 calls it successful
        return Verdict.TAKEN
    return Verdict.REFUSED if family == 4 or location else Verdict.UNCLEAR  # noqa: PLR2004


def _hint(told: Mapping[str, Any]) -> str:
    """Where it leads to, or what an error's text says."""
    if told["location"]:
        return f"(it leads to {_line(told['location'])})"
    is_error = int(told["status"]) >= 400  # noqa: PLR2004
    text = _line(html.unescape(_MARKUP.sub(" ", told["text"]))) if is_error else ""
    return f"({text})" if text and text != told["reason"] else ""


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]}…"


def _wait(header: str) -> float:
    """The seconds of a Retry-After header: a number of them, or a date (RFC 9110, 10.2.3)."""
    try:
        seconds = float(header)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(header)
            seconds = (date - datetime.now(timezone.utc)).total_seconds()
        except (ValueError, TypeError):
            return 0.0
    return min(seconds, _LONGEST_WAIT) if seconds > 0 else 0.0
