from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wheeldock.ci import FILES, Service
from wheeldock.errors import ConfigurationError
from wheeldock.init import TEMPLATES, propose, run

if TYPE_CHECKING:
    from pathlib import Path

EVERY = [*TEMPLATES, *FILES[Service.GITHUB]]
CIBUILDWHEEL = '[tool.cibuildwheel]\nskip = "*i686"  # old\nxbuild-tools = []\n'


class Talk:
    """A user who answers, and what was said."""

    def __init__(self, *, answer: bool) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self._answer = answer

    def confirm(self, question: str) -> bool:
        self.asked.append(question)
        return self._answer


def init(folder: Path, talk: Talk, *, yes: bool = False, overwrite: bool = False) -> None:
    ways = {"say": talk.said.append, "confirm": talk.confirm}
    run(folder, ci="github", yes=yes, overwrite=overwrite, **ways)


def test_everything_is_shown_and_nothing_is_written_before_it_is_confirmed(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(CIBUILDWHEEL)
    talk = Talk(answer=False)
    init(tmp_path, talk)
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]
    assert (tmp_path / "pyproject.toml").read_text() == CIBUILDWHEEL
    assert talk.said[0] == (
        "--- pyproject.toml\n+++ pyproject.toml\n@@ -1,3 +1,6 @@\n"
        ' [tool.cibuildwheel]\n skip = "*i686"  # old\n xbuild-tools = []\n'
        '+\n+[tool.wheeldock]\n+skip = "*i686"  # old'
    )
    assert [said.splitlines()[:2] for said in talk.said[1:-1]] == [
        ["--- /dev/null", f"+++ {path}"] for path in EVERY
    ]
    assert talk.said[-1:] == [
        (
            "left out: pyproject.toml: tool.cibuildwheel.xbuild-tools: "
            "cibuildwheel's option for cross-builds, and wheeldock does none"
        )
    ]
    assert talk.asked == [f"Write {', '.join(['pyproject.toml', *EVERY])}?"]


def test_what_is_confirmed_is_written_and_a_second_time_finds_nothing_to_do(
    tmp_path: Path,
) -> None:
    (tmp_path / "pyproject.toml").write_text(CIBUILDWHEEL)
    init(tmp_path, Talk(answer=True))
    assert all((tmp_path / path).is_file() for path in EVERY)
    assert "[tool.wheeldock]" in (tmp_path / "pyproject.toml").read_text()
    again = Talk(answer=True)
    init(tmp_path, again)
    assert (again.said, again.asked) == (["There is nothing to write."], [])


def test_what_of_cibuildwheels_table_is_ignored_beside_ours_is_told(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"{CIBUILDWHEEL}[tool.wheeldock]\njobs = 2\n")
    (remark,) = propose(tmp_path, services=()).remarks
    assert "these have no effect: tool.cibuildwheel.skip. Set those options" in remark


def test_a_file_that_is_there_stays_unless_told_otherwise(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("all:\n")
    talk = Talk(answer=False)
    init(tmp_path, talk, yes=True)
    assert (tmp_path / "Makefile").read_text() == "all:\n"
    assert "Makefile is there and stays as it is; --overwrite would replace it" in talk.said
    init(tmp_path, talk, yes=True, overwrite=True)
    assert "wheels:" in (tmp_path / "Makefile").read_text()
    assert talk.asked == []


def test_variables_that_ci_sets_are_told(tmp_path: Path) -> None:
    workflow = tmp_path / ".github" / "workflows" / "build.yml"
    workflow.parent.mkdir(parents=True)
    (tmp_path / "setup.py").touch()
    workflow.write_text("env:\n  CIBW_SKIP: x\n  CIBW_BUILD: y # CIBW_SKIP\n")
    assert propose(tmp_path, services=()).remarks == (
        (
            ".github/workflows/build.yml sets CIBW_BUILD, CIBW_SKIP: "
            "with [tool.wheeldock] that is not read"
        ),
    )


def test_a_folder_without_a_project_is_told(tmp_path: Path) -> None:
    (remark,) = propose(tmp_path, services=()).remarks
    assert (
        remark == f"{tmp_path} is no Python project yet: it has no pyproject.toml and no setup.py"
    )


def test_a_configuration_that_is_wrong_is_not_translated(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.cibuildwheel]\nenvironment = "A"\n')
    with pytest.raises(ConfigurationError, match=r"cibuildwheel\.environment: got 'A'"):
        init(tmp_path, Talk(answer=True))
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]
