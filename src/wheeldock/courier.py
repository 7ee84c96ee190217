"""One file, brought to an index: sent, asked for where the answer is unclear, sent again."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_result,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from wheeldock import deployment, proof, uploading
from wheeldock.deployment import Attempt, Stage
from wheeldock.errors import (
    CredentialsRefusedError,
    FileRefusedError,
    IndexUnreachableError,
    UploadFailedError,
)
from wheeldock.uploading import Answer, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from wheeldock.credentials import Credential
    from wheeldock.deployment import Ledger
    from wheeldock.deployview import View
    from wheeldock.destination import Destination
    from wheeldock.simpleindex import SimpleIndex
    from wheeldock.wheelhouse import Distribution


@dataclass(frozen=True)
class Pace:
    """How patient a deployment is, in seconds."""

    tries: int = 5
    """How often a file is sent."""
    first_wait: float = 2.0
    """Before the second try; each wait is twice as long, and a random part longer."""
    longest_wait: float = 60.0
    ask_every: float = 3.0
    """How long the index has until it is asked again."""
    listed_within: float = 300.0
    """How long it may take to list what was sent."""


class Courier:
    """Brings files to a destination, one at a time, and writes down each step."""

    def __init__(
        self,
        to: Destination,
        index: SimpleIndex,
        ledger: Ledger,
        view: View,
        *,
        pace: Pace,
        bundle: str,
        environ: Mapping[str, str],
    ) -> None:
        self._to = to
        self._index = index
        self._ledger = ledger
        self._view = view
        self._pace = pace
        self._bundle = bundle
        self._environ = environ

    def deliver(
        self, file: Distribution, current: Callable[[], Credential], seconds: float | None
    ) -> None:
        """
        Bring a file there, unless it is; `seconds` is what each try may take.

        Raises CredentialsRefusedError, FileRefusedError, FileConflictError or UploadFailedError.
        """
        if self._stage(file) is not Stage.WAITING:
            return
        limit = seconds or uploading.seconds_for(file.size)
        retrying = Retrying(
            stop=stop_after_attempt(self._pace.tries),
            wait=self._wait,
            retry=retry_if_result(lambda answer: self._is_lost(file, answer)),
            before_sleep=lambda state: self._view.again(_answer(state), state.upcoming_sleep),
            retry_error_callback=_answer,
        )
        self._judge(file, retrying(self._send, file, current, limit))

    def _send(
        self, file: Distribution, current: Callable[[], Credential], seconds: float
    ) -> Answer:
        began, at = time.monotonic(), deployment.now()
        with self._view.file(file.path.name, file.size) as progress:
            answer = uploading.send(
                file.path,
                self._to,
                current(),
                ca_bundle=self._bundle,
                environ=self._environ,
                seconds=seconds,
                progress=progress,
            )
        took = round(time.monotonic() - began, 1)
        attempt = Attempt(at=at, seconds=took, said=answer.said)
        taken = answer.verdict is Verdict.TAKEN
        stage = Stage.SENT if taken else Stage.FAILED
        self._ledger.note(file.path.name, stage, attempt=attempt)
        return answer

    def _is_lost(self, file: Distribution, answer: Answer) -> bool:
        """Whether the file has to be sent again: the index alone knows."""
        return answer.verdict is Verdict.UNCLEAR and not self._has_arrived(file)

    def _has_arrived(self, file: Distribution) -> bool:
        """Whether the index lists it. Raises FileConflictError."""
        with contextlib.suppress(IndexUnreachableError):
            proof.note_listed(self._ledger, self._index)
        return self._stage(file) is Stage.LISTED

    def _judge(self, file: Distribution, answer: Answer) -> None:
        """Go on when the file is there, or may be. Raises what `deliver` raises."""
        name, place = file.path.name, self._to.upload_url
        if answer.verdict is Verdict.TAKEN or self._stage(file) is Stage.LISTED:
            return
        if answer.verdict is Verdict.BARRED:
            raise CredentialsRefusedError(
                f"{name}: {place} answers {answer.said}",
                cure="Check that the token is valid, and that it is one for this project. "
                "TWINE_USERNAME names the user of a repository that does not know __token__.",
            )
        if answer.verdict is Verdict.REFUSED:
            if self._has_arrived(file):
                return
            if self._was_unclear(file) and answer.claims_there:
                # An index may list late what arrived with a try whose answer was lost.
                self._ledger.note(name, Stage.SENT)
                return
            raise FileRefusedError(
                f"{name}: {place} answers {answer.said}",
                cure="What was sent before it stays there; deploy again when it is mended.",
            )
        raise UploadFailedError(
            f"{name}: sent {self._pace.tries} times to {place}; the last time: {answer.said}",
            cure="Deploy again: what is there by then is left alone, and the rest is sent.",
        )

    def _stage(self, file: Distribution) -> Stage:
        return self._record(file).stage

    def _was_unclear(self, file: Distribution) -> bool:
        return len(self._record(file).attempts) > 1

    def _record(self, file: Distribution) -> deployment.FileRecord:
        files = self._ledger.deployment.files
        return next(record for record in files if record.file == file.path.name)

    def _wait(self, state: RetryCallState) -> float:
        """How long to wait: what the repository asks for, or longer each time."""
        first, longest = self._pace.first_wait, self._pace.longest_wait
        longer = wait_exponential(first, max=longest) + wait_random(0, first / 2)
        return max(longer(state), _answer(state).retry_after)


def _answer(state: RetryCallState) -> Answer:
    """What the last try came to."""
    if state.outcome is None:
        raise AssertionError
    answer: Answer = state.outcome.result()
    return answer
