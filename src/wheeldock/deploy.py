"""
`invoke deploy`: from `dist/` to a package index, and proven there.

Before anything is sent, all that may not be is told at once, and the index is asked what it has.
Files go one at a time. An upload's answer proves nothing: a file is deployed when the index lists
it with its sha256, and until then a second run finishes what a first one did not.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from wheeldock import cargo as cargoes
from wheeldock import credentials, deployment, destination, proof, sessions, tokens
from wheeldock.courier import Courier, Pace
from wheeldock.deployment import Ledger, Stage
from wheeldock.errors import DeploymentRefusedError, StoppedError, UsageError, WheeldockError
from wheeldock.limits import LARGEST_FILE
from wheeldock.phrases import counted
from wheeldock.simpleindex import SimpleIndex, find
from wheeldock.sizes import bytes_of
from wheeldock.state import State
from wheeldock.trustedpublishing import TrustedPublisher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from requests import Session

    from wheeldock.cargo import Cargo
    from wheeldock.credentials import Credential
    from wheeldock.deployment import Deployment
    from wheeldock.deployview import View
    from wheeldock.destination import Destination

    Ask = Callable[[str], bool]
    Credentials = Callable[[], Credential]


@dataclass(frozen=True, kw_only=True)
class Order:
    """What is asked for on the command line; "" is for what is not."""

    dist: str = "dist"
    repository: str = ""
    repository_url: str = ""
    index_url: str = ""
    timeout: str = ""
    """Seconds that a file may take."""
    max_size: str = ""
    """The most that a file may have, e.g. `500MB`."""
    yes: bool = False
    """Whether nobody is asked."""
    dry_run: bool = False
    """Whether nothing is sent."""


def run(
    order: Order,
    *,
    environ: Mapping[str, str],
    view: View,
    ask: Ask | None,
    pace: Pace | None = None,
) -> Deployment:
    """
    Deploy what is in a folder; return what became of it, with every file listed by the index.

    `environ` has the tokens; `ask` is None where nobody can be asked, and then a token of this
    run's environment, or a CI's identity, is the answer. The record is `.wheeldock/deploy.json`.

    Raises UsageError, DeploymentRefusedError, IndexUnreachableError, FileConflictError,
    CredentialsRefusedError, FileRefusedError, UploadFailedError, NotListedError, StoppedError, or
    what State.locked raises. No message has a secret in it.
    """
    secrets = [environ[name] for name in tokens.VARIABLES if environ.get(name)]
    state = State.here()
    with (
        tokens.withheld(os.environ),
        tokens.no_core_dump(),
        _without(secrets),
        state.locked(view.say),
    ):
        return _Run(order, environ, view, pace or Pace(), secrets).deploy(state.deployed, ask)


@contextlib.contextmanager
def _without(secrets: Sequence[str]) -> Iterator[None]:
    """Let no error say a secret: servers and libraries repeat what they are given."""
    try:
        yield
    except WheeldockError as error:
        mask = tokens.Mask(secrets)
        raise type(error)(mask(error.message), cure=mask(error.cure)) from None
    except Exception as error:
        text = str(error)
        if tokens.Mask(secrets)(text) == text:
            raise
        raise RuntimeError(tokens.Mask(secrets)(text)) from None


class _Run:
    """One deployment, from the options to the index's proof."""

    def __init__(
        self,
        order: Order,
        environ: Mapping[str, str],
        view: View,
        pace: Pace,
        secrets: list[str],
    ) -> None:
        self._order = order
        self._environ = environ
        self._view = view
        self._pace = pace
        self._secrets = secrets

    def deploy(self, record: Path, ask: Ask | None) -> Deployment:
        """See `run`."""
        order = self._order
        seconds = _seconds(order.timeout)
        to = destination.resolve(
            order.repository, order.repository_url, order.index_url, self._environ
        )
        self._secrets += filter(None, [to.password])
        bundle = sessions.certificates(to, self._environ)
        largest = _largest(order.max_size, to)
        cargo = cargoes.read(Path(order.dist))
        with sessions.session(bundle, to.client_cert) as session:
            current = self._checked(cargo, to, session, largest)
            auth = (current().username, current().password)
            index = SimpleIndex(to.index_url or find(to.upload_url, session, auth), session, auth)
            begun = deployment.begin(to, index.url, cargo.files)
            ledger = Ledger(begun, None if order.dry_run else record)
            proof.note_listed(ledger, index)
            self._view.plan(ledger.deployment, cargo.left, in_clear=to.is_in_clear)
            if order.dry_run:
                return ledger.deployment
            ledger.write()
            if not ledger.deployment.is_complete:
                self._agreed(current(), ledger.deployment, ask)
                courier = Courier(
                    to,
                    index,
                    ledger,
                    self._view,
                    pace=self._pace,
                    bundle=bundle,
                    environ=self._environ,
                )
                self._send(courier, cargo, current, seconds)
                with self._view.proving(index.url):
                    within = seconds or self._pace.listed_within
                    proof.wait_for(ledger, index, within, self._pace.ask_every)
        self._view.result(ledger.deployment)
        return ledger.deployment

    def _checked(
        self, cargo: Cargo, to: Destination, session: Session, largest: int
    ) -> Credentials:
        """Who uploads. Raises DeploymentRefusedError with all that is wrong."""
        findings = cargoes.errors(cargo, largest, self._view.say)
        problems = [*cargo.problems, *findings]
        given = credentials.given(to, self._environ)
        current: Credentials | None = None
        if given is None:
            publisher = TrustedPublisher(to.upload_url, session, self._secrets.append)
            current = publisher if publisher.offered() else None
        else:
            self._secrets.append(given.password)
            current = lambda: given  # noqa: E731 - as TrustedPublisher is called
            problems += filter(None, [credentials.flaw(given, to)])
        if current is None:
            problems.append(credentials.missing(to))
        if problems or current is None:
            mended = " `invoke verify` shows what mends the files." if findings else ""
            raise DeploymentRefusedError(problems, cure=f"Nothing was sent.{mended}")
        return current

    def _agreed(self, credential: Credential, planned: Deployment, ask: Ask | None) -> None:
        """Go on when the user wants it. Raises StoppedError or UsageError."""
        waiting = sum(file.stage is Stage.WAITING for file in planned.files)
        question = (
            f"Send {counted(waiting, 'file')} of {planned.project} {planned.version} "
            f"to {planned.repository}, with the token of {credential.origin}?"
        )
        if self._order.yes:
            return
        if ask is not None:
            if not ask(question):
                raise StoppedError("nothing was sent")
        elif credential.standing:
            raise UsageError(
                f"{question} Nobody is here to ask, and that token is there for any run",
                cure="`--yes` answers for scripts.",
            )

    def _send(
        self, courier: Courier, cargo: Cargo, current: Credentials, seconds: float | None
    ) -> None:
        with self._view.sending():
            for file in cargo.files:
                courier.deliver(file, current, seconds)


def _largest(asked: str, to: Destination) -> int:
    """Bytes that a file may have there; a repository of one's own has limits of its own."""
    if asked:
        return bytes_of(asked, "--max-size")
    return LARGEST_FILE if to.is_pypi else 1 << 63


def _seconds(text: str) -> float | None:
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise UsageError(f"--timeout: {text!r} is no number of seconds above 0")
    return seconds
