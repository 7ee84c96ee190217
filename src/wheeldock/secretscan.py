"""Secrets that were packed by mistake: keys and tokens whose form alone tells what they are."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

OVERLAP = 4096
"""Bytes of a chunk that are seen again with the next: more than the longest form matches."""

_BEGIN = rb"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"
_FORMS = {
    # A library that reads keys has the first line as a constant; a key has Base64 after it.
    "a private key": _BEGIN + rb"(?:\r?\n|\\n)(?:[\w-]+: [^\n]{0,80}\r?\n|\r?\n){0,4}[\w+/=]{40}",
    "a token of PyPI": rb"pypi-AgE[\w-]{60}",
    "an access key of AWS": rb"(?<![A-Z0-9])A(?:KIA|SIA)(?![A-Z2-7]{9}EXAMPLE)[A-Z2-7]{16}"
    rb"(?![A-Z0-9])",
    "a token of GitHub": rb"(?<!\w)(?:gh[oprsu]_[A-Za-z0-9]{36}|github_pat_\w{82})(?!\w)",
    "a token of npm": rb"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)",
    "a token of Slack": rb"(?<!\w)xox[abpr]-[0-9]{10,13}-[\w-]{20}",
}
_ANY = re.compile(
    b"|".join(b"(?P<f%d>%s)" % (index, form) for index, form in enumerate(_FORMS.values()))
)
_KINDS = tuple(_FORMS)


@dataclass
class SecretScan:
    """Looks through a file chunk by chunk; `found` has what it saw, never the secret itself."""

    found: list[str] = field(default_factory=list)
    _before: bytes = b""

    def update(self, chunk: bytes) -> None:
        """Look through the next chunk."""
        data = self._before + chunk
        for match in _ANY.finditer(data):
            kind = _KINDS[int((match.lastgroup or "f0")[1:])]
            if kind not in self.found:
                self.found.append(kind)
        self._before = data[-OVERLAP:]
