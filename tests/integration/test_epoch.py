"""The time in wheels: that of the last commit that changed something that ships."""

from __future__ import annotations

import itertools
import os
import subprocess
import tarfile
import zipfile
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

import pytest
from tests.integration import projects
from tests.integration.workplace import ONE, Workplace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("base_image")]

NOTHING_ANEW = {"compiles": {"hits": 1, "misses": 0}, "links": {"hits": 1, "misses": 0}}


class Repository:
    """A checkout with a project that ships all but its documentation."""

    def __init__(self, workplace: Workplace) -> None:
        self.workplace = workplace
        self._seconds = itertools.count(1_700_000_000, 100)  # a ZIP archive has even ones
        projects.write_tiny(workplace.folder, more_code=projects.unlike())
        (workplace.folder / ".gitignore").write_text("/dist/\n")
        self.git("init")

    def git(self, *arguments: str, seconds: int = 0) -> None:
        command = ["git", "-c", "user.name=n", "-c", "user.email=e@example.org", *arguments]
        variables = {**os.environ, "GIT_COMMITTER_DATE": f"{seconds} +0000"}
        folder = self.workplace.folder
        subprocess.run(command, cwd=folder, env=variables, check=True, capture_output=True)

    def change(self, name: str, text: str) -> None:
        with (self.workplace.folder / name).open("a") as file:
            file.write(text)

    def commit(self) -> int:
        """Commit all that there is, and return the commit's time."""
        seconds = next(self._seconds)
        self.git("add", ".")
        self.git("commit", "--message", "it", seconds=seconds)
        return seconds

    def build(self) -> dict[str, Any]:
        """Build a wheel, and return its report."""
        self.workplace.built(self.workplace.build(*ONE))
        wheel = self.workplace.report()[ONE[1]]
        assert times_in_wheel(self.workplace) == {wheel["epoch"]}
        return wheel


def times_in_wheel(workplace: Workplace) -> set[int]:
    with zipfile.ZipFile(workplace.dist / workplace.report()[ONE[1]]["file"]) as archive:
        dates = {member.date_time for member in archive.infolist()}
    return {int(datetime(*date, tzinfo=timezone.utc).timestamp()) for date in dates}


def times_in_sdist(workplace: Workplace) -> set[float]:
    with tarfile.open(workplace.dist / workplace.report()["sdist"]["file"]) as archive:
        return {member.mtime for member in archive}


def test_a_wheel_has_the_time_of_the_last_commit_that_changed_what_ships(
    workplace: Workplace, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    repository = Repository(workplace)
    first = repository.commit()
    assert repository.build()["epoch"] == first
    assert times_in_sdist(workplace) == {first}

    # A commit that ships nothing rebuilds no wheel.
    repository.change("notes.md", "More.\n")
    notes = repository.commit()
    wheel = repository.build()
    assert (wheel["epoch"], wheel["cached"]) == (first, True)
    assert times_in_sdist(workplace) == {notes}

    # A wheel of an edit is made again once that is committed, but nothing is compiled or linked.
    repository.change("tiny.c", projects.unlike().replace("unlike", "more"))
    wheel = repository.build()
    assert (wheel["epoch"], wheel["compiler_cache"]["compiles"]["misses"]) == (first, 1)
    edited = repository.commit()
    wheel = repository.build()
    assert (wheel["epoch"], wheel["compiler_cache"]) == (edited, NOTHING_ANEW)
    assert times_in_sdist(workplace) == {edited}

    # Whoever has the commit makes the same.
    clone = Workplace(tmp_path / "clone", tmp_path / "clone.tmp", record_property)
    for name in ("pyproject.toml", "setup.py", "tiny.c"):
        (clone.folder / name).unlink()
    repository.git("clone", "--bare", ".", str(clone.folder / ".git"))
    subprocess.run(["git", "config", "core.bare", "false"], cwd=clone.folder, check=True)
    subprocess.run(["git", "reset", "--quiet", "--hard"], cwd=clone.folder, check=True)
    clone.built(clone.build(*ONE))
    assert {name: target["sha256"] for name, target in clone.report().items()} == {
        name: target["sha256"] for name, target in workplace.report().items()
    }
