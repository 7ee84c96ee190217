"""
Secrets in distributions: keys and tokens, by their form, and files, by their name.

Most were packed by mistake. Some are public, such as a key of tests: the option `public-secrets`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import basename
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OVERLAP = 4096
"""Bytes of a chunk that are seen again with the next: more than the longest form matches."""

_PRIVATE_KEY = "a private key"
_BEGIN = rb"-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----"
_FORMS = {
    # A library that reads keys has the first line as a constant; a key has Base64 after it.
    _PRIVATE_KEY: _BEGIN + rb"(?:\r?\n|\\n)(?:[\w-]+: [^\n]{0,80}\r?\n|\r?\n){0,4}[\w+/=]{40}",
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
_NAMES = re.compile(
    r"\.env(\.(?!example|sample|template)\w+)?|\.pypirc|\.netrc|\.git-credentials|id_(rsa|dsa|ed25519)"
)


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


@dataclass(frozen=True)
class Secret:
    """A secret in a distribution."""

    path: str
    """Its file, relative to the top of the wheel, or to the sdist's folder."""
    what: str
    is_token: bool = False
    """Whether it opens somebody's account: where it is public, that is hardly ever meant."""

    def is_named_by(self, pattern: str) -> bool:
        """
        Whether a path, or a glob of one, is of its file: no `*` is more than a part of a path.

        A token has to be named by its path as it is.
        """
        if self.is_token:
            return self.path == pattern
        parts, globs = self.path.split("/"), pattern.split("/")
        return len(parts) == len(globs) and all(map(fnmatchcase, parts, globs))


def secrets(files: Iterable[tuple[str, Iterable[str]]]) -> Iterator[Secret]:
    """The secrets of files, by their paths and what a scan of each found."""
    for path, kinds in files:
        if _NAMES.fullmatch(basename(path)):
            yield Secret(path, "files of this name hold secrets")
        for kind in kinds:
            yield Secret(path, f"it has what looks like {kind}", kind != _PRIVATE_KEY)
