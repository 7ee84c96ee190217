"""
`invoke release`: tag, build without caches, test, verify, push the tag, deploy.

What can fail comes first, and what cannot be undone last. The tag is made at the beginning, since a
version may come from it, and stays here alone until the wheels have passed everything; the push,
which a remote may refuse, comes before the upload, which no index takes back. A release that
stopped goes on where it stopped, as long as the commit and what was built are the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from wheeldock import releaserecord, releasestart, tagging
from wheeldock.candidate import DIGITS
from wheeldock.errors import ReleaseMismatchError, StoppedError, WheeldockError
from wheeldock.phrases import some
from wheeldock.releaserecord import Step
from wheeldock.state import State
from wheeldock.wheelhouse import read_distribution

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from wheeldock.releasestart import Asked, Start

    Say = Callable[[str], None]
    Ask = Callable[[str], bool]
    Works = Mapping[Step, Callable[[], object]]

_WORKFLOWS = (".github/workflows/*.y*ml", ".gitlab-ci.yml")


def run(asked: Asked, works: Works, *, environ: Mapping[str, str], say: Say, ask: Ask) -> None:
    """
    Release the commit that is checked out, from the step at which the last try stopped.

    `works` has what builds, tests, verifies and deploys; `environ` has the tokens. Raises
    ReleaseMismatchError, StoppedError, and what `releasestart.find` and the steps raise.
    """
    start = releasestart.find(asked, environ, say)
    if set(start.record.done) == set(Step):
        say(f"{start.record.version} is released already, from this commit.")
        return
    for line in _plan(start):
        say(line)
    if asked.dry_run:
        say("Nothing was done.")
        return
    if not asked.yes and not ask(f"Release {start.record.version}?"):
        raise StoppedError("nothing was done")
    _Run(start, works, say, sign=asked.sign).all()


def _plan(start: Start) -> Iterator[str]:
    candidate, record = start.candidate, start.record
    what = {
        Step.TAG: f"{candidate.commit[:DIGITS]} as {record.tag}, here alone for now",
        Step.BUILD: f"{start.output}/ without any cache",
        Step.TEST: "each wheel in clean containers",
        Step.VERIFY: "names, metadata, contents and policy",
        Step.PUSH: f"{record.tag} to {candidate.remote.name}",
        Step.DEPLOY: f"to {record.to}",
    }
    yield f"Release of {candidate.project} {record.version}:"
    for number, (step, text) in enumerate(what.items(), 1):
        done = " (done)" if step in record.done else ""
        yield f"  {number}. {step.value:8}{text}{done}"
    for path in _deploying(candidate.root):
        yield f"note: {path} deploys what is tagged, too: where it does, `invoke tag` is enough"


def _deploying(root: Path) -> Iterator[Path]:
    """The files of a CI that deploy."""
    for glob in _WORKFLOWS:
        for path in sorted(root.glob(glob)):
            if "wheeldock deploy" in path.read_text(encoding="utf-8", errors="replace"):
                yield path.relative_to(root)


class _Run:
    """The steps of one release, each written down once it is done."""

    def __init__(self, start: Start, works: Works, say: Say, *, sign: bool) -> None:
        self._start = start
        self._candidate = start.candidate
        self._record = start.record
        self._say = say
        self._sign = sign
        self._steps = {**works, Step.TAG: self._tag, Step.PUSH: self._push}
        self._state = State.here()

    def all(self) -> None:
        """Do what is not done yet."""
        self._state.create()
        for step in Step:
            if step not in self._record.done:
                self._do(step)
        self._say(f"Released {self._candidate.project} {self._record.version}.")

    def _do(self, step: Step) -> None:
        try:
            self._steps[step]()
            files = self._built() if step is Step.BUILD else None
        except (WheeldockError, OSError, KeyboardInterrupt):
            self._tell_of_stop(step)
            raise
        self._record = self._record.with_done(step, files)
        releaserecord.write(self._record, self._state.released)

    def _tag(self) -> None:
        if self._start.left_over:
            tagging.take_back(self._candidate, self._say)
        tagging.make(self._candidate, self._say, sign=self._sign)

    def _push(self) -> None:
        tagging.push(self._candidate, self._say)

    def _built(self) -> dict[str, str]:
        """What was built, and its hashes. Raises ReleaseMismatchError for anything else."""
        folder, version = self._start.output, self._record.version
        name = canonicalize_name(self._candidate.project)
        built = [each for path in sorted(folder.iterdir()) if (each := read_distribution(path))]
        others = [d.path.name for d in built if (d.name, str(d.version)) != (name, version)]
        if others or not built:
            has = some(others) or "nothing"
            raise ReleaseMismatchError(
                f"{self._record.tag} is a tag of {version}, and {folder} has {has}",
                cure="Remove what is not of it, or mend the project's version and commit that.",
            )
        return {distribution.path.name: distribution.sha256() for distribution in built}

    def _tell_of_stop(self, step: Step) -> None:
        number = list(Step).index(step) + 1
        where = f"step {number}, {step.value}: `invoke release` goes on there"
        self._say(f"The release of {self._record.version} stopped at {where}.")
        if Step.TAG in self._record.done and Step.PUSH not in self._record.done:
            self._say(
                f"The tag {self._record.tag} is here alone, and nothing is published. With another "
                "commit, `invoke release` begins anew and makes the tag there."
            )
