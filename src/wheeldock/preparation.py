"""
What a project does to a base image before anything is built on it: system-packages, before-all.

It is done once for all wheels that ask for the same on the same image. Pure, but for looking
which files there are.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from wheeldock.config import TargetOptions
    from wheeldock.environment import Assignment

_PLACES = ("{project}", "{package}", "/project")
_BETWEEN_WORDS = re.compile(r"[\s;&|<>()\"'`$={}]+")
_OUTSIDE = ("/", "-", "~")
_IN_A_GLOB = re.compile(r"[*?\[]")


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """How a base image is prepared; as it stands, not at all."""

    system_packages: tuple[str, ...] = ()
    before_all: str = ""
    environment: tuple[Assignment, ...] = ()
    """The variables of before-all."""
    environment_pass: tuple[str, ...] = ()
    """Names of this machine's variables that it finds, too."""

    @classmethod
    def of(cls, options: TargetOptions) -> Preparation:
        """What a target's options ask for."""
        if not options.before_all:
            return cls(system_packages=options.system_packages)
        return cls(
            system_packages=options.system_packages,
            before_all=options.before_all,
            environment=options.environment,
            environment_pass=options.environment_pass,
        )

    @property
    def options(self) -> list[str]:
        """The options that ask for something."""
        asked = {"system-packages": self.system_packages, "before-all": self.before_all}
        return [option for option, value in asked.items() if value]

    def uses_files(self, project: Path) -> bool:
        """
        Whether before-all has to find the project's files.

        It has to where it names `{project}` or `{package}`, or a path that is there in the
        project; the same holds for the commands in its variables. Where it finds them, it runs
        again when one changes; what it does not name so, it does not find.
        """
        values = (each.value for each in self.environment if re.search(r"[`(]", each.value))
        texts = [self.before_all, *(values if self.before_all else ())]
        if any(place in text for place in _PLACES for text in texts):
            return True
        words = set(chain.from_iterable(map(_BETWEEN_WORDS.split, texts)))
        return any(_is_path(word, project) for word in words)

    def digest(self, files: str) -> str:
        """A digest of all that it depends on, `files` being one of the files that it finds."""
        if not self.options:
            return ""
        variables = [(each.name, each.value) for each in self.environment]
        told = [self.system_packages, self.before_all, variables, self.environment_pass, files]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _is_path(word: str, project: Path) -> bool:
    """Whether a word of a command is the relative path of something, or a glob of such paths."""
    if not word or word.startswith(_OUTSIDE):
        return False
    try:
        return any(_found(word, project))
    except (OSError, ValueError, NotImplementedError):  # no path can be like that
        return False


def _found(word: str, project: Path) -> Iterator[Path]:
    if _IN_A_GLOB.search(word):
        yield from project.glob(word)
    elif (path := project / word).exists():
        yield path
