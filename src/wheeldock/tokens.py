"""
Tokens of package indexes: kept from every program but the upload, from core dumps and from view.

A variable of the environment is how a token is given. While a task runs, this process has none of
them, so that no program that it starts has: no engine, no build, no Git.
"""

from __future__ import annotations

import base64
import contextlib
import ctypes
import re
import resource
from typing import TYPE_CHECKING
from urllib.parse import quote

from wheeldock.errors import DeploymentRefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, MutableMapping, Sequence

PYPI, TEST_PYPI, REPOSITORY = "PYPI_TOKEN", "TEST_PYPI_TOKEN", "WHEELDOCK_REPOSITORY_TOKEN"
"""The variables that have a token for PyPI, for TestPyPI and for every other repository."""

TWINE = "TWINE_PASSWORD"
"""Where twine looks for one."""

VARIABLES = (PYPI, TEST_PYPI, REPOSITORY, TWINE)

MASK = "***"

_IN_AN_ARGUMENT = re.compile(r"pypi-(?:AgE[\w-]{8}|[\w-]{50})")
"""PyPI's tokens: a serialised macaroon begins so, and no project's name is so long."""

_SHORTEST = 4
"""A secret of fewer characters is a word that may stand anywhere, and is not looked for."""

_PR_GET_DUMPABLE, _PR_SET_DUMPABLE = 3, 4


class Environment(dict[str, str]):
    """Variables of which some have tokens; what is shown of it are the names."""

    def __repr__(self) -> str:
        return f"<environment: {', '.join(sorted(self))}>"


@contextlib.contextmanager
def withheld(environ: MutableMapping[str, str]) -> Iterator[Mapping[str, str]]:
    """Take the tokens out of an environment for a while; give the environment with them."""
    whole = Environment(environ)
    taken = {name: environ.pop(name) for name in VARIABLES if name in environ}
    try:
        yield whole
    finally:
        environ.update(taken)


@contextlib.contextmanager
def no_core_dump() -> Iterator[None]:
    """
    Let this process, and those that it starts, leave no image of their memory.

    A limit of 0 keeps the system from writing one; Linux hands one to a program that collects
    them regardless, unless the process is marked (prctl(2)), which those it starts are not.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, hard))
    prctl = getattr(ctypes.CDLL(None), "prctl", lambda *_: 0)
    marked = prctl(_PR_GET_DUMPABLE)
    prctl(_PR_SET_DUMPABLE, 0)
    try:
        yield
    finally:
        prctl(_PR_SET_DUMPABLE, 1 if marked == 1 else 0)
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


def refuse_in_arguments(arguments: Sequence[str]) -> None:
    """
    Refuse a command line that has one of PyPI's tokens: every user of the machine can read it.

    Raises DeploymentRefusedError, which does not say it again.
    """
    for place, argument in enumerate(arguments):
        if _IN_AN_ARGUMENT.search(argument):
            raise DeploymentRefusedError(
                [f"argument {place} has a token in it, which every user of this machine can read"],
                cure=f"Revoke that token; give a new one as {PYPI} in the environment.",
            )


class Mask:
    """Puts `***` in the place of secrets, however they are written."""

    def __init__(self, secrets: Iterable[str]) -> None:
        forms = {form for secret in secrets if len(secret) >= _SHORTEST for form in _forms(secret)}
        longest_first = sorted(forms, key=lambda form: (-len(form), form))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, text: str) -> str:
        """The text without the secrets."""
        return self._pattern.sub(MASK, text)


def _forms(secret: str) -> Iterator[str]:
    """A secret as it is, as a URL has it, and what is in any base64 text that it is a part of."""
    yield secret
    yield quote(secret, safe="")
    data = secret.encode()
    for before in range(3):
        # Characters at both ends are of what stands beside it, too.
        first, last = -(-before * 4 // 3), (before + len(data)) * 4 // 3
        inside = base64.b64encode(b"\0" * before + data).decode()[first:last]
        yield inside
        yield inside.translate(str.maketrans("+/", "-_"))
