"""
`invoke init`: make a project one that wheeldock builds.

It writes a `[tool.wheeldock]` from `[tool.cibuildwheel]`, a tasks.py, a Makefile and a CI's files,
shows all of that before, and leaves files that are there as they are.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING

from wheeldock import config, pyproject, tagname
from wheeldock.ci import chosen as services_of
from wheeldock.ci import texts as ci_files
from wheeldock.dialects import CIBUILDWHEEL, WHEELDOCK
from wheeldock.git import GitError
from wheeldock.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from wheeldock.ci import Service
    from wheeldock.config import Config

    Say = Callable[[str], None]
    Confirm = Callable[[str], bool]

PYPROJECT = "pyproject.toml"

TEMPLATES: Mapping[str, str] = {
    "tasks.py": "tasks.py.txt",
    "Makefile": "Makefile.txt",
}
"""What is written for every project, by path, and the resource that it is made of."""

_WORKFLOWS = (".github/workflows/*.y*ml", ".gitlab-ci.yml", ".cirrus.yml", "azure-pipelines.yml")


@dataclass(frozen=True)
class Change:
    """A file to write."""

    path: str
    before: str | None
    """Its text, None where there is no file yet."""
    after: str

    def diff(self) -> str:
        """The change as `diff -u` shows it."""
        name = self.path if self.before is not None else "/dev/null"
        lines = difflib.unified_diff(
            (self.before or "").splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            name,
            self.path,
        )
        return "".join(lines).rstrip()


@dataclass(frozen=True)
class Proposal:
    """What to write, and what to know of it."""

    changes: tuple[Change, ...]
    remarks: tuple[str, ...]


def run(folder: Path, *, ci: str, yes: bool, overwrite: bool, say: Say, confirm: Confirm) -> None:
    """
    Propose what to write in a project's folder, and write it when that is confirmed.

    `ci` says for which CI, as `ci.chosen` takes it. Raises ConfigurationError when the project's
    configuration is wrong, or UsageError.
    """
    proposal = propose(folder, services=services_of(ci, folder), overwrite=overwrite)
    for change in proposal.changes:
        say(change.diff())
    for remark in proposal.remarks:
        say(remark)
    if not proposal.changes:
        say("There is nothing to write.")
        return
    names = ", ".join(change.path for change in proposal.changes)
    if not yes and not confirm(f"Write {names}?"):
        return
    for change in proposal.changes:
        path = folder / change.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(change.after, encoding="utf-8")
    say(f"Wrote {names}.")


def propose(folder: Path, *, services: tuple[Service, ...], overwrite: bool = False) -> Proposal:
    """What to write; only with `overwrite` in place of files that are there."""
    before = _text(folder / PYPROJECT) or ""
    tool, settings = _read(before)
    changes, remarks = _of_pyproject(before, tool, settings)
    texts = {path: _template(resource) for path, resource in TEMPLATES.items()}
    for path, text in {**texts, **ci_files(services, _tag_format(folder, settings))}.items():
        change = Change(path, _text(folder / path), text)
        if change.before is None or (overwrite and change.before != change.after):
            changes.append(change)
        elif change.before != change.after:
            remarks.append(f"{path} is there and stays as it is; --overwrite would replace it")
    if not any((folder / name).is_file() for name in (PYPROJECT, "setup.py")):
        remarks.append(f"{folder} is no Python project yet: it has no {PYPROJECT} and no setup.py")
    return Proposal(tuple(changes), (*remarks, *_variables(folder)))


def _read(text: str) -> tuple[pyproject.Table, Config]:
    """The `[tool]` of a pyproject.toml, and what it configures. Raises ConfigurationError."""
    tool = pyproject.tools(pyproject.parse(text.encode(), PYPROJECT), PYPROJECT)
    return tool, config.load(tool, path=PYPROJECT, environ={}, overrides={})


def _of_pyproject(
    text: str, tool: pyproject.Table, settings: Config
) -> tuple[list[Change], list[str]]:
    if WHEELDOCK.name in tool or CIBUILDWHEEL.name not in tool:
        return [], list(settings.remarks)
    from wheeldock import translate  # noqa: PLC0415 - tomlkit is for projects of cibuildwheel

    after = translate.with_our_table(text)
    _read(after)  # what a user gets to see is valid
    left_out = [f"left out: {remark}" for remark in settings.remarks[1:]]
    return [Change(PYPROJECT, text, after)], left_out


def _tag_format(folder: Path, settings: Config) -> str:
    """What the tags that start a release are called."""
    try:
        tags = Repository.around(folder).tags()
    except GitError:
        tags = {}
    return settings.tag_format or tagname.format_like(tags)


def _variables(folder: Path) -> Iterator[str]:
    """Say which variables of cibuildwheel CI sets, since those are not translated."""
    for pattern in _WORKFLOWS:
        for path in sorted(folder.glob(pattern)):
            names = sorted(set(re.findall(r"\bCIBW_[A-Z0-9_]+", _text(path) or "")))
            if names:
                place = path.relative_to(folder)
                yield f"{place} sets {', '.join(names)}: with [tool.wheeldock] that is not read"


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None


def _template(resource: str) -> str:
    return (files("wheeldock") / "resources" / "init" / resource).read_text(encoding="utf-8")
